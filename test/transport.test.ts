import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createGraphClient, toSegment, type GraphClient } from '../src/graph/client.ts';
import { toGatewayError } from '../src/graph/gateway-error.ts';
import {
  GraphRefusal,
  GraphUnreachable,
  isPassing,
  isSurelyNotDone,
  toRetryAfterMs,
} from '../src/graph/graph-error.ts';
import { usersByMailPath } from '../src/graph/users.ts';

interface Seen {
  method: string | undefined;
  url: string | undefined;
  headers: IncomingMessage['headers'];
  body: string;
}

let server: Server;
let client: GraphClient;
let baseUrl: string;
let seen: Seen[];
let answers: ((response: ServerResponse, request: IncomingMessage) => void)[];

beforeEach(async () => {
  seen = [];
  answers = [];
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      seen.push({ method: request.method, url: request.url, headers: request.headers, body });
      const answer = answers.shift();
      if (answer) answer(response, request);
      else response.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":true}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  client = createGraphClient({ baseUrl, version: 'v1.0', loadToken: () => Promise.resolve('token-1'), connections: 4 });
});
afterEach(async () => {
  await client.stop();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const json =
  (status: number, body: unknown, headers: { [name: string]: string } = {}) =>
  (response: ServerResponse) =>
    void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
const cut = (response: ServerResponse) => void response.destroy();
const post = (timeoutMs = 5_000, signal?: AbortSignal) => client.post('/invitations', { a: 1 }, { timeoutMs, signal });
const read = (timeoutMs = 5_000) => client.postRead('/$batch', {}, { timeoutMs, priority: 'read' });
const failureOf = (call: Promise<unknown>) =>
  call.then(
    () => expect('no failure').toBe('a failure'),
    (error: unknown) => error as GraphRefusal | GraphUnreachable,
  );

describe('a call to Graph', () => {
  it('carries the token, a request id of its own, and JSON', async () => {
    expect((await post()).body).toEqual({ ok: true });
    await post();
    expect(seen[0]).toMatchObject({
      method: 'POST',
      url: '/v1.0/invitations',
      body: '{"a":1}',
      headers: { authorization: 'Bearer token-1', 'content-type': 'application/json', 'content-length': '7' },
    });
    const ids = seen.map(({ headers }) => headers['client-request-id']);
    expect(new Set(ids).size).toBe(2);
    expect(ids[0]).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('goes to the configured origin only', async () => {
    const failure = await failureOf(client.post('https://evil.example.com/v1.0/x', {}, { timeoutMs: 1_000 }));
    expect(failure).toBeInstanceOf(GraphUnreachable);
    expect(seen).toEqual([]);
  });

  it('is repeated after 429 as Retry-After says, whatever the method', async () => {
    answers = [json(429, {}, { 'retry-after': '0' }), json(429, {}, { 'retry-after': '0.01' })];
    // Our own distance after a second one is up to 2 s: 5 s leave no time for it when chance makes both long.
    expect((await post(15_000)).body).toEqual({ ok: true });
    expect(seen).toHaveLength(3);
  });

  it('is not repeated without a pause, though Retry-After asks for none', async () => {
    answers = Array.from({ length: 1_000 }, () => json(429, {}, { 'retry-after': '0' }));
    expect(await failureOf(post(3_500))).toMatchObject({ statusCode: 429 });
    expect(seen.length).toBeLessThan(10);
  });

  it('that waited for a connection until its deadline was never sent, and never will be', async () => {
    let release = () => {};
    answers = [(response) => (release = () => json(200, {})(response))];
    const busy = createGraphClient({ baseUrl, version: 'v1.0', loadToken: () => Promise.resolve('t'), connections: 1 });
    const first = busy.post('/first', {}, { timeoutMs: 5_000 });
    while (seen.length < 1) await new Promise((resolve) => setImmediate(resolve));
    const failure = await failureOf(busy.post('/second', {}, { timeoutMs: 100 }));
    expect(failure).toMatchObject({ name: 'GraphUnreachable', sent: false });
    release();
    await first;
    await busy.post('/third', {}, { timeoutMs: 5_000 });
    expect(seen.map(({ url }) => url)).toEqual(['/v1.0/first', '/v1.0/third']);
    await busy.stop();
  });

  it('is not begun when a connection is free only shortly before its deadline', async () => {
    let release = () => {};
    answers = [(response) => (release = () => json(200, {})(response))];
    const busy = createGraphClient({ baseUrl, version: 'v1.0', loadToken: () => Promise.resolve('t'), connections: 1 });
    const first = busy.post('/first', {}, { timeoutMs: 5_000 });
    while (seen.length < 1) await new Promise((resolve) => setImmediate(resolve));
    const begunAt = Date.now();
    const second = failureOf(busy.post('/second', {}, { timeoutMs: 400 }));
    while (Date.now() < begunAt + 250) await new Promise((resolve) => setImmediate(resolve));
    release();
    expect(await second).toMatchObject({ name: 'GraphUnreachable', sent: false });
    await first;
    await busy.post('/third', {}, { timeoutMs: 5_000 });
    expect(seen.map(({ url }) => url)).toEqual(['/v1.0/first', '/v1.0/third']);
    await busy.stop();
  });

  it('is given up at once when Retry-After goes beyond the deadline', async () => {
    answers = [json(429, { error: { code: 'TooManyRequests' } }, { 'retry-after': '360', 'request-id': 'r1' })];
    expect(await failureOf(post())).toMatchObject({
      statusCode: 429,
      code: 'TooManyRequests',
      requestId: 'r1',
      retryAfterMs: 360_000,
    });
    expect(seen).toHaveLength(1);
  });

  it.each([500, 502, 503, 504, 408])(
    'with an effect is never repeated after %d: Graph may have done it',
    async (status) => {
      answers = [json(status, {})];
      const failure = await failureOf(post());
      expect(failure).toMatchObject({ statusCode: status });
      expect([isSurelyNotDone(failure), seen.length]).toEqual([false, 1]);
    },
  );

  it('with an effect is never repeated after a cut, and counts as sent', async () => {
    answers = [cut];
    const failure = await failureOf(post());
    expect(failure).toMatchObject({ name: 'GraphUnreachable', sent: true });
    expect([isSurelyNotDone(failure), seen.length]).toEqual([false, 1]);
  });

  it('that reads is repeated after 503, 504 and a cut', async () => {
    answers = [json(503, {}, { 'retry-after': '0' }), cut, json(504, {}, { 'retry-after': '0' })];
    expect(await read()).toEqual({ ok: true });
    expect(seen).toHaveLength(4);
  });

  it('whose connection is never made is repeated within the deadline and surely did nothing', async () => {
    await new Promise((resolve) => server.close(resolve));
    const failure = await failureOf(post(700));
    expect(failure).toMatchObject({ name: 'GraphUnreachable', sent: false });
    expect([isSurelyNotDone(failure), isPassing(failure)]).toEqual([true, true]);
    expect(toGatewayError(failure)).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
  });

  it('ends at its deadline and when it is aborted', async () => {
    answers = [() => {}, () => {}];
    expect(await failureOf(post(100))).toMatchObject({ name: 'GraphUnreachable', sent: true });
    const abort = new AbortController();
    const failure = failureOf(post(5_000, abort.signal));
    while (seen.length < 2) await new Promise((resolve) => setImmediate(resolve));
    abort.abort();
    expect(await failure).toMatchObject({ name: 'GraphUnreachable', sent: true });
  });

  it('reads an answer of errors that is HTML, empty or large without losing its headers or the connection', async () => {
    const html = (response: ServerResponse) =>
      void response
        .writeHead(404, { 'content-type': 'text/html', 'request-id': 'r2', 'retry-after': '7' })
        .end(`<html>${'x'.repeat(200_000)}`);
    const empty = (response: ServerResponse) => void response.writeHead(404).end();
    answers = [html, empty, json(404, { error: { code: '', message: 'm' } }), json(404, 'rubbish')];
    expect(await failureOf(post())).toMatchObject({
      statusCode: 404,
      code: null,
      requestId: 'r2',
      retryAfterMs: 7_000,
    });
    for (let count = 0; count < 3; count += 1)
      expect(await failureOf(post())).toMatchObject({ statusCode: 404, code: null });
    expect((await post()).body).toEqual({ ok: true });
  });

  it('does not take a redirect elsewhere', async () => {
    answers = [(response) => void response.writeHead(307, { location: 'https://evil.example.com/' }).end()];
    expect(await failureOf(post())).toMatchObject({ statusCode: 307 });
    expect(seen).toHaveLength(1);
  });

  it('with a success that cannot be read counts as sent', async () => {
    answers = [(response) => void response.writeHead(201, { 'content-type': 'application/json' }).end('{"id":')];
    expect(await failureOf(post())).toMatchObject({ name: 'GraphUnreachable', sent: true });
  });
});

describe('a link of Graph', () => {
  const limits = { timeoutMs: 5_000, priority: 'read' } as const;

  it('is followed with its query byte by byte', async () => {
    const query = "$select=id,mail&$select=x&$filter=id in ('a')&a=1&a=2&flag&$skiptoken=RFNw%2bdA==&%24top=5&=&'é'";
    const sent = query.replaceAll(' ', '%20').replace('é', '%c3%A9');
    expect(await client.get(`${baseUrl}/v1.0/users/delta?${sent}`, limits)).toEqual({ ok: true });
    await client.get(`/users?${sent}`, limits);
    expect(seen.map(({ method, url }) => [method, url])).toEqual([
      ['GET', `/v1.0/users/delta?${sent}`],
      ['GET', `/v1.0/users?${sent}`],
    ]);
    expect(seen[0]?.headers).toMatchObject({ authorization: 'Bearer token-1', 'x-ms-throttle-priority': 'Normal' });
  });

  it('that leads elsewhere gets no token', async () => {
    const { host } = new URL(baseUrl);
    for (const link of [
      'https://evil.example.com/v1.0/users/delta',
      `https://${host}/v1.0/users`,
      `${baseUrl}.evil.example.com/v1.0/users`,
      `http://${host}@evil.example.com/v1.0/users`,
      `http://user:secret@${host}/v1.0/users`,
      `${baseUrl}/beta/users`,
      `${baseUrl}/v1.0`,
      `${baseUrl}/v1.0/../admin/requests`,
      `${baseUrl}/v1.0/%2e%2e/admin`,
      `${baseUrl}\\@evil.example.com/v1.0/users`,
      `${baseUrl}/v1.0/users\r\nx: y`,
      `${baseUrl}/v1.0/users#fragment`,
      'users',
      '',
    ]) {
      expect([link, await failureOf(client.get(link, limits))]).toMatchObject([link, { sent: false, isOutage: false }]);
    }
    expect(seen).toEqual([]);
  });
});

describe('a change that does no harm twice', () => {
  const limits = { timeoutMs: 5_000, priority: 'read' } as const;

  it('is repeated like a read, with its body, and may be answered by nothing', async () => {
    const nothing = (response: ServerResponse) => void response.writeHead(204).end();
    answers = [cut, json(200, { id: 's' }), json(504, {}), nothing];
    expect(await client.patch('/subscriptions/s', { a: 1 }, limits)).toEqual({ id: 's' });
    expect(await client.delete('/subscriptions/s', limits)).toBeUndefined();
    expect(seen.map(({ method, body }) => [method, body])).toEqual([
      ['PATCH', '{"a":1}'],
      ['PATCH', '{"a":1}'],
      ['DELETE', ''],
      ['DELETE', ''],
    ]);
  });

  it('is never repeated for a loop, nor is a read', async () => {
    for (const call of [
      () => client.delete('/subscriptions/s', { ...limits, priority: 'poll' }),
      () => client.get('/users', { ...limits, priority: 'poll' }),
    ]) {
      answers = [json(504, {})];
      expect(await failureOf(call())).toMatchObject({ statusCode: 504 });
    }
    expect(seen).toHaveLength(2);
  });
});

it('a call without a token is never sent', async () => {
  const poor = createGraphClient({
    baseUrl,
    version: 'v1.0',
    loadToken: () => Promise.reject(new Error('no')),
    connections: 1,
  });
  const failure = await failureOf(poor.post('/invitations', {}, { timeoutMs: 1_000 }));
  expect([isSurelyNotDone(failure), isPassing(failure)]).toEqual([true, true]);
  expect(seen).toEqual([]);
  await poor.stop();
});

describe('Retry-After', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  it.each([
    ['120', 120_000],
    ['2.128', 2_128],
    ['Thu, 01 Jan 2026 00:01:00 GMT', 60_000],
    ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
    ['31536000', 600_000],
    ['5, 5', 5_000],
    ['3, 5', 5_000],
    ['soon, 7', 7_000],
    ['+5', null],
    ['5.', null],
    ['2026', 600_000],
    ['Thursday, 01-Jan-26 00:02:00 GMT', 120_000],
    ['-1', null],
    ['NaN', null],
    ['', null],
    ['soon', null],
    [undefined, null],
  ])('%s is %s ms', (header, ms) => {
    expect(toRetryAfterMs(header, now)).toBe(ms);
  });
});

describe('what goes into a path', () => {
  it.each(['/users?a b', '/../beta/x', '/users/../me', '//host/x', '/users/..', '/\u00e4'])(
    'is checked before it costs a connection: %s',
    async (path) => {
      await expect(client.post(path, {}, { timeoutMs: 1_000 })).rejects.toThrow('not a path');
      expect(seen).toEqual([]);
    },
  );

  it('is encoded, and what would climb is refused', () => {
    expect(toSegment('a/b?c#d%')).toBe('a%2Fb%3Fc%23d%25');
    for (const id of ['', '.', '..']) expect(() => toSegment(id)).toThrow(RangeError);
    expect(usersByMailPath("o'neil&x=1@example.com")).toContain('%27o%27%27neil%26x%3D1%40example.com%27');
  });
});

describe('what a client is told', () => {
  it.each([
    [302, 'INTERNAL_SERVER_ERROR'],
    [400, 'BAD_USER_INPUT'],
    [402, 'FORBIDDEN'],
    [401, 'INTERNAL_SERVER_ERROR'],
    [403, 'FORBIDDEN'],
    [404, 'NOT_FOUND'],
    [409, 'CONFLICT'],
    [412, 'CONFLICT'],
    [422, 'BAD_USER_INPUT'],
    [423, 'CONFLICT'],
    [429, 'THROTTLED'],
    [500, 'UPSTREAM_UNAVAILABLE'],
    [503, 'UPSTREAM_UNAVAILABLE'],
  ])('of %d is %s, with what Graph said', (status, code) => {
    const answer = { statusCode: status, code: 'theirs', requestId: 'r1' };
    const needs = { permission: undefined, isForUser: false };
    expect(toGatewayError(new GraphRefusal(answer, null, needs))).toMatchObject({
      code,
      extensions: { graph: answer },
    });
  });
});
