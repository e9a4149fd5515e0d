// Who a caller is, and until when: told by an access token of the OpenID Connect issuer that the gateway trusts.
import { errors, jwtVerify, type JWTPayload } from 'jose';
import { GatewayError } from '../errors.ts';
import { isGuid, toUserKey } from '../graph/users.ts';
import type { Session } from './session.ts';
import { createSigningKeys, KeysUnavailable, SIGNING_ALGORITHMS } from './signing-keys.ts';

export interface AccessTokenOptions {
  /** As tokens name it; in the issuer of several tenants `{tenantid}` stands for that of the token. */
  issuer: string;
  /** Whom tokens are for, any of them. */
  audiences: readonly string[];
  /** The directories whose users and applications may call; empty = all that the issuer vouches for. */
  allowedTenants: readonly string[];
  now?: () => Date;
  /** Told each time that the keys of the issuer cannot be loaded. */
  onKeysFailure: (error: Error) => void;
}

/** @throws GatewayError `UNAUTHENTICATED` for a token that is not good here; `UPSTREAM_UNAVAILABLE` when the keys to judge it are out of reach */
export type AccessTokenCheck = (token: string) => Promise<Session>;

/** Sees every record of its tenant. */
export const ADMIN_ROLE = 'Invitations.Admin';
/** What the issuer of all Entra tenants writes in the place of each. */
export const TENANT_PLACEHOLDER = '{tenantid}';

const CLOCK_TOLERANCE_S = 60;
/** Only ID tokens have these, and they are made for whoever shows a page to the user, not for us. */
const ID_TOKEN_CLAIMS = ['nonce', 'at_hash', 'c_hash'];
/** Only access tokens say who asked for them, or for what. */
const ACCESS_TOKEN_CLAIMS = ['scp', 'scope', 'azp', 'appid', 'client_id', 'idtyp'];
/** As OpenID Connect has it. */
const MOST_SUBJECT = 255;
const NOT_VALID = 'The token is not valid here.';
const CURE = 'Get a new one of the issuer and for the audience that this gateway is configured for.';

export function createAccessTokenCheck(options: AccessTokenOptions): AccessTokenCheck {
  const { issuer, audiences, allowedTenants, now = () => new Date(), onKeysFailure: onFailure } = options;
  const home = issuer.replace(TENANT_PLACEHOLDER, 'organizations').replace(/\/$/, '');
  const findKey = createSigningKeys({ metadataUrl: `${home}/.well-known/openid-configuration`, now, onFailure });
  const tenants = new Set(allowedTenants.map(toUserKey));

  async function verify(token: string): Promise<JWTPayload> {
    const { payload, protectedHeader } = await jwtVerify(token, findKey, {
      audience: [...audiences],
      algorithms: SIGNING_ALGORITHMS,
      clockTolerance: CLOCK_TOLERANCE_S,
      requiredClaims: ['exp', 'iss', 'sub'],
      currentDate: now(),
    });
    const { tid } = payload;
    const expected = typeof tid === 'string' ? issuer.replace(TENANT_PLACEHOLDER, () => tid) : issuer;
    if (payload.iss !== expected) throw refusal(`${NOT_VALID} It is of another issuer. ${CURE}`);
    const isAccessToken = /^(application\/)?(at\+)?jwt$/i.test(protectedHeader.typ ?? 'jwt');
    const isIdToken = ID_TOKEN_CLAIMS.some((claim) => claim in payload) || payload['typ'] === 'ID';
    if (!isAccessToken || isIdToken || !ACCESS_TOKEN_CLAIMS.some((claim) => claim in payload))
      throw refusal(`${NOT_VALID} It is no access token. Send the access token, not the ID token.`);
    const bad = findBadClaim(payload);
    if (bad !== undefined) throw refusal(`${NOT_VALID} Its claim ${bad} does not fit. ${CURE}`);
    return payload;
  }

  return async (token) => {
    let payload: JWTPayload;
    try {
      payload = await verify(token);
    } catch (error) {
      throw toRefusal(error);
    }
    const tenant = payload['tid'] as string | undefined;
    if (tenants.size > 0 && (tenant === undefined || !tenants.has(toUserKey(tenant))))
      throw refusal('Callers of this tenant are not allowed here. Ask who runs the gateway to add it.');
    const scopes = toWords(payload['scp'] ?? payload['scope']);
    const roles = toWords(payload['roles']);
    return {
      caller: {
        tenantId: toTenantId(tenant, issuer),
        subject: toSubject(payload),
        isAdmin: roles.includes(ADMIN_ROLE),
        permissions: new Set([...scopes, ...roles]),
        // Entra names the scopes of users so, and the tokens of applications have none.
        assertion: 'scp' in payload ? token : null,
      },
      expiresAt: toDate(payload.exp),
    };
  };
}

/** @returns the name of a claim that cannot say who a caller is, or for how long. */
function findBadClaim({ sub, oid, tid, exp }: JWTPayload): string | undefined {
  const isName = (value: unknown) => typeof value === 'string' && value !== '' && value.length <= MOST_SUBJECT;
  if (!isName(sub)) return 'sub';
  if (oid !== undefined && !isName(oid)) return 'oid';
  if (tid !== undefined && !isName(tid)) return 'tid';
  return Number.isNaN(Number(toDate(exp))) ? 'exp' : undefined;
}

/** Entra's tenants are GUIDs, the same in any case. Others may have the same names at another issuer. */
function toTenantId(tenant: string | undefined, issuer: string): string {
  if (tenant === undefined) return issuer;
  return isGuid(tenant) ? tenant.toLowerCase() : `${issuer} ${tenant}`;
}

/** Entra's `sub` differs from application to application; its `oid` is the object in the directory. */
function toSubject({ oid, sub }: JWTPayload): string {
  return typeof oid === 'string' && isGuid(oid) ? oid.toLowerCase() : (sub ?? '');
}

function toDate(exp: number | undefined): Date {
  return new Date(((exp ?? 0) + CLOCK_TOLERANCE_S) * 1000);
}

function toWords(claim: unknown): string[] {
  const words: unknown[] = typeof claim === 'string' ? claim.split(' ') : Array.isArray(claim) ? claim : [];
  return words.filter((word) => typeof word === 'string' && word !== '') as string[];
}

function refusal(message: string, cause?: unknown): GatewayError {
  return new GatewayError('UNAUTHENTICATED', message, {}, cause);
}

function toRefusal(error: unknown): unknown {
  if (error instanceof KeysUnavailable) {
    const message =
      'Tokens cannot be checked now: the keys of their issuer are out of reach. Repeat the request later.';
    return new GatewayError('UPSTREAM_UNAVAILABLE', message, {}, error);
  }
  if (error instanceof errors.JWTExpired) return refusal('The token has expired. Get a new one.', error);
  if (error instanceof errors.JWTClaimValidationFailed)
    return refusal(`${NOT_VALID} Its claim ${error.claim} does not fit. ${CURE}`, error);
  return error instanceof errors.JOSEError ? refusal(`${NOT_VALID} ${CURE}`, error) : error;
}
