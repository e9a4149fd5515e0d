import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connect } from 'node:net';
import WebSocket from 'ws';
import { startGateway, type Json, type TestGateway } from './support/gateway.ts';
import { openSqlite, type Engine } from './support/stores.ts';
import { askAll } from './support/transports.ts';

let engine: Engine;
let gateway: TestGateway;

beforeAll(async () => {
  engine = await openSqlite();
  gateway = await startGateway(engine, { INVITE_REDIRECT_ORIGINS: 'https://app.example.com' });
});
afterAll(async () => {
  await gateway.stop();
  await engine.close();
});

async function post(body: string, headers: Json = {}) {
  const response = await fetch(`${gateway.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });
  return { status: response.status, ...((await response.json()) as Json) };
}

describe('a request that is wrong', () => {
  const cases: [string, () => Promise<Json>, Json][] = [
    ['a malformed document', () => gateway.query('query {'), { code: 'GRAPHQL_PARSE_FAILED' }],
    ['an unknown field', () => gateway.query('{ invitationz(id: 1) { id } }'), { code: 'GRAPHQL_VALIDATION_FAILED' }],
    [
      'an unknown variable',
      () => gateway.query('{ invitation(id: $id) { id } }'),
      { code: 'GRAPHQL_VALIDATION_FAILED', field: 'id' },
    ],
    [
      'a variable of the wrong type',
      () => gateway.query('query ($first: Int) { invitations(first: $first) { nodes { id } } }', { first: 'many' }),
      { code: 'BAD_USER_INPUT', field: 'first' },
    ],
    [
      'two identities in one, written in the document',
      () =>
        gateway.query(
          'mutation { inviteParticipants(callId: "c", input: { participants: [{ identity: { user: { id: "1" } } }, { identity: { user: { id: "1" }, phone: { id: "2" } } }] }) { id } }',
        ),
      { code: 'GRAPHQL_VALIDATION_FAILED', field: 'input.participants[1].identity' },
    ],
    [
      'a missing variable',
      () => gateway.query('query ($id: ID!) { invitation(id: $id) { id } }'),
      { code: 'BAD_USER_INPUT', field: 'id' },
    ],
    [
      'a null where a default stands',
      () => gateway.query('query ($id: ID = "x") { invitation(id: $id) { id } }', { id: null }),
      { code: 'BAD_USER_INPUT', field: 'id' },
    ],
    [
      'a wrong value that looks like a message',
      () =>
        gateway.query('mutation ($i: InviteParticipantsInput!) { inviteParticipants(callId: "c", input: $i) { id } }', {
          i: { participants: [{ identity: { user: { id: ['a; b at "x.y"; Field "z" is not defined'] } } }] },
        }),
      { code: 'BAD_USER_INPUT', field: 'i.participants[0].identity.user.id' },
    ],
    ['no document', () => post('{}'), { code: 'BAD_REQUEST' }],
    ['a body that is no JSON', () => post('{"query":'), { code: 'BAD_REQUEST' }],
    ['a body of another kind', () => post('query', { 'content-type': 'text/css' }), { code: 'BAD_REQUEST' }],
    [
      'a body of 10 MB',
      () => post(JSON.stringify({ query: `{ __typename } #${'x'.repeat(10 * 1024 * 1024)}` })),
      { code: 'REQUEST_TOO_LARGE' },
    ],
    [
      'a subscription over HTTP',
      () => gateway.query('subscription { invitationUpdated(id: "1") { id } }'),
      { code: 'BAD_REQUEST' },
    ],
    [
      'two operations and no name',
      () => gateway.query('query A { __typename } query B { __typename }'),
      { code: 'BAD_REQUEST' },
    ],
    [
      'a redirect outside the allowed origins',
      () =>
        gateway.query(
          'mutation { createInvitation(input: { invitedUserEmailAddress: "a@example.com", inviteRedirectUrl: "https://evil.example.com" }) { id } }',
        ),
      { code: 'BAD_USER_INPUT', field: 'input.inviteRedirectUrl' },
    ],
  ];

  it.each(cases)('is answered with a code, and nothing is asked or stored: %s', async (_, send, extensions) => {
    const answer = await send();
    expect(answer['errors']?.[0]).toMatchObject({ message: expect.stringMatching(/\w+ \w+/), extensions });
    expect(answer['status']).toBeLessThan(500);
    if (answer['data'] === undefined) expect(answer['status']).toBeGreaterThanOrEqual(400);
    expect(JSON.stringify(answer)).not.toMatch(/stacktrace|node_modules|Did you mean/);
    expect((await gateway.emulator.counts()).http).toBe(0);
    expect(await gateway.run('select id from record', [])).toEqual([]);
  });
});

describe('health', () => {
  it('says that the process lives and that the store answers', async () => {
    for (const path of ['live', 'ready']) {
      const response = await fetch(`${gateway.url}/health/${path}`);
      expect([response.status, await response.json()]).toEqual([200, { status: 'ok' }]);
    }
  });
});

describe('the landing page', () => {
  it('is Apollo Sandbox with the address of the subscriptions', async () => {
    const response = await fetch(gateway.url, { headers: { accept: 'text/html' } });
    const html = await response.text();
    expect([response.status, response.url]).toEqual([200, `${gateway.url}/graphql`]);
    expect(html).toContain('initialSubscriptionEndpoint: subscriptions.href');
    expect(html).toContain("protocol.replace('http', 'ws')");
    expect(html).toContain('href="/explorer/"');
  });
});

describe('pages of other origins', () => {
  const preflight = (origin: string) =>
    fetch(`${gateway.url}/graphql`, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' },
    });
  const open = (origin: string | undefined, path = '/graphql') =>
    new Promise<string>((resolve) => {
      const socket = new WebSocket(
        `${gateway.url.replace('http', 'ws')}${path}`,
        'graphql-transport-ws',
        origin ? { origin } : {},
      );
      socket.on('open', () => {
        socket.close();
        resolve('open');
      });
      socket.on('error', (error) => resolve(error.message));
    });

  it('are let in from Apollo Sandbox and from this machine, and from nowhere else', async () => {
    for (const origin of [
      'https://sandbox.embed.apollographql.com',
      'https://studio.apollographql.com',
      'http://localhost:5173',
    ]) {
      expect((await preflight(origin)).headers.get('access-control-allow-origin')).toBe(origin);
      expect(await open(origin)).toBe('open');
    }
    for (const origin of ['https://evil.example.com', 'https://sandbox.embed.apollographql.com.evil.example', 'null']) {
      expect((await preflight(origin)).headers.get('access-control-allow-origin')).toBeNull();
      expect(await open(origin)).toMatch('403');
    }
    expect(await open(gateway.url)).toBe('open');
    expect(await open(undefined)).toBe('open');
    expect(await open(undefined, '/elsewhere')).toMatch('404');
  });

  it('do not get in by a name of their own for our address', async () => {
    const { host } = new URL(gateway.url);
    const answer = (request: string) =>
      new Promise<string>((resolve) => {
        const socket = connect(Number(host.split(':')[1]), '127.0.0.1', () => socket.end(request));
        let text = '';
        socket.on('data', (chunk) => (text += chunk.toString())).on('close', () => resolve(text));
      });
    const upgrade =
      'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
    expect(
      await answer(
        `GET /health/live HTTP/1.1\r\nHost: evil.example:${gateway.url.split(':').at(-1)}\r\nConnection: close\r\n\r\n`,
      ),
    ).toMatch(/^HTTP\/1.1 403 .*FORBIDDEN/s);
    expect(
      await answer(`GET /graphql HTTP/1.1\r\nHost: evil.example\r\nOrigin: http://evil.example\r\n${upgrade}\r\n`),
    ).toMatch(/^HTTP\/1.1 403 /);
    for (const path of ['//', '/\\', '/%zz', '*']) {
      expect(await answer(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${upgrade}\r\n`)).toMatch(/^HTTP\/1.1 40[04] /);
    }
    expect(await answer(`GET /%zz HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)).toMatch(
      /^HTTP\/1.1 400 .*"errors"/s,
    );
    expect((await gateway.query('{ __typename }')).status).toBe(200);
  });

  it('cannot send a form', async () => {
    expect(await post('{"query":"{ __typename }"}', { 'content-type': 'text/plain' })).toMatchObject({
      status: 400,
      errors: [{ extensions: { code: 'BAD_REQUEST' } }],
    });
  });
});

describe('the explorer', () => {
  it('is there, or not, as EXPLORER says, whatever the environment', async () => {
    for (const [environment, isThere] of [
      [{ EXPLORER: 'off' }, false],
      [{ NODE_ENV: 'production', EXPLORER: 'on' }, true],
    ] as const) {
      const other = await startGateway({ ...engine, environment: {} }, environment);
      try {
        const { data } = await other.query('{ __schema { queryType { name } } }');
        expect(data).toEqual(isThere ? { __schema: { queryType: { name: 'Query' } } } : undefined);
        expect((await fetch(`${other.url}/explorer/`)).ok).toBe(isThere);
        expect((await fetch(`${other.url}/graphql`, { headers: { accept: 'text/html' } })).ok).toBe(isThere);
      } finally {
        await other.stop();
      }
    }
  });
});

describe('production', () => {
  it('shows neither its schema nor pages', async () => {
    const other = await startGateway({ ...engine, environment: {} }, { NODE_ENV: 'production' });
    try {
      const introspection = '{ __schema { queryType { name } } }';
      expect((await askAll(other.url, { query: introspection })).errors?.[0]?.extensions).toEqual({
        code: 'GRAPHQL_VALIDATION_FAILED',
      });
      expect((await fetch(`${other.url}/explorer/`)).status).toBe(404);
      expect((await fetch(`${other.url}/graphql`, { headers: { accept: 'text/html' } })).status).toBe(400);
      expect((await other.query('{ __typename }')).data).toEqual({ __typename: 'Query' });
    } finally {
      await other.stop();
    }
  });
});
