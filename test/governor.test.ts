import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createBatchReader } from '../src/graph/batch.ts';
import { createGraphClient, type GraphClient } from '../src/graph/client.ts';
import { createGovernor, GOVERNED_CONNECTIONS, type Governor } from '../src/graph/governor.ts';
import { toGatewayError } from '../src/graph/gateway-error.ts';
import { isPassing, isSurelyNotDone } from '../src/graph/graph-error.ts';
import { createHolder, cut, json, startGraphServer, waitUntil, type GraphServer } from './support/graph-server.ts';

let graph: GraphServer;
let governor: Governor;
let client: GraphClient;
let clockMs: number;
let changes: string[];
let oddities: string[];

beforeEach(async () => {
  clockMs = Math.ceil(Date.now() / 1000) * 1000;
  changes = [];
  oddities = [];
  graph = await startGraphServer();
  governor = createGovernor({
    now: () => clockMs,
    onChange: (scope, from, to) => changes.push(`${scope}: ${from} -> ${to}`),
  });
  client = createGraphClient({
    baseUrl: graph.baseUrl,
    version: 'v1.0',
    loadToken: () => Promise.resolve('token'),
    connections: GOVERNED_CONNECTIONS,
    governor,
    onOddity: (oddity) => oddities.push(oddity),
  });
});
afterEach(async () => {
  await governor.stop();
  await client.stop();
  await graph.stop();
});

const TIMEOUT_MS = 20_000;
const read = (path = '/users/1', timeoutMs = TIMEOUT_MS) => client.get(path, { timeoutMs, priority: 'read' });
const poll = (path = '/users/1', timeoutMs = TIMEOUT_MS) => client.get(path, { timeoutMs, priority: 'poll' });
const post = (path = '/invitations', timeoutMs = TIMEOUT_MS, signal?: AbortSignal) =>
  client.post(path, {}, { timeoutMs, signal });
const failureOf = (call: Promise<unknown>): Promise<any> =>
  call.then(
    () => 'no failure',
    (error: unknown) => error,
  );
const state = () => governor.state().directory;
const used = (percentage: string) => json(200, {}, { 'x-ms-throttle-limit-percentage': percentage });
const throttled = (retryAfter?: string, headers: { [name: string]: string } = {}) =>
  json(429, {}, { ...(retryAfter === undefined ? {} : { 'retry-after': retryAfter }), ...headers });
const paths = () => graph.seen.map(({ url }) => url?.replace('/v1.0', ''));

describe('the order of calls', () => {
  it('is mutations before reads, and first come first served among equals', async () => {
    const { hold, release, count } = createHolder();
    graph.usual = hold;
    const busy = Array.from({ length: 56 }, () => read('/users/busy'));
    await waitUntil('all places taken', () => count() === 56);
    const late = [read('/users/a'), post('/b'), read('/users/c'), post('/d')];
    await waitUntil('four wait', () => state().waiting === 4);
    expect(state().inFlight).toBe(56);
    for (let seen = 57; seen <= 60; seen += 1) {
      release();
      await waitUntil('the next one', () => graph.seen.length === seen);
    }
    expect(paths().slice(56)).toEqual(['/b', '/d', '/users/a', '/users/c']);
    while (count() > 0) release();
    await Promise.all([...busy, ...late]);
    expect(state()).toMatchObject({ inFlight: 0, waiting: 0 });
  });

  it('lets neither polls nor callers take the places of the other, nor one scope those of another', async () => {
    const { hold, release, count } = createHolder();
    graph.usual = hold;
    const calls = [
      ...Array.from({ length: 18 }, () => poll('/users/poll')),
      ...Array.from({ length: 60 }, () => read('/users/read')),
    ];
    await waitUntil('72 under way', () => count() === 72);
    expect(paths().filter((path) => path === '/users/poll')).toHaveLength(16);
    expect(state()).toMatchObject({ inFlight: 72, waiting: 6 });
    calls.push(read('/communications/calls/c'));
    await waitUntil('the other scope', () => count() === 73);
    while (count() > 0 || state().waiting > 0) {
      release();
      await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(calls);
  });

  it('tells Graph how urgent each call is', async () => {
    await Promise.all([post('/a'), read('/b'), poll('/c')]);
    const words = Object.fromEntries(graph.seen.map(({ url, headers }) => [url, headers['x-ms-throttle-priority']]));
    expect(words).toEqual({ '/v1.0/a': 'High', '/v1.0/b': 'Normal', '/v1.0/c': 'Low' });
  });

  it('never sends what was given up, or came too late, while it waited', async () => {
    const { hold, release, count } = createHolder();
    graph.usual = hold;
    const busy = Array.from({ length: 56 }, () => read('/users/busy'));
    await waitUntil('all places taken', () => count() === 56);
    const abort = new AbortController();
    const aborted = failureOf(post('/aborted', TIMEOUT_MS, abort.signal));
    const late = failureOf(post('/late', 60));
    await waitUntil('two wait', () => state().waiting === 2);
    abort.abort();
    for (const failure of [await aborted, await late]) {
      expect(failure).toMatchObject({ name: 'GraphUnreachable', sent: false });
      expect([isSurelyNotDone(failure), isPassing(failure)]).toEqual([true, true]);
    }
    graph.usual = json(200, {});
    while (count() > 0) release();
    await Promise.all(busy);
    await read('/users/last');
    expect(new Set(paths())).toEqual(new Set(['/users/busy', '/users/last']));
    expect(state()).toMatchObject({ breaker: 'closed', counters: { failures: 0 } });
  });
});

describe('a pause that Graph asks for', () => {
  it.each([
    ['30', 30_000, 30_000, 0],
    ['2.5', 2_500, 2_500, 0],
    ['a date', 60_000, 60_000, 0],
    ['31536000', 600_000, 600_000, 1],
    ['99999999999999999999', 600_000, 600_000, 1],
    [undefined, 500, 1_000, 0],
    ['-1', 500, 1_000, 1],
    ['NaN', 500, 1_000, 1],
    ['soon', 500, 1_000, 1],
  ])('of %s is obeyed within bounds', async (said, least, most, bad) => {
    graph.answers = [throttled(said === 'a date' ? new Date(clockMs + 60_000).toUTCString() : said)];
    expect(await failureOf(poll())).toMatchObject({ statusCode: 429 });
    const { heldUntil, counters, availability } = state();
    for (const until of [heldUntil.read, heldUntil.write]) {
      expect(until).toBeGreaterThanOrEqual(clockMs + least);
      expect(until).toBeLessThanOrEqual(clockMs + most);
    }
    expect([availability, governor.availability()]).toEqual(['throttled', 'throttled']);
    expect(counters).toMatchObject({ throttled: 1 });
    expect(oddities).toEqual(Array.from({ length: bad }, () => 'badRetryAfter'));
    expect(governor.delayMs('directory', 'poll')).toBeGreaterThanOrEqual(least);
    expect(governor.delayMs('calls', 'poll')).toBe(0);
  });

  it('refuses at once what cannot wait for its end, and says when to come back', async () => {
    graph.answers = [throttled('100')];
    await failureOf(poll());
    for (const call of [post(), read(), poll()]) {
      const failure = await failureOf(call);
      expect(failure).toMatchObject({ name: 'GraphHeldBack', retryAfterMs: 100_000 });
      expect([isSurelyNotDone(failure), isPassing(failure)]).toEqual([true, true]);
      expect(toGatewayError(failure).extensions).toEqual({ code: 'THROTTLED', retryAfterSeconds: 100 });
    }
    expect([graph.seen.length, state().counters.heldBack]).toEqual([1, 3]);
    await read('/communications/calls/c');
  });

  it('lets one call find out whether it is over, then the rest', async () => {
    const { hold, release, count } = createHolder();
    graph.answers = [throttled('10'), hold];
    await failureOf(poll());
    const waiting = [read('/users/a'), read('/users/b'), post('/c')];
    await waitUntil('three wait', () => state().waiting === 3);
    clockMs += 10_000;
    // Whatever comes next makes the governor look at its clock.
    expect(await failureOf(poll())).toMatchObject({ name: 'GraphHeldBack' });
    await waitUntil('the probe', () => count() === 1);
    expect(paths()).toEqual(['/users/1', '/c']);
    waiting.push(read('/users/d'));
    await waitUntil('three wait', () => state().waiting === 3);
    expect(governor.delayMs('directory', 'poll')).toBeGreaterThan(0);
    release();
    await Promise.all(waiting);
    expect(graph.seen).toHaveLength(5);
    expect(changes).toEqual(['directory: available -> throttled', 'directory: throttled -> available']);
  });

  it('begins again when that call is throttled too, longer each time that Graph does not say how long', async () => {
    const longest: number[] = [];
    for (let strike = 1; strike <= 9; strike += 1) {
      graph.answers = [throttled()];
      expect(await failureOf(poll())).toMatchObject({ statusCode: 429 });
      const leftMs = (state().heldUntil.read ?? 0) - clockMs;
      longest.push(leftMs);
      clockMs += leftMs;
    }
    expect(longest[3]).toBeGreaterThanOrEqual(4_000);
    expect(Math.max(...longest)).toBeLessThanOrEqual(60_000);
    await poll();
    expect(changes).toEqual(['directory: available -> throttled', 'directory: throttled -> available']);
  });

  it.each([
    ['x-ms-throttle-scope', 'Tenant_Application/Write/app/tenant'],
    ['x-ms-throttle-information', 'WriteLimitExceeded'],
  ])('of writes only, by %s, leaves reads alone', async (name, value) => {
    graph.answers = [throttled('100', { [name]: value })];
    expect(await failureOf(post())).toMatchObject({ statusCode: 429 });
    expect(state().heldUntil).toEqual({ read: null, write: clockMs + 100_000 });
    expect(governor.delayMs('directory', 'poll')).toBe(0);
    await Promise.all([read(), poll()]);
    expect(await failureOf(post())).toMatchObject({ name: 'GraphHeldBack' });
    expect(graph.seen).toHaveLength(3);
  });

  it.each(['Tenant/Read/app/tenant', 'Tenant/ReadWrite/app/tenant'])('of %s holds a read', async (scope) => {
    graph.answers = [
      throttled('100', { 'x-ms-throttle-scope': scope, 'x-ms-throttle-information': 'CPULimitExceeded' }),
    ];
    await failureOf(poll());
    const isBoth = scope.includes('Write');
    expect(state().heldUntil).toEqual({ read: clockMs + 100_000, write: isBoth ? clockMs + 100_000 : null });
  });

  it('counts when one part of a batch, or a 503, asks for it', async () => {
    const reader = createBatchReader(client);
    const parts = [
      { id: '1', status: 200, body: {}, headers: { 'x-ms-resource-unit': '2' } },
      { id: '2', status: 429, headers: { 'Retry-After': '40' }, body: {} },
    ];
    graph.answers = [json(200, { responses: parts })];
    const results = await reader.read(['/users/1', '/users/2'], { timeoutMs: TIMEOUT_MS, priority: 'poll' });
    expect(results).toMatchObject([{ body: {} }, { error: { statusCode: 429, retryAfterMs: 40_000 } }]);
    expect(state()).toMatchObject({
      heldUntil: { read: clockMs + 40_000 },
      counters: { requests: 1, parts: 2, throttled: 1, resourceUnits: 2 },
    });
    graph.answers = [json(503, {}, { 'retry-after': '50' })];
    await failureOf(poll('/communications/calls/c'));
    expect(governor.state().calls).toMatchObject({ heldUntil: { read: clockMs + 50_000 }, breaker: 'closed' });
    expect(governor.state().calls.counters.failures).toBe(0);
  });

  it('is waited for by a mutation whose time allows', async () => {
    const own = createGovernor();
    const live = createGraphClient({
      baseUrl: graph.baseUrl,
      version: 'v1.0',
      loadToken: () => Promise.resolve('token'),
      connections: 1,
      governor: own,
    });
    graph.answers = [throttled('0.05')];
    await failureOf(live.get('/users/1', { timeoutMs: 5_000, priority: 'poll' }));
    expect(own.state().directory.heldUntil.write).not.toBeNull();
    await live.post('/invitations', {}, { timeoutMs: 5_000 });
    expect(graph.seen).toHaveLength(2);
    await own.stop();
    await live.stop();
  });
});

describe('after a pause', () => {
  it('those who waited leave step by step, each good answer letting two more go', async () => {
    graph.answers = [throttled('5')];
    await failureOf(poll());
    const { hold, release, count } = createHolder();
    graph.usual = hold;
    const waiting = Array.from({ length: 20 }, () => read('/users/waiting'));
    await waitUntil('all wait', () => state().waiting === 20);
    clockMs += 5_000;
    const probe = read('/users/probe');
    await waitUntil('one probes', () => count() === 1);
    release();
    await waitUntil('the first step', () => count() === 4);
    expect(graph.seen).toHaveLength(2 + 4);
    release();
    await waitUntil('the second step', () => count() === 8);
    while (count() > 0 || state().waiting > 0) {
      release();
      await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all([...waiting, probe]);
  });
});

describe('a limit that comes near', () => {
  it('spaces out polls, not mutations or reads', async () => {
    graph.answers = [used('0.9')];
    await read();
    expect([state().availability, state().percentage, governor.delayMs('directory', 'poll')]).toEqual([
      'slowed',
      0.9,
      0,
    ]);
    await poll();
    expect(governor.delayMs('directory', 'poll')).toBe(5_000);
    expect(await failureOf(poll())).toMatchObject({ name: 'GraphHeldBack', retryAfterMs: 5_000 });
    await Promise.all([post(), post(), read(), read()]);
    clockMs += 5_000;
    await poll();
    graph.answers = [used('1.0')];
    await post();
    expect(governor.delayMs('directory', 'poll')).toBe(10_000);
    clockMs += 10_000;
    expect([governor.delayMs('directory', 'poll'), state().availability]).toEqual([0, 'available']);
  });

  it('spaces out what loops send as well: nobody waits for it', async () => {
    graph.answers = [used('0.9')];
    await post();
    expect(governor.delayMs('directory', 'mutation')).toBe(5_000);
    expect(governor.delayMs('calls', 'mutation')).toBe(0);
    await post();
    clockMs += 5_000;
    expect(governor.delayMs('directory', 'mutation')).toBe(0);
  });

  it('slows reads mildly once it is passed, and mutations never', async () => {
    graph.answers = [used('1.8')];
    await read();
    const slowed = read('/users/slowed');
    await waitUntil('it waits', () => state().waiting === 1);
    await Promise.all([post(), post()]);
    expect(paths()).not.toContain('/users/slowed');
    clockMs += 250;
    await post();
    await slowed;
  });

  it('counts for one window of the scope only', async () => {
    graph.answers = [used('1.5'), used('1.5')];
    await post();
    await post('/communications/calls/c/participants/invite');
    clockMs += 10_000;
    expect(governor.state()).toMatchObject({ directory: { percentage: null }, calls: { percentage: 1.5 } });
    clockMs += 5_000;
    expect(governor.state().calls.percentage).toBeNull();
  });

  it.each(['NaN', '', '-3', '0.5', 'lots'])('is not believed from %j', async (value) => {
    graph.answers = [used(value)];
    await read();
    expect([state().availability, governor.delayMs('directory', 'poll')]).toEqual(['available', 0]);
  });
});

describe('a Graph that fails again and again', () => {
  it('is one whose batches come back with parts that all say so, but not with one that does not', async () => {
    const parts = (...statuses: number[]) =>
      json(200, { responses: statuses.map((status, at) => ({ id: String(at + 1), status, body: {} })) });
    const batch = () =>
      failureOf(createBatchReader(client).read(['/users/1', '/users/2'], { timeoutMs: TIMEOUT_MS, priority: 'poll' }));
    graph.usual = parts(503, 404);
    for (let count = 0; count < 6; count += 1) await batch();
    expect(state().breaker).toBe('closed');
    graph.usual = parts(503, 502);
    for (let count = 0; count < 5; count += 1) await batch();
    expect(state()).toMatchObject({ breaker: 'open', availability: 'unavailable' });
  });

  const fail = async () => {
    graph.answers = [json(502, {}), json(503, {}), json(504, {}), cut, cut];
    for (let count = 0; count < 5; count += 1) await failureOf(poll());
  };

  it('is left alone after the fifth time: nothing is sent, and mutations surely are not done', async () => {
    await fail();
    expect(state()).toMatchObject({ breaker: 'open', availability: 'unavailable', counters: { failures: 5 } });
    for (const call of [post(), read(), poll()]) {
      const failure = await failureOf(call);
      expect(failure).toMatchObject({ name: 'GraphUnreachable', sent: false });
      expect([isSurelyNotDone(failure), isPassing(failure)]).toEqual([true, true]);
    }
    expect(graph.seen).toHaveLength(5);
    expect(governor.delayMs('directory', 'poll')).toBeGreaterThanOrEqual(1_000);
    expect(governor.delayMs('directory', 'poll')).toBeLessThanOrEqual(2_000);
    await read('/communications/calls/c');
    expect(changes).toEqual(['directory: available -> unavailable']);
  });

  it('is asked by one read, not by a mutation, and is back when that is answered', async () => {
    const { hold, release, count } = createHolder();
    await fail();
    clockMs += 2_000;
    expect(await failureOf(post())).toMatchObject({ sent: false });
    expect(governor.delayMs('directory', 'poll')).toBe(0);
    graph.answers = [hold];
    const probe = poll();
    await waitUntil('the probe', () => count() === 1);
    expect(state().breaker).toBe('halfOpen');
    for (const call of [post(), read(), poll()]) expect(await failureOf(call)).toMatchObject({ sent: false });
    expect(governor.delayMs('directory', 'poll')).toBeGreaterThan(0);
    expect(graph.seen).toHaveLength(6);
    release();
    await probe;
    expect(state()).toMatchObject({ breaker: 'closed', availability: 'available', counters: { breakerOpened: 1 } });
    await post();
    expect(changes).toEqual(['directory: available -> unavailable', 'directory: unavailable -> available']);
  });

  it('is left alone for longer when that read fails, up to half a minute', async () => {
    await fail();
    const pauses: number[] = [];
    for (let count = 0; count < 8; count += 1) {
      clockMs += governor.delayMs('directory', 'poll');
      graph.answers = [cut];
      await failureOf(poll());
      pauses.push(governor.delayMs('directory', 'poll'));
    }
    expect(pauses[2]).toBeGreaterThan(4_000);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(30_000);
    expect(Math.min(...pauses.slice(5))).toBeGreaterThanOrEqual(15_000);
    expect(changes).toEqual(['directory: available -> unavailable']);
  });

  it('is asked by a mutation when no read comes for a while', async () => {
    await fail();
    clockMs += 8_000;
    await post();
    expect(state().breaker).toBe('closed');
  });

  it('is not thought back because the call that asks was given up', async () => {
    await fail();
    clockMs += 8_000;
    const { hold, count } = createHolder();
    graph.answers = [hold];
    const abort = new AbortController();
    const probe = failureOf(post('/invitations', TIMEOUT_MS, abort.signal));
    await waitUntil('the probe', () => count() === 1);
    abort.abort();
    expect(await probe).toMatchObject({ sent: true });
    expect(state().breaker).toBe('open');
  });

  it('is not one that answers 500 or 4xx, which a caller can provoke, or whose callers give up', async () => {
    for (const status of [500, 400, 404, 500, 500, 500, 500, 422, 500]) {
      graph.answers = [json(status, {})];
      expect(await failureOf(post())).toMatchObject({ statusCode: status });
    }
    const { hold } = createHolder();
    for (let count = 0; count < 6; count += 1) {
      graph.answers = [hold];
      const abort = new AbortController();
      const given = failureOf(post('/invitations', TIMEOUT_MS, abort.signal));
      await waitUntil('it is sent', () => graph.seen.length === 10 + count);
      abort.abort();
      expect(await given).toMatchObject({ name: 'GraphUnreachable', isOutage: false });
    }
    expect(state()).toMatchObject({ breaker: 'closed', counters: { failures: 0 } });
    expect(changes).toEqual([]);
  });
});

it('refuses what waits and what comes when it is stopped', async () => {
  graph.answers = [throttled('5')];
  await failureOf(poll());
  const waiting = failureOf(post());
  await waitUntil('it waits', () => state().waiting === 1);
  await governor.stop();
  expect(await waiting).toMatchObject({ name: 'GraphUnreachable', sent: false });
  expect(await failureOf(post())).toMatchObject({ name: 'GraphUnreachable', sent: false });
  expect(graph.seen).toHaveLength(1);
});
