// Server-sent events: the same contract, callers and limits as sockets have.
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createClient } from 'graphql-sse';
import { connect as connectTcp } from 'node:net';
import { dataOf, startGateway, waitFor, type Answer, type Json, type TestGateway } from './support/gateway.ts';
import { startIssuer, toOid, type Issuer } from './support/issuer.ts';
import { openSqlite, type Engine } from './support/stores.ts';

jest.setTimeout(30_000);

const INVITE = `mutation { inviteParticipants(callId: "call", input: { participants: [{ identity: { user: { id: "u1" } } }] }) { id tracking { id } } }`;
const WATCH = `subscription ($id: ID!, $after: Int) { inviteParticipantsOperationUpdated(callId: "call", id: $id, afterRevision: $after) { status tracking { revision } } }`;
const ENDLESS = 'subscription { inviteParticipantsOperationsUpdated(callId: "call") { id } }';
const seconds = (fromNow: number) => Math.floor(Date.now() / 1000) + fromNow;

let issuer: Issuer;
let engine: Engine;
let gateway: TestGateway;

beforeEach(async () => {
  issuer = await startIssuer();
  engine = await openSqlite();
  gateway = await startGateway(engine, { ...issuer.environment, CONNECTIONS_PER_CALLER: '2' });
});
afterEach(async () => {
  await gateway.stop();
  await engine.close();
  await issuer.stop();
});

const client = async (claims?: Json) => {
  const authorization = await issuer.bearer(claims);
  return createClient({ url: `${gateway.url}/graphql/stream`, headers: { authorization }, retryAttempts: 0 });
};
const invite = async () => {
  const authorization = await issuer.bearer();
  return dataOf(await gateway.query(INVITE, {}, { authorization }), 'inviteParticipants');
};
/** A request by hand. */
const send = (headers: Json, body: unknown = { query: ENDLESS }, method = 'POST') =>
  fetch(`${gateway.url}/graphql/stream`, {
    method,
    headers: { accept: 'text/event-stream', 'content-type': 'application/json', ...headers },
    ...(method === 'POST' ? { body: JSON.stringify(body) } : {}),
  });

describe('a subscription over server-sent events', () => {
  it('gives the current state, every later revision, the final one, and completes', async () => {
    const { id, tracking } = await invite();
    const answers: Answer[] = [];
    const reading = (async () => {
      for await (const answer of (await client()).iterate<Json>({ query: WATCH, variables: { id: tracking.id } }))
        answers.push(answer as Answer);
    })();
    await waitFor('the current state', () => answers.length > 0);
    await gateway.emulator.endOperation(id, 'completed');
    await reading;
    const seen = answers.map(({ data }) => data?.['inviteParticipantsOperationUpdated']);
    expect(seen.map(({ tracking: { revision } }) => revision)).toEqual([2, 3]);
    expect(seen.at(-1)?.status).toBe('completed');
  });

  it('answers queries and mutations, errors among them', async () => {
    const sse = await client();
    const first = async (query: string, variables = {}) =>
      (await sse.iterate<Json>({ query, variables }).next()).value as Answer;
    expect((await first('{ gateway { mode } }')).data).toEqual({ gateway: { mode: 'emulator' } });
    expect((await first(INVITE)).data?.['inviteParticipants'].id).toEqual(expect.any(String));
    expect((await first('{ nonsense }')).errors?.[0]?.extensions).toEqual({ code: 'GRAPHQL_VALIDATION_FAILED' });
    expect((await first(WATCH, { id: 'absent' })).errors?.[0]?.extensions).toMatchObject({ code: 'NOT_FOUND' });
    expect((await first(WATCH, { id: ['x'] })).errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT' });
    const wide = `{ ${Array.from({ length: 60 }, (_, index) => `a${index}: __typename`).join(' ')} }`;
    expect((await first(wide)).errors?.[0]?.extensions).toMatchObject({ code: 'LIMIT_EXCEEDED' });
  });

  it('ends its watch when the reader goes', async () => {
    const reading = (await client()).iterate<Json>({ query: ENDLESS });
    void reading.next().catch(() => {});
    await waitFor('the watch', () => gateway.watchCount() === 1);
    await reading.return?.(undefined);
    await waitFor('its end', () => gateway.watchCount() === 0);
  });
});

describe('whoever opens a stream', () => {
  it('is judged as on a socket: by token, permission, and number', async () => {
    expect((await send({})).status).toBe(401);
    expect((await send({ authorization: 'Bearer rubbish' })).status).toBe(401);
    const authorization = await issuer.bearer();
    const open = [await send({ authorization }), await send({ authorization })];
    expect(open.map(({ status }) => status)).toEqual([200, 200]);
    const third = await send({ authorization });
    expect([third.status, await third.json()]).toMatchObject([
      429,
      { errors: [{ extensions: { code: 'LIMIT_EXCEEDED' } }] },
    ]);
    await open[0]?.body?.cancel();
    await waitFor('a place', async () => (await send({ authorization: await issuer.bearer() })).status === 200);
    const reader = await issuer.bearer({ oid: toOid('reader'), scp: 'Invitations.Read' });
    expect(await (await send({ authorization: reader })).text()).toMatch(
      /event: next\ndata: .*FORBIDDEN.*\n\nevent: complete/,
    );
  });

  it('is cut off when the token expires', async () => {
    const response = await send({ authorization: await issuer.bearer({ exp: seconds(-58) }) });
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow();
    await waitFor('the end of the watch', () => gateway.watchCount() === 0);
  });

  it('is refused with a code for what is no request for events', async () => {
    const authorization = await issuer.bearer();
    const cases: [Json, unknown, string, number][] = [
      [{ authorization, accept: 'application/json' }, { query: ENDLESS }, 'POST', 406],
      [{ authorization, origin: 'https://evil.example.com' }, { query: ENDLESS }, 'POST', 403],
      [{ authorization }, [{ query: ENDLESS }], 'POST', 400],
      [{ authorization }, { query: ENDLESS, variables: 5 }, 'POST', 400],
      [{ authorization, 'content-type': 'text/plain' }, { query: ENDLESS }, 'POST', 400],
      [{ authorization }, undefined, 'PUT', 400],
    ];
    for (const [headers, body, method, status] of cases) {
      const response = await send(headers, body, method);
      expect([status, response.status, await response.text()]).toEqual([
        status,
        status,
        expect.stringContaining('"code"'),
      ]);
    }
    const byAddress = (query: string, rest = '') =>
      fetch(`${gateway.url}/graphql/stream?query=${encodeURIComponent(query)}${rest}`, {
        headers: { authorization, accept: 'text/event-stream' },
      });
    expect((await byAddress(INVITE)).status).toBe(405);
    expect((await byAddress('{ __typename }', '&variables={')).status).toBe(400);
    expect(await (await byAddress('{ __typename }')).text()).toBe(
      'event: next\ndata: {"data":{"__typename":"Query"}}\n\nevent: complete\ndata: \n\n',
    );
  });

  it('gets the newest states and the final one when it reads slowly, and nothing is kept for it beyond that', async () => {
    const { id, tracking } = await invite();
    const authorization = await issuer.bearer();
    const { port } = new URL(gateway.url);
    const body = JSON.stringify({
      query: `subscription ($id: ID!) { inviteParticipantsOperationUpdated(callId: "call", id: $id) { status } }`,
      variables: { id: tracking.id },
    });
    const socket = connectTcp(Number(port), '127.0.0.1');
    let text = '';
    socket.on('data', (chunk) => (text += chunk.toString()));
    socket.write(
      `POST /graphql/stream HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: ${authorization}\r\nAccept: text/event-stream\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    await waitFor('the current state', () => text.includes('event: next'));
    socket.pause();
    await gateway.emulator.endOperation(id, 'failed');
    await waitFor('the end', () => gateway.watchCount() === 0);
    socket.resume();
    await waitFor('the final state', () => text.includes('"failed"') && text.includes('event: complete'));
    socket.destroy();
  });
});

it('streams are broken off by a stop, so that their clients come back', async () => {
  const response = await send({ authorization: await issuer.bearer() });
  await waitFor('the watch', () => gateway.watchCount() === 1);
  const reading = expect(response.text()).rejects.toThrow();
  await gateway.stop();
  await reading;
  gateway = await startGateway(engine, issuer.environment);
});
