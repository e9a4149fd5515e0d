// What server-sent events say in their own words (the protocol of graphql-sse, distinct connections); the rest is in conformance.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { startGateway, waitFor, type Json, type TestGateway } from './support/gateway.ts';
import { startIssuer, toOid, type Issuer } from './support/issuer.ts';
import { openSqlite, type Engine } from './support/stores.ts';

jest.setTimeout(60_000);

const ENDLESS = 'subscription { inviteParticipantsOperationsUpdated(callId: "call") { id } }';
const INVITE = `mutation { inviteParticipants(callId: "call", input: { participants: [{ identity: { user: { id: "u1" } } }] }) { id } }`;
const COMPLETE = 'event: complete\ndata: \n\n';

let issuer: Issuer;
let engine: Engine;
let gateway: TestGateway;
let authorization: string;
let ending: AbortController;

beforeAll(async () => {
  issuer = await startIssuer();
  engine = await openSqlite();
  gateway = await startGateway(engine, issuer.environment);
  authorization = await issuer.bearer();
});
afterAll(async () => {
  await gateway.stop();
  await engine.close();
  await issuer.stop();
});
beforeEach(() => {
  ending = new AbortController();
});
afterEach(() => ending.abort());

const post = (body: unknown, headers: Json = {}, method = 'POST') =>
  fetch(`${gateway.url}/graphql/stream`, {
    method,
    headers: { accept: 'text/event-stream', 'content-type': 'application/json', authorization, ...headers },
    signal: ending.signal,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
const get = (parameters: { [name: string]: string }) =>
  fetch(`${gateway.url}/graphql/stream?${String(new URLSearchParams(parameters))}`, {
    headers: { authorization, accept: 'text/event-stream' },
  });
/** @returns the text so far, which grows. */
function listen({ body }: Response): () => string {
  let text = '';
  const read = async () => {
    const decoder = new TextDecoder();
    for await (const chunk of body as ReadableStream<Uint8Array>) text += decoder.decode(chunk, { stream: true });
  };
  read().catch(() => {});
  return () => text;
}

describe('a stream of events', () => {
  it('says that it is one, and that nothing between may keep or change it', async () => {
    const { status, headers } = await post({ query: ENDLESS });
    expect([status, headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8']);
    expect(headers.get('cache-control')).toBe('no-cache, no-transform');
    expect(headers.get('x-accel-buffering')).toBe('no');
  });

  it('has one event for each result, and an empty one for the end', async () => {
    const expected = `event: next\ndata: {"data":{"__typename":"Query"}}\n\n${COMPLETE}`;
    expect(await (await post({ query: '{ __typename }' })).text()).toBe(expected);
    expect(await (await get({ query: '{ __typename }' })).text()).toBe(expected);
    const query = 'query A { a: __typename } query B($x: Boolean!) { b: __typename @skip(if: $x) }';
    const byName = await get({ query, operationName: 'B', variables: '{"x":false}' });
    expect(await byName.text()).toContain('{"b":"Query"}');
  });

  it.each([
    ['syntax', '{', 'GRAPHQL_PARSE_FAILED'],
    ['schema', '{ nothing }', 'GRAPHQL_VALIDATION_FAILED'],
    ['permission', 'subscription { invitationUpdated(id: "x") { id } }', 'FORBIDDEN'],
  ])(
    'begins before the document is judged, so that an EventSource learns what is wrong: %s',
    async (_, query, code) => {
      const bearer = await issuer.bearer({ oid: toOid('reader'), scp: 'CallInvitations.Read' });
      const response = await post({ query }, { authorization: bearer });
      const [next, complete] = (await response.text()).split(/(?<=\n\n)/);
      expect([response.status, complete]).toEqual([200, COMPLETE]);
      const [, data] = /^event: next\ndata: (.*)\n\n$/.exec(next ?? '') ?? [];
      expect(JSON.parse(data ?? '')).toMatchObject({ errors: [{ extensions: { code } }] });
    },
  );

  it('is kept alive by comments while there is nothing to tell', async () => {
    const text = listen(await post({ query: ENDLESS }));
    await waitFor('a comment', () => text() !== '', 30_000);
    expect(text()).toMatch(/^(:\n\n)+$/);
  });
});

describe('before a stream begins', () => {
  it.each<[what: string, status: number, send: () => Promise<Response>]>([
    ['other answers are asked for', 406, () => post({ query: ENDLESS }, { accept: 'application/json' })],
    ['a page of another origin asks', 403, () => post({ query: ENDLESS }, { origin: 'https://evil.example.com' })],
    ['the token is not good', 401, () => post({ query: ENDLESS }, { authorization: 'Bearer rubbish' })],
    ['there are several documents', 400, () => post([{ query: ENDLESS }])],
    ['variables are no object', 400, () => post({ query: ENDLESS, variables: 5 })],
    ['the body is no JSON', 400, () => post({ query: ENDLESS }, { 'content-type': 'text/plain' })],
    ['the address holds no JSON', 400, () => get({ query: '{ __typename }', variables: '{' })],
    ['a mutation is in an address', 405, () => get({ query: INVITE })],
    ['a single connection is to be reserved', 400, () => post(undefined, {}, 'PUT')],
    ['a document of a single connection is to be ended', 400, () => post(undefined, {}, 'DELETE')],
  ])('is refused with a status and a code when %s', async (_, status, send) => {
    const response = await send();
    expect([response.status, response.headers.get('content-type')]).toEqual([
      status,
      expect.stringMatching(/^application\/json/),
    ]);
    expect(await response.json()).toEqual({
      errors: [{ message: expect.stringMatching(/\w+ \w+/), extensions: { code: expect.any(String) } }],
    });
    expect((await gateway.emulator.counts()).http).toBe(0);
  });
});
