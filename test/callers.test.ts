import { afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import WebSocket from 'ws';
import { startGateway, waitFor, type Json, type TestGateway } from './support/gateway.ts';
import {
  AUDIENCE,
  encode,
  EVERY_SCOPE,
  newKey,
  signWithPublicKey,
  startIssuer,
  TENANT,
  toOid,
  type Claims,
  type Issuer,
  type SigningKey,
} from './support/issuer.ts';
import { openSqlite, type Engine } from './support/stores.ts';

jest.setTimeout(30_000);

const ASK = '{ gateway { mode } }';
const SUBSCRIBE = 'subscription { inviteParticipantsOperationsUpdated(callId: "call") { id } }';
const seconds = (fromNow: number) => Math.floor(Date.now() / 1000) + fromNow;

let issuer: Issuer;
let engine: Engine;
let gateway: TestGateway;
let stranger: SigningKey;
let late: SigningKey;

beforeAll(async () => {
  [stranger, late] = [await newKey('first'), await newKey('late')];
});
beforeEach(async () => {
  issuer = await startIssuer();
  engine = await openSqlite();
});
afterEach(async () => {
  jest.useRealTimers();
  await gateway.stop();
  await engine.close();
  await issuer.stop();
});

/** Moves the clock of the gateway and of the tokens on; timers run as they do. */
function setClock(forwardMs: number): void {
  const now = Date.now() + forwardMs;
  const doNotFake =
    'nextTick setImmediate setTimeout setInterval clearTimeout clearInterval queueMicrotask performance';
  jest.useFakeTimers({ doNotFake: doNotFake.split(' ') as never, advanceTimers: true, now });
}

const start = async (environment: { [name: string]: string } = {}) => {
  gateway = await startGateway(engine, { ...issuer.environment, ...environment });
};
const ask = (authorization?: string, document = ASK) =>
  gateway.query(document, {}, authorization === undefined ? {} : { authorization });

/** A socket that shows what it was sent, and how it was closed. */
async function open(payload?: Json) {
  const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  const messages: Json[] = [];
  let closed: { code: number; reason: string } | undefined;
  socket.on('message', (data) => messages.push(JSON.parse((data as Buffer).toString()) as Json));
  socket.on('close', (code, reason) => (closed = { code, reason: reason.toString() }));
  await new Promise((resolve) => socket.once('open', resolve));
  const send = (message: Json) => socket.send(JSON.stringify(message));
  send({ type: 'connection_init', ...(payload ? { payload } : {}) });
  return {
    socket,
    messages,
    send,
    received: (type: string, count = 1) =>
      waitFor(`${count} ${type}`, () => messages.filter((message) => message['type'] === type).length >= count),
    closed: () => waitFor('the close', () => closed),
    isOpen: () => closed === undefined,
  };
}

/** Tokens that are not good, and what is special about each. */
const bad: [string, () => Promise<string>][] = [
  ['an empty header', () => Promise.resolve('')],
  ['rubbish', () => Promise.resolve('Bearer rubbish')],
  ['rubbish in three parts', () => Promise.resolve('Bearer a.b.c')],
  ['another scheme', async () => (await issuer.bearer()).replace('Bearer', 'Basic')],
  ['two tokens', async () => `${await issuer.bearer()}, ${await issuer.bearer()}`],
  ['signed by a stranger under a known name', () => issuer.bearer({}, { key: stranger })],
  ['of a key that the issuer does not have', () => issuer.bearer({}, { key: late })],
  [
    'changed after it was signed',
    async () => (await issuer.bearer()).replace(/\.[^.]+\./, `.${encode(issuer.claims({ oid: toOid('admin') }))}.`),
  ],
  [
    'without a signature',
    () => Promise.resolve(`Bearer ${encode({ alg: 'none', kid: 'first' })}.${encode(issuer.claims())}.`),
  ],
  [
    'signed with the public key as a secret',
    async () => `Bearer ${await signWithPublicKey(issuer.claims(), issuer.published[0] as SigningKey)}`,
  ],
  [
    'with a key of its own in the header',
    async () => issuer.bearer({}, { key: stranger, header: { jku: issuer.url } }),
  ],
  ['expired', () => issuer.bearer({ exp: seconds(-120) })],
  ['without an end', () => issuer.bearer({ exp: undefined })],
  ['not yet valid', () => issuer.bearer({ nbf: seconds(120) })],
  ['for another audience', () => issuer.bearer({ aud: 'https://graph.microsoft.com' })],
  ['for nobody', () => issuer.bearer({ aud: undefined })],
  ['of another issuer', () => issuer.bearer({ iss: 'https://evil.example.com' })],
  ['of no issuer', () => issuer.bearer({ iss: undefined })],
  ['of nobody', () => issuer.bearer({ sub: undefined })],
  ['an ID token', () => issuer.bearer({ nonce: 'n' })],
  [
    'an ID token with roles and without a nonce',
    () => issuer.bearer({ scp: undefined, azp: undefined, roles: ['Invitations.ReadWrite'] }),
  ],
  ['whose subject is no text', () => issuer.bearer({ oid: undefined, sub: 5 as never })],
  ['whose subject is empty', () => issuer.bearer({ oid: undefined, sub: '' })],
  ['whose subject is too long', () => issuer.bearer({ oid: undefined, sub: 'x'.repeat(3_500) })],
  ['whose object id is no text', () => issuer.bearer({ oid: { a: 1 } })],
  ['whose tenant is empty', () => issuer.bearer({ tid: '' })],
  ['whose tenant is a list', () => issuer.bearer({ tid: [TENANT] })],
  ['that ends after the end of time', () => issuer.bearer({ exp: 1e13 })],
  ['a logout token', () => issuer.bearer({}, { header: { typ: 'logout+jwt' } })],
  ['of another tenant', () => issuer.bearer({ tid: '00000000-0000-4000-8000-000000000000' })],
  ['of no tenant', () => issuer.bearer({ tid: undefined })],
];

describe('a token that is not good', () => {
  it.each(bad)('is refused on every transport alike, and the answer does not repeat it: %s', async (_, token) => {
    await start({ AUTH_ALLOWED_TENANTS: TENANT });
    const authorization = await token();
    const response = await fetch(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization },
      body: JSON.stringify({ query: '{ __typename }' }),
    });
    const { errors } = (await response.json()) as Json;
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
    expect(errors).toEqual([{ message: expect.stringMatching(/\w+ \w+/), extensions: { code: 'UNAUTHENTICATED' } }]);
    const stream = await fetch(`${gateway.url}/graphql/stream?query={__typename}`, {
      headers: { accept: 'text/event-stream', authorization },
    });
    expect([stream.status, await stream.json()]).toEqual([401, { errors }]);
    const socket = await open({ authorization });
    expect((await socket.closed()).code).toBe(4403);
    expect(socket.messages).toEqual([]);
    const said = JSON.stringify(errors) + (await socket.closed()).reason;
    for (const part of authorization.split(/[ .]/).filter(({ length }) => length > 10))
      expect(said).not.toContain(part);
  });
});

describe('a token that is good', () => {
  // Functions: on a slow machine the file runs for longer than such a token is good.
  const good: [string, () => Claims][] = [
    ['of a user', () => ({})],
    ['of an application', () => ({ scp: undefined, roles: ['Invitations.Read'], idtyp: 'app', oid: toOid('app-1') })],
    ['for several audiences, ours among them', () => ({ aud: ['other', AUDIENCE] })],
    ['that has just expired', () => ({ exp: seconds(-30) })],
    ['that begins in a moment', () => ({ nbf: seconds(30) })],
    ['with the tenant in other letters', () => ({ tid: TENANT.toUpperCase() })],
    ['without permissions, for what needs none', () => ({ scp: undefined })],
  ];
  it.each(good)('is taken over HTTP and WebSocket alike: %s', async (_, toClaims) => {
    await start({ AUTH_ALLOWED_TENANTS: TENANT });
    const authorization = await issuer.bearer(toClaims());
    expect(await ask(authorization)).toMatchObject({ status: 200, data: { gateway: { mode: 'emulator' } } });
    const socket = await open({ Authorization: authorization });
    await socket.received('connection_ack');
    socket.send({ type: 'subscribe', id: '1', payload: { query: ASK } });
    await socket.received('next');
    expect(socket.messages.at(1)).toMatchObject({ payload: { data: { gateway: { mode: 'emulator' } } } });
    socket.socket.terminate();
  });

  it('names its caller by the issuer where the issuer knows no tenants', async () => {
    await start();
    const authorization = await issuer.bearer({
      tid: undefined,
      oid: undefined,
      scp: undefined,
      scope: 'Invitations.Read',
    });
    expect(await ask(authorization, '{ invitations { nodes { id } } }')).toMatchObject({
      data: { invitations: { nodes: [] } },
    });
  });

  it('may be of any allowed tenant where the issuer is that of every tenant', async () => {
    await start({ AUTH_ISSUER: `${issuer.url}/{tenantid}/v2.0`, AUTH_ALLOWED_TENANTS: `${TENANT}, tenant-2` });
    expect(await ask(await issuer.bearer({ iss: `${issuer.url}/${TENANT}/v2.0` }))).toMatchObject({ status: 200 });
    expect(await ask(await issuer.bearer({ iss: `${issuer.url}/tenant-2/v2.0`, tid: 'tenant-2' }))).toMatchObject({
      status: 200,
    });
    expect(issuer.seen[0]?.url).toBe('/organizations/v2.0/.well-known/openid-configuration');
    for (const claims of [
      { iss: `${issuer.url}/tenant-3/v2.0`, tid: 'tenant-3' },
      { iss: `${issuer.url}/tenant-2/v2.0` },
    ])
      expect(await ask(await issuer.bearer(claims))).toMatchObject({ status: 401 });
  });
});

describe('without a token', () => {
  beforeEach(() => start());

  it('a field says that it needs one, and what needs none is answered', async () => {
    expect(await ask(undefined, '{ __typename }')).toMatchObject({ status: 200, data: { __typename: 'Query' } });
    const { data, errors } = await ask();
    expect([data, errors]).toMatchObject([null, [{ path: ['gateway'], extensions: { code: 'UNAUTHENTICATED' } }]]);
  });

  it('a socket is closed, for all that there is to watch needs one', async () => {
    expect(await (await open()).closed()).toMatchObject({
      code: 4403,
      reason: expect.stringContaining('`authorization`'),
    });
  });
});

describe('when the keys of the issuer are out of reach', () => {
  it('says so instead of refusing, and logs it', async () => {
    issuer.isUp = false;
    await start();
    const authorization = await issuer.bearer();
    expect(await ask(authorization)).toMatchObject({
      status: 503,
      errors: [{ extensions: { code: 'UPSTREAM_UNAVAILABLE' } }],
    });
    expect(await (await open({ authorization })).closed()).toMatchObject({ code: 1013 });
    expect(gateway.errors.splice(0)).toHaveLength(1);
  });

  it('goes on with the keys that are known, and says so for others', async () => {
    await start();
    expect(await ask(await issuer.bearer())).toMatchObject({ status: 200 });
    setClock(60_000);
    issuer.isUp = false;
    expect(await ask(await issuer.bearer())).toMatchObject({ status: 200 });
    for (let count = 0; count < 3; count += 1)
      expect(await ask(await issuer.bearer({}, { key: late }))).toMatchObject({ status: 503 });
    expect(await ask(await issuer.bearer())).toMatchObject({ status: 200 });
    issuer.isUp = true;
    issuer.published = [late];
    jest.setSystemTime(Date.now() + 60_000);
    expect(await ask(await issuer.bearer({}, { key: late }))).toMatchObject({ status: 200 });
    expect(gateway.errors.splice(0)).toHaveLength(1);
  });
});

describe('a socket', () => {
  beforeEach(() => start({ CONNECTIONS_PER_CALLER: '2' }));
  // A token that is over counts for another minute.
  const shortLived = (claims: Claims = {}) => issuer.bearer({ exp: seconds(-58), ...claims });

  it('is closed when its token expires', async () => {
    const socket = await open({ authorization: await shortLived() });
    await socket.received('connection_ack');
    socket.send({ type: 'subscribe', id: '1', payload: { query: SUBSCRIBE } });
    expect(await socket.closed()).toEqual({
      code: 4403,
      reason: 'The token has expired. Connect again with a new one.',
    });
    await waitFor('the watch to end', () => gateway.watchCount() === 0);
  });

  it('goes on with the token of a ping, which is not sent back', async () => {
    const authorization = await shortLived();
    const [socket, other] = [await open({ authorization }), await open({ authorization })];
    await socket.received('connection_ack');
    socket.send({ type: 'ping', payload: { authorization: await issuer.bearer() } });
    await socket.received('pong');
    expect(socket.messages.at(-1)).toEqual({ type: 'pong' });
    // Its time began after that of the first.
    await other.closed();
    socket.send({ type: 'ping' });
    await socket.received('pong', 2);
    expect(socket.isOpen()).toBe(true);
    socket.socket.terminate();
  });

  it.each([
    ['another caller', () => issuer.bearer({ oid: toOid('user-2') })],
    ['another tenant', () => issuer.bearer({ tid: 'tenant-2' })],
    ['nobody', () => issuer.bearer({}, { key: stranger })],
    ['a time that is over', () => issuer.bearer({ exp: seconds(-120) })],
  ])('is closed by a ping with a token of %s', async (_, token) => {
    const socket = await open({ authorization: await issuer.bearer() });
    await socket.received('connection_ack');
    socket.send({ type: 'ping', payload: { authorization: await token() } });
    expect((await socket.closed()).code).toBe(4403);
  });

  it('asks what comes later with the permissions of the new token', async () => {
    const socket = await open({ authorization: await issuer.bearer({ scp: 'Invitations.Read' }) });
    await socket.received('connection_ack');
    for (const id of ['before', 'after']) {
      socket.send({ type: 'subscribe', id, payload: { query: '{ inviteParticipantsOperations { nodes { id } } }' } });
      await waitFor('the answer', () => socket.messages.some((message) => message['id'] === id));
      socket.send({
        type: 'ping',
        payload: { authorization: await issuer.bearer({ scp: `Invitations.Read ${EVERY_SCOPE}` }) },
      });
      await socket.received('pong');
    }
    const answerTo = (id: string) => socket.messages.find((message) => message['id'] === id)?.['payload'] as Json;
    expect(answerTo('before')).toMatchObject({ errors: [{ extensions: { code: 'FORBIDDEN' } }] });
    expect(answerTo('after')).toEqual({ data: { inviteParticipantsOperations: { nodes: [] } } });
    socket.socket.terminate();
  });

  it.each([
    ['scope', { scp: 'Invitations.Read CallInvitations.Read' }, { scp: 'Invitations.Read' }],
    ['role', { roles: ['Invitations.Admin'] }, {}],
  ])(
    'is closed by a token with one %s less, for what is under way was allowed by the old one',
    async (_, more, less) => {
      const socket = await open({ authorization: await issuer.bearer(more) });
      await socket.received('connection_ack');
      socket.send({ type: 'ping', payload: { authorization: await issuer.bearer(less) } });
      expect(await socket.closed()).toEqual({
        code: 4403,
        reason: 'The new token allows less. Connect again with it.',
      });
    },
  );

  it('does nothing more for a client that does not answer that its token has expired', async () => {
    const authorization = await shortLived();
    const socket = await open({ authorization });
    await socket.received('connection_ack');
    const { _receiver: receiver } = socket.socket as unknown as {
      _receiver: { removeAllListeners(event: string): void };
    };
    // The close of the server is not answered, and the socket stays half open.
    receiver.removeAllListeners('conclude');
    await waitFor('the token to be over', async () => (await ask(authorization)).status === 401);
    const mutation =
      'mutation { createInvitation(input: { invitedUserEmailAddress: "a@example.com", inviteRedirectUrl: "https://app.example.com" }) { id } }';
    for (let id = 0; id < 50 && socket.socket.readyState === WebSocket.OPEN; id += 1) {
      socket.send({ type: 'subscribe', id: String(id), payload: { query: id < 49 ? '{ __typename }' : mutation } });
    }
    await socket.closed();
    expect(await gateway.emulator.invitations()).toEqual([]);
  });

  it('goes on with the token that was sent last, and with the old one while the new one cannot be judged', async () => {
    const socket = await open({ authorization: await issuer.bearer({ scp: 'Invitations.Read' }) });
    await socket.received('connection_ack');
    issuer.isUp = false;
    setClock(60_000);
    const unknown = await issuer.bearer({ scp: 'Invitations.Read' }, { key: late });
    socket.send({ type: 'ping', payload: { authorization: unknown } });
    socket.send({
      type: 'ping',
      payload: { authorization: await issuer.bearer({ scp: `Invitations.Read ${EVERY_SCOPE}` }) },
    });
    await socket.received('pong', 2);
    socket.send({
      type: 'subscribe',
      id: '1',
      payload: { query: '{ inviteParticipantsOperations { nodes { id } } }' },
    });
    await socket.received('next');
    expect(socket.messages.at(-2)).toMatchObject({
      payload: { data: { inviteParticipantsOperations: { nodes: [] } } },
    });
    socket.socket.terminate();
    expect(gateway.errors.splice(0)).toHaveLength(1);
  });

  it('begins once only', async () => {
    const socket = await open({ authorization: await issuer.bearer() });
    await socket.received('connection_ack');
    socket.send({ type: 'connection_init', payload: { authorization: await issuer.bearer() } });
    expect((await socket.closed()).code).toBe(4429);
    await waitFor('its place to be free', async () => {
      const again = await open({ authorization: await issuer.bearer() });
      await again.received('connection_ack');
      again.socket.terminate();
      return true;
    });
  });
});
