// An OpenID Connect issuer on loopback that signs whatever it is told to.
import { createHash, createHmac } from 'node:crypto';
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, type CryptoKey, type JWTPayload } from 'jose';
import { json, startGraphServer, type SeenRequest } from './graph-server.ts';

export interface SigningKey {
  kid: string;
  privateKey: CryptoKey;
  publicKey: CryptoKey;
}

/** Who a token is of, and what is different about it; a member that is undefined is left out. */
export type Claims = JWTPayload & { [claim: string]: unknown };

export interface Issuer {
  url: string;
  /** Variables of a gateway that takes its tokens. */
  environment: { [name: string]: string };
  /** The keys that it publishes. */
  published: SigningKey[];
  isUp: boolean;
  seen: SeenRequest[];
  /** @returns the header of an access token that is good at the gateway, but for these claims */
  bearer(claims?: Claims, options?: { key?: SigningKey; header?: { [name: string]: unknown } }): Promise<string>;
  /** @returns the claims of such a token. */
  claims(claims?: Claims): JWTPayload;
  stop(): Promise<void>;
}

export const AUDIENCE = 'api://gateway';
export const TENANT = '5d3b8c1e-4a0f-4a53-9d0e-7c3f1a9b2e64';
export const EVERY_SCOPE = 'Invitations.ReadWrite CallInvitations.ReadWrite';

/** @returns the directory's object id of somebody. */
export function toOid(name: string): string {
  const hex = createHash('sha256').update(name).digest('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
}

export async function newKey(kid: string): Promise<SigningKey> {
  return { kid, ...(await generateKeyPair('RS256', { extractable: true })) };
}

export async function startIssuer(): Promise<Issuer> {
  const server = await startGraphServer();
  const key = await newKey('first');
  const issuer: Issuer = {
    url: server.baseUrl,
    environment: { AUTH_MODE: 'oidc', AUTH_ISSUER: server.baseUrl, AUTH_AUDIENCE: AUDIENCE },
    published: [key],
    isUp: true,
    seen: server.seen,
    bearer: async (claims, { key: other, header } = {}) => {
      const { kid, privateKey } = other ?? key;
      return `Bearer ${await new SignJWT(issuer.claims(claims)).setProtectedHeader({ alg: 'RS256', kid, typ: 'JWT', ...header }).sign(privateKey)}`;
    },
    claims(claims = {}) {
      const now = Math.floor(Date.now() / 1000);
      const usual = {
        iss: issuer.url,
        aud: AUDIENCE,
        tid: TENANT,
        oid: toOid('user-1'),
        sub: 'pairwise',
        azp: 'frontend',
        scp: EVERY_SCOPE,
      };
      return JSON.parse(JSON.stringify({ ...usual, nbf: now - 5, exp: now + 3_600, ...claims })) as JWTPayload;
    },
    stop: () => server.stop(),
  };
  server.usual = (response, request) => {
    if (!issuer.isUp) return json(500, {})(response, request);
    if (request.url !== '/keys')
      return json(200, { issuer: issuer.url, jwks_uri: `${issuer.url}/keys` })(response, request);
    void toKeySet(issuer.published).then((keys) => json(200, { keys })(response, request));
  };
  return issuer;
}

async function toKeySet(keys: readonly SigningKey[]) {
  return Promise.all(keys.map(async ({ kid, publicKey }) => ({ ...(await exportJWK(publicKey)), kid })));
}

export const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** @returns a token that is signed with a public key as if it were a shared secret. */
export async function signWithPublicKey(claims: JWTPayload, { kid, publicKey }: SigningKey): Promise<string> {
  const unsigned = `${encode({ alg: 'HS256', kid })}.${encode(claims)}`;
  return `${unsigned}.${createHmac('sha256', await exportSPKI(publicKey))
    .update(unsigned)
    .digest('base64url')}`;
}
