import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createHmac } from 'node:crypto';
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, type CryptoKey, type JWTPayload } from 'jose';
import { createNotificationTokenCheck, type NotificationTokenCheck } from '../src/auth/notification-token.ts';
import { json, startGraphServer, waitUntil, type GraphServer } from './support/graph-server.ts';

const APP = 'app-id';
const TENANT = '2C5A9F3E-8b41-4c7d-a0d6-5e1f7b9c4d22';
const HOUR_MS = 3_600_000;

interface Key {
  kid: string;
  privateKey: CryptoKey;
  publicKey: CryptoKey;
}

let [known, next, stranger]: Key[] = [];
let issuer: GraphServer;
let published: Key[];
let isKeySetUp: boolean;
let isMetadataUp: boolean;
let nowMs: number;
let check: NotificationTokenCheck;

async function newKey(kid: string): Promise<Key> {
  return { kid, ...(await generateKeyPair('RS256', { extractable: true })) };
}

beforeAll(async () => {
  [known, next, stranger] = await Promise.all([newKey('known'), newKey('next'), newKey('known')]);
});
beforeEach(async () => {
  nowMs = Date.parse('2026-03-01T10:00:00Z');
  [isKeySetUp, isMetadataUp] = [true, true];
  published = [known as Key];
  issuer = await startGraphServer();
  issuer.usual = (response, request) => {
    const isKeySet = request.url === '/keys';
    if (isKeySet ? !isKeySetUp : !isMetadataUp) return json(500, {})(response, request);
    if (!isKeySet) return json(200, { jwks_uri: `${issuer.baseUrl}/keys` })(response, request);
    void Promise.all(published.map(async ({ kid, publicKey }) => ({ ...(await exportJWK(publicKey)), kid }))).then(
      (keys) => json(200, { keys })(response, request),
    );
  };
  check = createCheck();
});
afterEach(() => issuer.stop());

const createCheck = (metadataUrl = `${issuer.baseUrl}/metadata`) =>
  createNotificationTokenCheck({ metadataUrl, appId: APP, tenantId: TENANT, now: () => new Date(nowMs) });
const seconds = (ms: number) => Math.floor(ms / 1000);
const asked = () => issuer.seen.map(({ url }) => url);

function claims(changes: JWTPayload = {}): JWTPayload {
  const usual = {
    iss: 'https://api.botframework.com',
    aud: APP,
    tid: TENANT.toLowerCase(),
    exp: seconds(nowMs + HOUR_MS),
  };
  return JSON.parse(JSON.stringify({ ...usual, nbf: seconds(nowMs), ...changes })) as JWTPayload;
}

const sign = (changes: JWTPayload = {}, { kid, privateKey } = known as Key) =>
  new SignJWT(claims(changes)).setProtectedHeader({ alg: 'RS256', kid }).sign(privateKey);
const bearer = async (token: string | Promise<string>) => `Bearer ${await token}`;
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

async function hmacByPublicKey(): Promise<string> {
  const unsigned = `${encode({ alg: 'HS256', kid: 'known' })}.${encode(claims())}`;
  const secret = await exportSPKI((known as Key).publicKey);
  return `${unsigned}.${createHmac('sha256', secret).update(unsigned).digest('base64url')}`;
}

describe('a token of the issuer, for this application and tenant', () => {
  const good: [string, () => Promise<string>][] = [
    ['of the documented issuer', () => sign()],
    ['of the issuer that the sample takes too', () => sign({ iss: 'https://graph.microsoft.com' })],
    ['for several audiences, ours among them', () => sign({ aud: ['other', APP] })],
    ['whose time begins in a moment', () => sign({ nbf: seconds(nowMs + 30_000) })],
    ['with the tenant in other letters', () => sign({ tid: TENANT.toUpperCase() })],
  ];
  it.each(good)('is good: %s', async (_, token) => {
    await expect(check(await bearer(token()))).resolves.toBeUndefined();
  });
});

describe('any other token', () => {
  const bad: [string, () => Promise<string | undefined>][] = [
    ['none', () => Promise.resolve(undefined)],
    ['an empty header', () => Promise.resolve('')],
    ['rubbish', () => Promise.resolve('Bearer rubbish')],
    ['rubbish in three parts', () => Promise.resolve('Bearer a.b.c')],
    ['another scheme', async () => `Basic ${await sign()}`],
    ['signed by a stranger under a known name', () => bearer(sign({}, stranger))],
    ['of an unknown key', () => bearer(sign({}, next))],
    [
      'changed after it was signed',
      async () => bearer((await sign()).replace(/\.[^.]+\./, `.${encode(claims({ x: 1 }))}.`)),
    ],
    ['without a signature', () => bearer(`${encode({ alg: 'none', kid: 'known' })}.${encode(claims())}.`)],
    ['signed with the public key as a secret', () => bearer(hmacByPublicKey())],
    ['expired', () => bearer(sign({ exp: seconds(nowMs - 61_000) }))],
    ['without an end', () => bearer(sign({ exp: undefined }))],
    ['not yet valid', () => bearer(sign({ nbf: seconds(nowMs + 61_000) }))],
    ['for another application', () => bearer(sign({ aud: 'other' }))],
    ['for nobody', () => bearer(sign({ aud: undefined }))],
    ['of another issuer', () => bearer(sign({ iss: 'https://evil.example.com' }))],
    ['of no issuer', () => bearer(sign({ iss: undefined }))],
    ['of another tenant', () => bearer(sign({ tid: 'other' }))],
    ['of no tenant', () => bearer(sign({ tid: undefined }))],
    ['whose tenant is no text', () => bearer(sign({ tid: [TENANT] }))],
  ];
  it.each(bad)('is refused: %s', async (_, header) => {
    await expect(check(await header())).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });
});

describe('the keys', () => {
  it('are loaded once for many tokens, and not at all before the first', async () => {
    expect(asked()).toEqual([]);
    const header = await bearer(sign());
    await Promise.all(Array.from({ length: 20 }, () => check(header)));
    await check(header);
    expect(asked()).toEqual(['/metadata', '/keys']);
  });

  it.each([
    ['metadata', () => (isMetadataUp = false), () => (isMetadataUp = true)],
    ['key set', () => (isKeySetUp = false), () => (isKeySetUp = true)],
  ])('are a reason to come again while the %s is down, and work when it is back', async (_, breakIt, mend) => {
    breakIt();
    const header = await bearer(sign());
    await expect(check(header)).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
    mend();
    nowMs += 5_000;
    await expect(check(header)).resolves.toBeUndefined();
  });

  it('are not asked for again by each token while the issuer is down', async () => {
    isMetadataUp = false;
    const header = await bearer(sign());
    for (let count = 0; count < 50; count += 1)
      await expect(check(header)).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
    expect(asked()).toEqual(['/metadata']);
  });

  it('are not asked for again by each unknown name while the issuer is down', async () => {
    await check(await bearer(sign()));
    [isKeySetUp, isMetadataUp] = [false, false];
    nowMs += 70_000;
    const before = asked().length;
    const codes: unknown[] = [];
    for (let kid = 0; kid < 50; kid += 1) {
      const header = await bearer(sign({}, { ...(stranger as Key), kid: String(kid) }));
      codes.push(await check(header).catch(({ code }: { code: unknown }) => code));
    }
    expect(asked().length - before).toBe(1);
    expect(codes).toEqual(Array.from({ length: 50 }, () => 'UPSTREAM_UNAVAILABLE'));
    [isKeySetUp, isMetadataUp] = [true, true];
    published = [next as Key];
    nowMs += 30_000;
    await expect(check(await bearer(sign({}, next)))).resolves.toBeUndefined();
  });

  it('go on while they cannot be refreshed', async () => {
    await check(await bearer(sign()));
    [isKeySetUp, isMetadataUp] = [false, false];
    nowMs += 3 * HOUR_MS;
    const count = issuer.seen.length;
    const header = await bearer(sign());
    await check(header);
    await waitUntil('a refresh', () => issuer.seen.length > count);
    await expect(check(header)).resolves.toBeUndefined();
  });

  it('are found when they rotate, and what is no longer published is refused after the next refresh', async () => {
    await check(await bearer(sign()));
    published = [next as Key];
    nowMs += 31_000;
    await expect(check(await bearer(sign({}, next)))).resolves.toBeUndefined();
    await expect(check(await bearer(sign()))).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  it('are not looked up again for each unknown name', async () => {
    await check(await bearer(sign()));
    for (const kid of ['a', 'b', 'c']) {
      const header = await bearer(sign({}, { ...(stranger as Key), kid }));
      await expect(check(header)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    }
    expect(asked()).toEqual(['/metadata', '/keys']);
  });

  it.each(['http://evil.example.com/keys', 'ftp://127.0.0.1/keys', 'keys', 5, undefined])(
    'are not taken from where anybody could change them: %s',
    async (jwks_uri) => {
      issuer.answers.push(json(200, { jwks_uri }));
      await expect(check(await bearer(sign()))).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
      expect(asked()).toEqual(['/metadata']);
    },
  );

  it('say nothing of the token when they are out of reach', async () => {
    const token = await sign();
    const error: unknown = await createCheck('http://127.0.0.1:1/metadata')(`Bearer ${token}`).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
    expect(JSON.stringify(error) + String((error as Error).stack)).not.toContain(token.slice(0, 20));
  });
});
