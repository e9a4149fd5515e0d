// Whatever is sent, by chance, is answered: no 500, no crash, no hang, and no memory that is not given back.
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { connect as connectTcp } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import WebSocket from 'ws';
import { createSchema } from '../src/schema.ts';
import { documentsOf, type ChanceDocument } from './support/documents.ts';
import { startGateway, waitFor, type Json, type TestGateway } from './support/gateway.ts';
import { openSqlite, type Engine } from './support/stores.ts';

jest.setTimeout(300_000);

const DOCUMENTS = 5_000;
const AT_ONCE = 50;
const BYTES = 1_000;

let engine: Engine;
let gateway: TestGateway;

beforeAll(async () => {
  setFlagsFromString('--expose-gc');
  engine = await openSqlite();
  gateway = await startGateway(engine, { EMULATOR_OPERATION_MS: '50' });
});
afterAll(async () => {
  await gateway.stop();
  await engine.close();
});

/** @returns how much memory is in use when all is given back that can be, in MB. */
function heapMb(): number {
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed / 2 ** 20;
}

const isServing = async () => (await gateway.query('{ __typename }')).data?.['__typename'] === 'Query';
const schema = createSchema();

/** Sends all by chance, some at once; @returns those that were answered badly. */
async function sendAll<Item>(items: readonly Item[], send: (some: readonly Item[]) => Promise<unknown[]>) {
  const bad: unknown[] = [];
  for (let from = 0; from < items.length; from += AT_ONCE) bad.push(...(await send(items.slice(from, from + AT_ONCE))));
  return bad;
}

const isBad = (answer: string) => answer.includes('INTERNAL_SERVER_ERROR') || !answer.includes('{');

async function overHttp(documents: readonly ChanceDocument[]): Promise<unknown[]> {
  const answers = documents.map(async (document) => {
    const response = await fetch(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(document),
    });
    const answer = await response.text();
    return response.status >= 500 || isBad(answer) ? [{ ...document, answer }] : [];
  });
  return (await Promise.all(answers)).flat();
}

/** One socket for some documents; when what was asked last is answered, all before it were taken. */
async function overSocket(documents: readonly ChanceDocument[]): Promise<unknown[]> {
  const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  const messages: Json[] = [];
  let code: number | undefined;
  socket.on('message', (data) => messages.push(JSON.parse((data as Buffer).toString()) as Json));
  socket.on('close', (closeCode) => (code = closeCode));
  await new Promise((resolve) => socket.once('open', resolve));
  const send = (message: unknown) => socket.send(JSON.stringify(message));
  send({ type: 'connection_init' });
  await waitFor('the acknowledgement', () => messages.length > 0);
  documents.forEach((payload, id) => send({ type: 'subscribe', id: String(id), payload }));
  send({ type: 'subscribe', id: 'last', payload: { query: '{ __typename }' } });
  // Variables that are no object are against the protocol.
  await waitFor('the last answer', () => code !== undefined || messages.some(({ id }) => id === 'last'));
  socket.terminate();
  const bad = messages.filter(
    (message) => isBad(JSON.stringify(message)) && !['complete', 'connection_ack'].includes(message['type']),
  );
  return [
    ...bad.map((message) => ({ ...documents[Number(message['id'])], message })),
    ...(code === 4500 ? [{ code }] : []),
  ];
}

describe('documents by chance', () => {
  it.each([
    ['HTTP', overHttp],
    ['WebSocket', overSocket],
  ])('are answered over %s, and take no memory for good', async (_, send) => {
    const documents = fc.sample(documentsOf(schema, ['query', 'mutation', 'subscription']), DOCUMENTS);
    await sendAll(documents.slice(0, DOCUMENTS / 5), send);
    const before = heapMb();
    expect(await sendAll(documents.slice(DOCUMENTS / 5), send)).toEqual([]);
    await waitFor('all watches to end', () => gateway.watchCount() === 0);
    // Some documents are kept for those who send them again.
    expect(heapMb() - before).toBeLessThan(15);
    expect(await isServing()).toBe(true);
  });
});

describe('bytes by chance', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc
      .tuple(
        fc.constantFrom('GET', 'POST', 'OPTIONS', 'PRI'),
        fc.string({ maxLength: 40 }),
        fc.uint8Array({ maxLength: 200 }),
      )
      .map(([method, path, body]) =>
        Buffer.concat([
          Buffer.from(
            `${method} /graphql${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`,
          ),
          body,
        ]),
      ),
  );

  it('disturb nobody over TCP', async () => {
    const { port } = new URL(gateway.url);
    const send = (some: readonly Uint8Array[]) =>
      Promise.all(
        some.map(
          (one) =>
            new Promise<void>((resolve) => {
              const socket = connectTcp(Number(port), '127.0.0.1', () => socket.end(one));
              socket.on('error', () => {}).on('close', () => resolve());
              socket.resume();
            }),
        ),
      );
    await sendAll(fc.sample(bytes, BYTES), send);
    expect(await isServing()).toBe(true);
  });

  it('disturb nobody on a socket, in frames and as frames', async () => {
    const messages = fc.oneof(
      fc.jsonValue().map((value) => JSON.stringify(value)),
      fc
        .record({
          type: fc.constantFrom('connection_init', 'subscribe', 'complete', 'ping', 'pong', 'next', 'x'),
          id: fc.option(fc.string({ maxLength: 3 }), { nil: undefined }),
          payload: fc.oneof(
            fc.jsonValue(),
            fc.record({ query: fc.string(), variables: fc.jsonValue(), extensions: fc.jsonValue() }),
          ),
        })
        .map((message) => JSON.stringify(message)),
      fc.string({ unit: 'binary', maxLength: 50 }),
    );
    const one = fc.tuple(
      fc.array(messages, { maxLength: 8 }),
      fc.option(fc.uint8Array({ maxLength: 100 }), { nil: null }),
    );
    const send = (some: readonly (readonly [string[], Uint8Array | null])[]) =>
      Promise.all(
        some.map(
          ([texts, frames]) =>
            new Promise<number>((resolve) => {
              const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
              socket.on('error', () => {}).on('close', resolve);
              socket.on('open', () => {
                socket.send('{"type":"connection_init"}');
                for (const message of texts) socket.send(message);
                if (frames) (socket as unknown as { _socket: NodeJS.WritableStream })._socket.write(frames);
                socket.close();
                // The server may wait for the rest of a frame, and so for its next ping.
                if (frames) setTimeout(() => socket.terminate(), 200);
              });
            }),
        ),
      );
    const codes = await sendAll(fc.sample(one, BYTES), send);
    expect(codes).not.toContain(4500);
    expect(await isServing()).toBe(true);
    await waitFor('all watches to end', () => gateway.watchCount() === 0);
  });
});
