/** The tokens on notifications of calls, and the keys by which a receiver can check them. */
import { createHmac } from 'node:crypto';
import {
  calculateJwkThumbprint,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  importJWK,
  SignJWT,
  type CryptoKey,
  type JWK,
  type JWTPayload,
} from 'jose';
import type { Settings } from './settings.ts';
import type { State } from './state.ts';

/** How a token differs from a good one. Null leaves a claim out. */
export interface TokenWish {
  alg?: 'RS256' | 'none' | 'HS256' | undefined;
  iss?: string | null | undefined;
  aud?: string | null | undefined;
  tid?: string | null | undefined;
  /** From now; may be negative. Default one hour. */
  expiresInMs?: number | undefined;
  /** From now; may be negative. Default 0. */
  notBeforeMs?: number | undefined;
  kid?: string | undefined;
  /** Signed by a key that nobody knows. */
  forged?: boolean | undefined;
}

export interface CallbackTokens {
  mint(wish?: TokenWish): Promise<string>;
  /** What is served at `jwks_uri`. */
  keySet(): Promise<{ keys: JWK[] }>;
}

interface SigningKey {
  kid: string;
  privateKey: CryptoKey;
  publicJwk: JWK;
}

export const CALLBACK_ISSUER = 'https://api.botframework.com';
const ALGORITHM = 'RS256';
const HOUR_MS = 3_600_000;

export function createCallbackTokens(state: State, settings: Settings, now: () => number): CallbackTokens {
  const stored = state.db.prepare('SELECT kid, jwk FROM signing_keys LIMIT 1');
  const store = state.db.prepare('INSERT INTO signing_keys (kid, jwk) VALUES (?, ?)');
  let own: Promise<SigningKey> | undefined;

  /** Made when first needed, for that takes a while; kept, so that a receiver's copy outlives a restart of ours. */
  async function loadKey(): Promise<SigningKey> {
    const row = stored.get();
    if (row) return toSigningKey(JSON.parse(String(row['jwk'])) as JWK);
    const jwk = await newJwk();
    const key = await toSigningKey(jwk);
    if (state.db.isOpen) store.run(key.kid, JSON.stringify(jwk));
    return key;
  }
  const signingKey = (): Promise<SigningKey> => (own ??= loadKey());

  function claimsOf({ iss, aud, tid, expiresInMs = HOUR_MS, notBeforeMs = 0 }: TokenWish): JWTPayload {
    const claims = {
      iss: iss === undefined ? CALLBACK_ISSUER : iss,
      aud: aud === undefined ? settings.appId : aud,
      tid: tid === undefined ? settings.tenantId : tid,
      iat: toSeconds(now()),
      nbf: toSeconds(now() + notBeforeMs),
      exp: toSeconds(now() + expiresInMs),
    };
    return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== null));
  }

  return {
    async mint(wish = {}) {
      const key = await signingKey();
      const { alg = ALGORITHM, kid = key.kid, forged = false } = wish;
      const claims = claimsOf(wish);
      if (alg === 'RS256') {
        const { privateKey } = forged ? await toSigningKey(await newJwk()) : key;
        return new SignJWT(claims).setProtectedHeader({ alg, kid, typ: 'JWT' }).sign(privateKey);
      }
      const unsigned = `${encode({ alg, kid, typ: 'JWT' })}.${encode(claims)}`;
      return `${unsigned}.${alg === 'none' ? '' : await hmacByPublicKey(unsigned, key.publicJwk)}`;
    },
    async keySet() {
      return { keys: [(await signingKey()).publicJwk] };
    },
  };
}

/** The known attack: the public key, which everybody has, taken for a shared secret. */
async function hmacByPublicKey(unsigned: string, publicJwk: JWK): Promise<string> {
  const publicKey = (await importJWK(publicJwk, ALGORITHM, { extractable: true })) as CryptoKey;
  return createHmac('sha256', await exportSPKI(publicKey))
    .update(unsigned)
    .digest('base64url');
}

async function newJwk(): Promise<JWK> {
  const { privateKey } = await generateKeyPair(ALGORITHM, { extractable: true });
  return exportJWK(privateKey);
}

async function toSigningKey(jwk: JWK): Promise<SigningKey> {
  const { kty = '', n = '', e = '' } = jwk;
  const kid = await calculateJwkThumbprint({ kty, n, e });
  const privateKey = (await importJWK(jwk, ALGORITHM)) as CryptoKey;
  return { kid, privateKey, publicJwk: { kty, n, e, kid, alg: ALGORITHM, use: 'sig' } };
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function toSeconds(ms: number): number {
  return Math.floor(ms / 1000);
}
