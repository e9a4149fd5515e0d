import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { BATCH_SIZE, createBatchReader, sendBatch } from '../src/graph/batch.ts';
import { createGraphClient, type GraphClient } from '../src/graph/client.ts';
import { isSurelyNotDone } from '../src/graph/graph-error.ts';
import { cut, json, startGraphServer, type GraphServer, type ScriptedAnswer } from './support/graph-server.ts';

interface Item {
  id: string;
  method: string;
  url: string;
  headers: { [name: string]: string };
  body?: unknown;
}

let graph: GraphServer;
let client: GraphClient;
let oddities: string[];

beforeEach(async () => {
  oddities = [];
  graph = await startGraphServer();
  client = createGraphClient({
    baseUrl: graph.baseUrl,
    version: 'v1.0',
    loadToken: () => Promise.resolve('token'),
    connections: 4,
    onOddity: (oddity) => oddities.push(oddity),
  });
});
afterEach(async () => {
  await client.stop();
  await graph.stop();
});

const itemsOf = (body: string) => (JSON.parse(body) as { requests: Item[] }).requests;
/** Answers each part, the last one first. */
const eachPart =
  (answer: (item: Item) => object | object[]): ScriptedAnswer =>
  (response, request) =>
    json(200, {
      responses: itemsOf(request.body)
        .toReversed()
        .flatMap((item) => [answer(item)].flat().map((part) => ({ id: item.id, status: 200, ...part }))),
    })(response, request);
const limits = { timeoutMs: 5_000 };
const reads = { ...limits, priority: 'read' } as const;
const failureOf = (call: Promise<unknown>): Promise<any> =>
  call.then(
    () => 'no failure',
    (error: unknown) => error,
  );

describe('a batch of reads', () => {
  it('holds 20 of one scope, each with its priority, and puts each result in its place', async () => {
    graph.usual = eachPart(({ url }) => ({ body: { url } }));
    const paths = Array.from({ length: 50 }, (_, at) =>
      at === 7 ? undefined : at % 2 ? `/users/${at}` : `/communications/calls/${at}`,
    );
    const results = await createBatchReader(client).read(paths, { ...reads, priority: 'poll' });
    expect(results).toEqual(paths.map((url) => (url === undefined ? undefined : { body: { url } })));
    const batches = graph.seen.map(({ body }) => itemsOf(body));
    expect(batches.map(({ length }) => length).toSorted((one, other) => one - other)).toEqual([4, 5, 20, 20]);
    for (const batch of batches) {
      expect(new Set(batch.map(({ url }) => url.split('/')[1])).size).toBe(1);
      expect(new Set(batch.map(({ headers }) => headers['x-ms-throttle-priority']))).toEqual(new Set(['Low']));
    }
    expect(await createBatchReader(client).read([undefined], reads)).toEqual([undefined]);
    expect(graph.seen).toHaveLength(4);
  });

  it('tells the error of a batch that failed in its places only', async () => {
    graph.usual = (response, request) =>
      (request.body.includes('/users') ? json(500, {}) : eachPart(() => ({ body: {} })))(response, request);
    const results = await createBatchReader(client).read(['/users/1', '/app/calls/2'], reads);
    expect(results).toMatchObject([{ error: { statusCode: 500 } }, { body: {} }]);
    expect(await failureOf(createBatchReader(client).read(['/users/1'], reads))).toMatchObject({ statusCode: 500 });
  });

  it('takes no text for a resource', async () => {
    graph.usual = eachPart(() => ({ body: Buffer.from('<html>').toString('base64') }));
    expect(await createBatchReader(client).read(['/users/1'], reads)).toMatchObject([
      { error: { name: 'GraphUnreachable' } },
    ]);
  });
});

describe('a batch of requests with an effect', () => {
  const parts = (count: number) => Array.from({ length: count }, (_, at) => ({ path: '/invitations', body: { at } }));

  it('makes nothing of headers that are none', async () => {
    graph.usual = eachPart(() => ({ status: 429, headers: 'retry-after: 9'.repeat(1_000), body: {} }));
    const [result] = await sendBatch(client, parts(1), limits);
    expect(result).toMatchObject({ error: { statusCode: 429, retryAfterMs: null } });
  });

  it('judges each part alone: in any order, refused, throttled, doubled, missing, or no JSON', async () => {
    graph.usual = eachPart((item) => {
      const { at } = item.body as { at: number };
      if (at === 1) return { status: 403, body: { error: { code: 'Authorization_RequestDenied' } } };
      if (at === 2) return { status: 429, headers: { 'Retry-After': '9' } };
      if (at === 3) return [{ body: { first: true } }, { status: 500, body: {} }];
      if (at === 4) return [];
      if (at === 5) return { body: 'PGh0bWw+' };
      if (at === 6) return { status: 504 };
      return { status: 201, body: { at } };
    });
    const results = await sendBatch(client, parts(8), limits);
    expect(results).toMatchObject([
      { body: { at: 0 } },
      { error: { statusCode: 403, code: 'Authorization_RequestDenied' } },
      { error: { statusCode: 429, retryAfterMs: 9_000 } },
      { body: { first: true } },
      { error: { name: 'GraphUnreachable', sent: true } },
      { error: { name: 'GraphUnreachable', sent: true } },
      { error: { statusCode: 504 } },
      { body: { at: 7 } },
    ]);
    const isDone = results.map((result) => !('error' in result && isSurelyNotDone(result.error)));
    expect(isDone).toEqual([true, false, false, true, true, true, true, true]);
    expect(oddities).toEqual(['partDoubled', 'partMissing']);
    expect(graph.seen[0]?.headers).toMatchObject({ 'x-ms-throttle-priority': 'High' });
    expect(itemsOf(graph.seen[0]?.body ?? '')[0]).toEqual({
      id: '1',
      method: 'POST',
      url: '/invitations',
      headers: { 'Content-Type': 'application/json', 'x-ms-throttle-priority': 'High' },
      body: { at: 0 },
    });
  });

  it('is repeated as a whole only when nothing was done', async () => {
    graph.answers = [json(429, {}, { 'retry-after': '0' }), eachPart(() => ({ status: 201, body: {} }))];
    expect(await sendBatch(client, parts(1), limits)).toEqual([{ body: {} }]);
    for (const answer of [json(503, {}, { 'retry-after': '0' }), json(500, {}), cut]) {
      const before = graph.seen.length;
      graph.answers = [answer];
      const failure = await failureOf(sendBatch(client, parts(1), { timeoutMs: 5_000 }));
      expect([isSurelyNotDone(failure), graph.seen.length - before]).toEqual([false, 1]);
    }
  });

  it.each([null, [], {}, { responses: null }, { responses: [null, 5, { id: 1 }, { id: '1' }, { status: 201 }] }])(
    'is not known to be done when the answer is %j',
    async (answer) => {
      graph.usual = json(200, answer);
      expect(await sendBatch(client, parts(1), limits)).toMatchObject([{ error: { sent: true } }]);
    },
  );

  it('holds 20 at the most, and nothing is sent for none', async () => {
    await expect(sendBatch(client, parts(BATCH_SIZE + 1), limits)).rejects.toThrow(RangeError);
    expect(await sendBatch(client, [], limits)).toEqual([]);
    expect(graph.seen).toEqual([]);
  });
});
