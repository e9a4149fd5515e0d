/** Three gateway processes on one PostgreSQL, one killed and one stopped in the middle: nobody sees more, less or other than it was. */
import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'graphql-ws';
import {
  administer,
  connect,
  dataOf,
  query,
  toLiveEnvironment,
  waitFor,
  type Answer,
  type Json,
} from './support/gateway.ts';
import { startGraphRecorder, type GraphRecorder, type RecordedRead } from './support/graph-recorder.ts';
import { findPort } from './support/ports.ts';
import { spawnGateway, type GatewayProcess } from './support/process.ts';
import { engines, type Engine } from './support/stores.ts';

jest.setTimeout(240_000);

const OPERATIONS = 2_000;
/** Beside the record and Graph's first answer. */
const CHANGES = 5;
const LAST_REVISION = 2 + CHANGES;
const SUBSCRIBERS_PER_REPLICA = 200;
/** Each operation that is watched is so at every replica. */
const WATCHED_BY_EACH = 3;
const INTERVAL_MS = 1_000;
const LEASE_MS = 15_000;
/** From the claim to the moment at which the read of it arrives, on a busy machine. */
const SLACK_MS = 1_500;
/** How long the answer is held back that the stopped replica's late word must not spoil. */
const HOLD_MS = 4_000;

const INVITE = `mutation { inviteParticipants(callId: "call", input: { participants: [{ identity: { user: { id: "u1" } } }] }) { id tracking { id } } }`;
const WATCH = `subscription ($id: ID!, $after: Int) { inviteParticipantsOperationUpdated(callId: "call", id: $id, afterRevision: $after) { status tracking { revision } } }`;

interface Replica {
  name: string;
  url: string;
  gateway: GatewayProcess;
  isDead: boolean;
}

let folder: string;
let engine: Engine;
let emulator: GatewayProcess;
let recorder: GraphRecorder;
let graph: ReturnType<typeof administer>;
let replicas: Replica[];
const clients = new Set<Client>();

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'soak-'));
  engine = await (engines[1] as (typeof engines)[number]).open();
  emulator = spawnGateway(
    {
      EMULATOR_PORT: String(await findPort()),
      EMULATOR_OPERATION_MS: '3600000',
      EMULATOR_STATE_FILE: join(folder, 'emulator.db'),
    },
    'src/emulator/main.ts',
  );
  const graphUrl = await emulator.listening();
  graph = administer(graphUrl);
  await graph.settings({ finishedMs: 3_600_000 });
  recorder = await startGraphRecorder(graphUrl);
  replicas = ['replica-one', 'replica-two', 'replica-three'].map((name) => {
    const gateway = spawnGateway({
      PORT: '0',
      POLL_INTERVAL_MS: String(INTERVAL_MS),
      ...engine.environment,
      ...toLiveEnvironment(recorder.url, name),
    });
    return { name, gateway, url: '', isDead: false };
  });
  for (const replica of replicas) replica.url = await replica.gateway.listening();
});
afterEach(async () => {
  for (const client of clients) await client.dispose();
  for (const { gateway } of replicas) await gateway.end('SIGKILL');
  await recorder.stop();
  await emulator.end('SIGKILL');
  await engine.close();
  await rm(folder, { recursive: true });
});

it('shows every subscriber each revision once and in order to the end, though a replica is killed and another one stopped for longer than its lease', async () => {
  const made = await inviteAll();
  const subscribers = replicas.flatMap((_, home) =>
    Array.from({ length: SUBSCRIBERS_PER_REPLICA }, (__, index) => {
      const from = index * WATCHED_BY_EACH;
      return subscribe(home, made.slice(from, from + WATCHED_BY_EACH));
    }),
  );
  await waitFor(
    'all to watch',
    () => subscribers.every(({ seen }) => seen.every((revisions) => revisions.length >= 2)),
    60_000,
  );

  const events = disturb();
  await changeAll(events);
  await waitFor('every subscriber to see the end', () => subscribers.every(({ isOver }) => isOver()), 30_000);

  const whole = Array.from({ length: LAST_REVISION }, (_, index) => index + 1);
  for (const { seen } of subscribers) for (const revisions of seen) expect(revisions).toEqual(whole);
  expect(overlapping(recorder.reads)).toEqual([]);
  expect(
    await engine.run(`select count(*) as n from record where state = 'settled' and revision = ${LAST_REVISION}`),
  ).toEqual([{ n: OPERATIONS }]);
  expect(
    await engine.run(
      'select count(*) as rows, count(distinct (record_id, revision)) as revisions, max(revision) as last, min(revision) as first from change',
    ),
  ).toEqual([
    { rows: OPERATIONS * LAST_REVISION, revisions: OPERATIONS * LAST_REVISION, last: LAST_REVISION, first: 1 },
  ]);
  expect(events.log).toEqual(['killed', 'stopped', 'continued']);
  const left = replicas.filter(({ isDead }) => !isDead);
  expect(await Promise.all(left.map(({ gateway }) => gateway.end('SIGTERM')))).toMatchObject([
    { code: 0 },
    { code: 0 },
  ]);
  expect(left.flatMap(({ gateway }) => gateway.lines.filter(({ level }) => level === 'error'))).toEqual([]);
});

/** @returns the records' ids. */
async function inviteAll(): Promise<string[]> {
  const ids: string[] = [];
  let left = OPERATIONS;
  const work = async (index: number) => {
    while (left-- > 0) {
      const { url } = replicas[index % replicas.length] as Replica;
      ids.push(dataOf(await query(url, INVITE), 'inviteParticipants')['tracking'].id as string);
    }
  };
  await Promise.all(Array.from({ length: 24 }, (_, index) => work(index)));
  return ids;
}

/** Watches some operations over one socket; when it breaks, goes on after what it saw at the next replica that lives. */
function subscribe(home: number, ids: readonly string[]) {
  const living = () => [0, 1, 2].map((next) => replicas[(home + next) % 3] as Replica).find(({ isDead }) => !isDead);
  const client = connect('', {
    url: () => `${living()?.url.replace('http', 'ws')}/graphql`,
    retryAttempts: 50,
    retryWait: () => Promise.resolve(),
    shouldRetry: () => true,
  });
  clients.add(client);
  const seen: number[][] = ids.map(() => []);
  const ended = Promise.all(
    ids.map(
      (id, index) =>
        new Promise<void>((resolve, reject) => {
          const revisions = seen[index] as number[];
          const payload = {
            query: WATCH,
            // Read anew for each subscription.
            get variables() {
              return { id, after: revisions.at(-1) ?? 0 };
            },
          };
          client.subscribe<Json>(payload, {
            next(answer) {
              const { tracking } = dataOf(answer as Answer, 'inviteParticipantsOperationUpdated');
              revisions.push(tracking.revision as number);
            },
            error: reject,
            complete: resolve,
          });
        }),
    ),
  );
  let isOver = false;
  ended.then(
    () => (isOver = true),
    () => {},
  );
  return { seen, isOver: () => isOver };
}

/** Lets each operation take its next step in Graph as soon as the last one is on disk, until all have ended. */
async function changeAll(events: ReturnType<typeof disturb>): Promise<void> {
  const steps = new Map<string, number>();
  for (let isOver = false; !isOver;) {
    const rows = await engine.run('select graph_id, revision from record');
    const due = rows.filter(({ graph_id, revision }) => Number(revision) - 2 === (steps.get(String(graph_id)) ?? 0));
    const steppable = due
      .filter(({ revision }) => Number(revision) < LAST_REVISION)
      .map(({ graph_id }) => String(graph_id));
    await Promise.all(
      Array.from({ length: 16 }, async () => {
        for (let id = steppable.pop(); id !== undefined; id = steppable.pop()) {
          const step = (steps.get(id) ?? 0) + 1;
          await (step < CHANGES ? graph.operationProgress(id, step) : graph.endOperation(id, 'completed'));
          steps.set(id, step);
        }
      }),
    );
    const done = rows.reduce((sum, { revision }) => sum + Number(revision) - 2, 0);
    if (done > (OPERATIONS * CHANGES) / 10) events.begin();
    isOver = done === OPERATIONS * CHANGES;
    await sleep(100);
  }
}

/**
 * Kills the last replica in the middle of a read, and stops the second one in the middle of another until somebody else reads the
 * same: its late word comes while that one has the lease.
 */
function disturb() {
  const log: string[] = [];
  let hasBegun = false;
  let isHeld = false;
  let stopped: RecordedRead | undefined;
  const [, second, third] = replicas as [Replica, Replica, Replica];
  recorder.onRead = async (read) => {
    if (!hasBegun) return;
    if (read.replica === third.name && !third.isDead) {
      third.isDead = true;
      third.gateway.child.kill('SIGKILL');
      log.push('killed');
    } else if (read.replica === second.name && !stopped && third.isDead) {
      stopped = read;
      second.gateway.child.kill('SIGSTOP');
      log.push('stopped');
    } else if (stopped && !isHeld && read !== stopped && read.ids.some((id) => stopped?.ids.includes(id))) {
      isHeld = true;
      second.gateway.child.kill('SIGCONT');
      log.push('continued');
      await sleep(HOLD_MS);
    }
  };
  return { log, begin: () => void (hasBegun = true) };
}

/** @returns pairs of reads of one operation at the same time, where the first one's lease had not run out. */
function overlapping(reads: readonly RecordedRead[]): string[] {
  const byId = new Map<string, RecordedRead[]>();
  for (const read of reads) for (const id of read.ids) byId.set(id, [...(byId.get(id) ?? []), read]);
  return [...byId].flatMap(([id, all]) =>
    all.slice(1).flatMap((read, index) => {
      const before = all[index] as RecordedRead;
      const isFree = read.beganAt >= Math.min(before.endedAt, before.beganAt + LEASE_MS - SLACK_MS);
      return isFree ? [] : [`${id}: ${before.replica} and ${read.replica} ${read.beganAt - before.beganAt} ms later`];
    }),
  );
}
