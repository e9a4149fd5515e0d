// From the `Authorization` of a request to its caller, the same on every transport.
import type { AuthConfig } from '../config-auth.ts';
import { GatewayError } from '../errors.ts';
import { createAccessTokenCheck } from './access-token.ts';
import { developer, type Caller } from './caller.ts';

/** Who is at the other end, for as long as a token says so. */
export interface Session {
  caller: Caller;
  /** Null: for ever. */
  expiresAt: Date | null;
}

/**
 * Judges an `Authorization` header, or the member of a message that stands for it.
 * @returns null when there is none: whoever sends no token may still see what needs none
 * @throws GatewayError `UNAUTHENTICATED` for a token that is not good here; `UPSTREAM_UNAVAILABLE` when that cannot be judged now
 */
export type Authenticate = (authorization: string | undefined) => Promise<Session | null>;

/** @param onKeysFailure told each time that the keys of the issuer cannot be loaded */
export function createAuthenticate(config: AuthConfig, onKeysFailure: (error: Error) => void): Authenticate {
  if (config.mode === 'developer') return () => Promise.resolve({ caller: developer, expiresAt: null });
  const check = createAccessTokenCheck({ ...config, onKeysFailure });
  return async (authorization) => {
    if (authorization === undefined) return null;
    const token = /^Bearer +([\w.-]+) *$/i.exec(authorization)?.[1];
    if (token === undefined) {
      throw new GatewayError(
        'UNAUTHENTICATED',
        'This is no bearer token. Send `Bearer`, a space, and an access token.',
      );
    }
    return check(token);
  };
}

/** @returns the `authorization` of a message's payload, its name in any case as headers have it. */
export function authorizationOf(payload: Readonly<Record<string, unknown>> | null | undefined): string | undefined {
  const [, value] = Object.entries(payload ?? {}).find(([name]) => name.toLowerCase() === 'authorization') ?? [];
  return typeof value === 'string' ? value : undefined;
}
