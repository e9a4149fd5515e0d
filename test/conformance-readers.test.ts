// Many who watch the same, coming, going and reading as they like: each is told all that follows, and nobody disturbs another.
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { dataOf, startGateway, waitFor, type TestGateway } from './support/gateway.ts';
import { invite, revise, revisionsOf, span, toldOf, WATCH, WATCH_CALL, type Made } from './support/operations.ts';
import { openSlowReader, type SlowReader } from './support/slow-readers.ts';
import { engines, openSqlite, type Engine } from './support/stores.ts';
import { transports, type LiveClient, type Stream, type Transport } from './support/transports.ts';

jest.setTimeout(120_000);

const READ = `query ($id: ID!) { told: inviteParticipantsOperation(callId: "call", id: $id) { tracking { revision } } }`;
/** Asks for the same text so often that an answer has two megabytes, while its record is small. */
const WATCH_LARGE = WATCH.replace(
  'resultInfo { message }',
  Array.from({ length: 40 }, (_, index) => `a${index}: resultInfo { message }`).join(' '),
);
const TEXT = 'x'.repeat(50_000);

/** @returns how much memory is in use when all is given back that can be, in MB. */
function memoryMb(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 2 ** 20;
}

let engine: Engine;
let gateway: TestGateway;
let clients: LiveClient[];
let made: Made;

const begin = (open: () => Promise<Engine>) => async () => {
  clients = [];
  engine = await open();
  gateway = await startGateway(engine);
  made = await invite(gateway, { callId: 'call' });
};
const finish = async () => {
  for (const client of clients) await client.close();
  await waitFor('all watches to end', () => gateway.watchCount() === 0);
  await gateway.stop();
  await engine.close();
};
function connect(transport: Transport): LiveClient {
  const client = transport.connect(gateway.url);
  clients.push(client);
  return client;
}
const watch = (client: LiveClient, after?: number) =>
  client.ask({ query: WATCH, variables: { callId: 'call', id: made.tracking.id, ...(after ? { after } : {}) } });
const end = () => gateway.emulator.endOperation(made.id, 'completed');

describe.each(engines)('on $name', ({ open }) => {
  beforeEach(begin(open));
  afterEach(finish);

  it.each(transports)('whoever joins over $name is told all from then on, whenever that is', async (transport) => {
    const client = connect(transport);
    const reference = watch(client);
    await reference.received(1);
    const joined = [1, 2, 3].map(() => ({ stream: watch(client), atLeast: 2 }));
    const caughtUp: { stream: Stream; after: number }[] = [];
    const left: Stream[] = [];
    await revise(gateway, made.id, 20);
    for (let revision = 3; revision <= 22; revision += 1) {
      await reference.received(revision - 1);
      for (const from of [client, connect(transport)]) joined.push({ stream: watch(from), atLeast: revision });
      if (revision % 4 === 0) caughtUp.push({ stream: watch(client, revision - 2), after: revision - 2 });
      // Some go again, one of them at once.
      if (revision % 5 === 0) left.push(watch(client));
      if (revision % 5 === 2) left.at(-1)?.leave();
      if (revision === 10) watch(client).leave();
    }
    await end();
    for (const { stream, atLeast } of joined) {
      expect(await stream.ended).toBe('complete');
      const [first = 0] = revisionsOf(stream.answers);
      expect(first).toBeGreaterThanOrEqual(atLeast);
      expect(revisionsOf(stream.answers)).toEqual(span(first, 23));
      expect(toldOf(stream.answers).at(-1)?.['status']).toBe('completed');
    }
    for (const { stream, after } of caughtUp) {
      await stream.ended;
      expect(revisionsOf(stream.answers)).toEqual(span(after + 1, 23));
    }
    for (const { answers } of left) {
      const [first = 0, ...more] = revisionsOf(answers);
      expect(more).toEqual(span(first + 1, first + more.length));
    }
    await reference.ended;
    expect(revisionsOf(reference.answers)).toEqual(span(2, 23));
  });

  it.each(transports)(
    'whoever joins over $name is told first what was answered before, or later states, though others run',
    async (transport) => {
      const client = connect(transport);
      const others = [watch(client), client.ask({ query: WATCH_CALL, variables: { callId: 'call' } })];
      for (const stream of others) await stream.received(1);
      await revise(gateway, made.id, 12);
      for (let last = 0; last < 14;) {
        const answer = await gateway.query(READ, { id: made.tracking.id });
        last = dataOf(answer, 'told')['tracking'].revision as number;
        const stream = watch(client);
        await stream.received(1);
        expect(revisionsOf(stream.answers)[0]).toBeGreaterThanOrEqual(last);
        stream.leave();
        const written = await invite(gateway, { callId: 'call' });
        const call = client.ask({ query: WATCH_CALL, variables: { callId: 'call' } });
        const find = () => toldOf(call.answers).find(({ tracking }) => tracking.id === written.tracking.id);
        const first = await waitFor('what was written', find);
        expect(first['tracking'].revision).toBeGreaterThanOrEqual(written.tracking.revision);
        call.leave();
      }
      for (const stream of others) stream.leave();
    },
  );
});

describe.each(transports)('readers over $name that stop reading', (transport) => {
  beforeEach(begin(openSqlite));
  afterEach(finish);

  const SLOW = 4;
  const STATES = 24;

  it('keep nobody waiting, take little memory, and are told the newest states and the final one', async () => {
    const opened: SlowReader[] = [];
    const open = async (query: string, revisions: number[], after?: number) => {
      const variables = { callId: 'call', id: made.tracking.id, ...(after === undefined ? {} : { after }) };
      const reader = await openSlowReader[transport.name]?.(gateway.url, { query, variables }, (answer) =>
        revisions.push(...revisionsOf([answer])),
      );
      opened.push(reader as SlowReader);
      return reader as SlowReader;
    };
    try {
      const slow = Array.from({ length: SLOW }, () => ({ revisions: [] as number[] }));
      for (const { revisions } of slow) await open(WATCH_LARGE, revisions);
      await waitFor('the current state', () => slow.every(({ revisions }) => revisions.length > 0));
      for (const reader of opened) reader.pause();
      const quick: number[] = [];
      const before = memoryMb();
      const reader = await open(WATCH, quick);
      await revise(gateway, made.id, STATES, TEXT);
      await waitFor('all states to be told to who reads', () => quick.length === STATES + 1, 60_000);
      // All that there is to send would be nearly 200 MB.
      expect(memoryMb() - before).toBeLessThan(100);
      await end();
      expect([await reader.ended, quick]).toEqual(['complete', span(2, STATES + 3)]);
      for (const [index, { revisions }] of slow.entries()) {
        const stalled = opened[index] as SlowReader;
        stalled.resume();
        // Who was cut off comes back for the rest, as every client does.
        if ((await stalled.ended) === 'cut') await (await open(WATCH_LARGE, revisions, revisions.at(-1))).ended;
        expect(revisions.slice(1).every((revision, at) => revision > (revisions[at] as number))).toBe(true);
        expect(revisions.at(-1)).toBe(STATES + 3);
      }
    } finally {
      for (const reader of opened) reader.drop();
    }
  });
});
