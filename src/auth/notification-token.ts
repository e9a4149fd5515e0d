// Whether a notification about a call comes from Microsoft, for our app in our tenant: judged by the token that it carries.
import { errors, jwtVerify, type JWTPayload } from 'jose';
import { GatewayError } from '../errors.ts';
import { createSigningKeys, KeysUnavailable, SIGNING_ALGORITHMS } from './signing-keys.ts';

export interface NotificationTokenOptions {
  /** Where the OpenID metadata of the tokens' issuer is. */
  metadataUrl: string;
  /** Whom the tokens are for. */
  appId: string;
  /** Whose calls are told of. */
  tenantId: string;
  now?: () => Date;
}

/**
 * Judges an `Authorization` header.
 * @throws GatewayError `FORBIDDEN` for a token that is missing or not good; `UPSTREAM_UNAVAILABLE` when the keys to judge it are out of reach
 */
export type NotificationTokenCheck = (authorization: string | undefined) => Promise<void>;

/** The reference names the first; Microsoft's sample takes the second too. */
const ISSUERS = ['https://api.botframework.com', 'https://graph.microsoft.com'];
const CLOCK_TOLERANCE_S = 60;

export function createNotificationTokenCheck(options: NotificationTokenOptions): NotificationTokenCheck {
  const { metadataUrl, appId, tenantId, now = () => new Date() } = options;
  const findKey = createSigningKeys({ metadataUrl, now });

  async function verify(token: string): Promise<JWTPayload> {
    const { payload } = await jwtVerify(token, findKey, {
      issuer: ISSUERS,
      audience: appId,
      algorithms: SIGNING_ALGORITHMS,
      clockTolerance: CLOCK_TOLERANCE_S,
      requiredClaims: ['exp', 'tid'],
      currentDate: now(),
    });
    return payload;
  }

  return async (authorization) => {
    const token = /^Bearer +([\w.-]+)$/i.exec(authorization ?? '')?.[1];
    if (token === undefined) throw refusal();
    let tenant: unknown;
    try {
      tenant = (await verify(token))['tid'];
    } catch (error) {
      if (error instanceof errors.JOSEError) throw refusal(error);
      throw toUnavailable(error);
    }
    if (typeof tenant !== 'string' || tenant.toLowerCase() !== tenantId.toLowerCase()) throw refusal();
  };
}

function refusal(cause?: unknown): GatewayError {
  return new GatewayError('FORBIDDEN', 'A notification needs a token of Microsoft for this application.', {}, cause);
}

function toUnavailable(error: unknown): unknown {
  if (!(error instanceof KeysUnavailable)) return error;
  const message = 'The token cannot be checked now. Send the notification again later.';
  return new GatewayError('UPSTREAM_UNAVAILABLE', message, {}, error);
}
