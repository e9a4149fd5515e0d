import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { createEmulator, type Emulator } from '../src/emulator/emulator.ts';
import { createBatchReader } from '../src/graph/batch.ts';
import { createGraphClient, type GraphClient } from '../src/graph/client.ts';
import { createGovernor, type Governor } from '../src/graph/governor.ts';
import { Poller } from '../src/tracking/poller.ts';
import type { OperationRecord } from '../src/tracking/record.ts';
import type { Store } from '../src/tracking/store.ts';
import { createTracker, type Tracker } from '../src/tracking/tracker.ts';
import { administer, waitFor, type EmulatorAdmin } from './support/gateway.ts';
import { caller } from './support/records.ts';
import { engines, type Engine } from './support/stores.ts';

const INTERVAL_MS = 2_000;

describe.each(engines)('the poller on $name', ({ open }) => {
  let engine: Engine;
  let store: Store;
  let emulator: Emulator;
  let graph: EmulatorAdmin;
  let client: GraphClient;
  let tracker: Tracker;
  let governor: Governor;
  let isTold: boolean;
  let clockMs: number;
  const now = () => new Date(clockMs);

  beforeEach(async () => {
    clockMs = Date.now();
    engine = await open();
    store = await engine.openStore();
    emulator = createEmulator({ operationMs: 600_000 });
    const baseUrl = await emulator.start();
    graph = administer(baseUrl);
    isTold = false;
    governor = createGovernor({ now: () => clockMs });
    client = createGraphClient({
      baseUrl,
      version: 'v1.0',
      loadToken: () => Promise.resolve('token'),
      connections: 4,
      governor,
    });
    tracker = createTracker({
      store,
      unwritten: { write: (_, write) => write() },
      graph: client,
      now,
      timeoutMs: 5_000,
      pollIntervalMs: INTERVAL_MS,
      invitationDeadlineMs: 86_400_000,
      operationDeadlineMs: 300_000,
      inviteLists: { allowedDomains: [], blockedDomains: [], ccAllowed: [], redirectOrigins: [] },
      offersCallInvitations: true,
      usersOf: null,
      onQueued: () => {},
    });
  });
  afterEach(async () => {
    await governor.stop();
    await client.stop();
    await emulator.stop();
    await engine.close();
  });

  const throwIt = (error: unknown) => {
    throw error;
  };
  const createPoller = (of: Store = store, onError: (error: unknown) => void = throwIt) =>
    new Poller({
      store: of,
      reader: createBatchReader(client),
      now,
      intervalMs: INTERVAL_MS,
      leaseMs: 15_000,
      pauseMs: () => governor.delayMs('calls', 'poll'),
      isTold: () => isTold,
      onError,
    });
  const invite = (callId = 'call') =>
    tracker.inviteParticipants(callId, { participants: [{ identity: { user: { id: 'u1' } } }] }, caller);
  const inviteMany = (count: number) => Promise.all(Array.from({ length: count }, () => invite()));
  const find = async (id: string) =>
    (await store.find('inviteParticipantsOperation', caller, id, 'call')) as OperationRecord;

  it.each([
    [1, 1],
    [20, 1],
    [21, 2],
    [45, 3],
    [100, 5],
  ])('reads %d due operations with %d requests', async (count, requests) => {
    await inviteMany(count);
    await graph.clearRequests();
    await engine.backDate(60_000);
    await createPoller().tick();
    expect((await graph.counts()).byRoute).toEqual({
      'POST /$batch': requests,
      'GET /communications/calls/{}/operations/{}': count,
    });
  });

  it('asks nothing when nothing is due, and takes what is nearly due along when something is', async () => {
    const [first, second, third] = await inviteMany(3);
    await graph.clearRequests();
    await createPoller().tick();
    expect((await graph.counts()).http).toBe(0);
    const dueIn = (id: string | undefined, ms: number) =>
      engine.run(`update record set due_at = due_at - ${3 * INTERVAL_MS - ms} where id = '${id}'`);
    await dueIn(first?.id, -1_000);
    await dueIn(second?.id, 500);
    await dueIn(third?.id, 60_000);
    await createPoller().tick();
    const [batch] = await graph.requests();
    expect(new Set(batch?.['parts'].map(({ url }: { url: string }) => url.split('/').at(-1)))).toEqual(
      new Set([first?.graphId, second?.graphId]),
    );
  });

  it('shares the work: two pollers on one store read each record once', async () => {
    await inviteMany(60);
    await graph.clearRequests();
    await engine.backDate(60_000);
    const other = await engine.openStore();
    await Promise.all([createPoller().tick(), createPoller(other).tick()]);
    expect((await graph.counts()).byRoute['GET /communications/calls/{}/operations/{}']).toBe(60);
  });

  it('does not read what another replica has leased until the lease ends', async () => {
    const { id } = await invite();
    await engine.backDate(60_000);
    expect(
      await store.claim({ work: 'poll', limit: 20, leaseMs: 15_000, leaseToken: randomUUID(), horizonMs: 0 }),
    ).toHaveLength(1);
    await graph.clearRequests();
    await createPoller().tick();
    expect((await graph.counts()).http).toBe(0);
    await engine.backDate(16_000);
    await createPoller().tick();
    expect((await graph.counts()).http).toBe(1);
    expect(await find(id)).toMatchObject({ state: 'active', observedAt: expect.any(Date) });
  });

  it('judges each part alone: matches by id, survives doubled and missing parts, and any order', async () => {
    const made = await inviteMany(20);
    await graph.fault({ path: `/operations/${made[3]?.graphId}$`, effect: { kind: 'dropPart' } });
    await graph.fault({ path: `/operations/${made[4]?.graphId}$`, effect: { kind: 'doublePart' } });
    await graph.fault({ path: `/operations/${made[5]?.graphId}$`, effect: { kind: 'status', status: 503 } });
    for (const [index, { graphId }] of made.entries())
      await graph.endOperation(graphId ?? '', index % 2 ? 'failed' : 'completed');
    await engine.backDate(60_000);
    await createPoller().tick();
    for (const [index, { id }] of made.entries()) {
      const isFailedPart = index === 3 || index === 5;
      expect(await find(id)).toMatchObject({
        state: isFailedPart ? 'active' : 'settled',
        attempts: isFailedPart ? 1 : 0,
        payload: { status: isFailedPart ? 'running' : index % 2 ? 'failed' : 'completed' },
      });
    }
  });

  it('waits as long as a throttled part asks, and longer after each failure, but not beyond the deadline', async () => {
    const { id, graphId } = await invite();
    const dueInMs = async () => Number((await find(id)).dueAt) - Date.now();
    await graph.fault({
      path: `/operations/${graphId}$`,
      times: 1,
      effect: { kind: 'status', status: 429, retryAfter: '42.5' },
    });
    await engine.backDate(60_000);
    await createPoller().tick();
    expect(await dueInMs()).toBeGreaterThan(41_000);
    expect(await dueInMs()).toBeLessThan(43_000);
    await graph.fault({
      path: `/operations/${graphId}$`,
      times: 1,
      effect: { kind: 'status', status: 429, retryAfter: '99999999' },
    });
    await engine.backDate(60_000);
    await createPoller().tick();
    expect(await dueInMs()).toBeLessThan(301_000);
    clockMs += 301_000;
    await engine.backDate(400_000);
    await createPoller().tick();
    expect(await find(id)).toMatchObject({ state: 'unknown', reason: 'deadlineExceeded', dueAt: null });
  });

  it('claims nothing while Graph wants to be left alone', async () => {
    const made = await inviteMany(3);
    await graph.fault({
      path: `/operations/${made[0]?.graphId}$`,
      times: 1,
      effect: { kind: 'status', status: 429, retryAfter: '42.5' },
    });
    await engine.backDate(60_000);
    await createPoller().tick();
    await graph.clearRequests();
    await engine.backDate(60_000);
    await createPoller().tick();
    expect((await graph.counts()).http).toBe(0);
    expect(await engine.run('select id from record where lease_token is not null')).toEqual([]);
    clockMs += 43_000;
    await createPoller().tick();
    expect((await graph.counts()).http).toBe(1);
  });

  it('reads five times less often while notifications tell of the ends', async () => {
    const { id } = await invite();
    isTold = true;
    await engine.backDate(60_000);
    await createPoller().tick();
    const dueInMs = Number((await find(id)).dueAt) - Date.now();
    expect(dueInMs).toBeGreaterThan(4 * 3 * INTERVAL_MS);
    expect(dueInMs).toBeLessThanOrEqual(5 * 3 * INTERVAL_MS);
  });

  it('asks each call once who is in it, when Graph has forgotten operations', async () => {
    const made = [...(await inviteMany(10)), await invite('other')];
    for (const { graphId } of made.slice(0, 5)) await graph.endOperation(graphId ?? '', 'completed');
    await graph.fault({ path: '/operations/', effect: { kind: 'status', status: 404 } });
    for (const requests of [1, 2]) {
      await graph.clearRequests();
      await engine.backDate(60_000);
      await createPoller().tick();
      expect((await graph.counts()).http).toBe(requests);
    }
    expect((await graph.counts()).byRoute['GET /communications/calls/{}/participants']).toBe(2);
    // The same user was invited by all: who is in the call was invited.
    expect(await find(made[0]?.id ?? '')).toMatchObject({ state: 'settled', reason: 'joined' });
    const other = await store.find('inviteParticipantsOperation', caller, made.at(-1)?.id ?? '', 'other');
    expect(other).toMatchObject({ state: 'unknown', reason: 'goneFromGraph' });
  });

  it('ends with the batches under way, however much is due', async () => {
    for (const count of [100, 100, 100, 100]) await inviteMany(count);
    await graph.fault({ path: '^/\\$batch$', effect: { kind: 'delay', ms: 200 } });
    await graph.clearRequests();
    await engine.backDate(60_000);
    const poller = createPoller();
    poller.start();
    await waitFor('a batch', async () => (await graph.counts()).http > 0);
    await poller.stop();
    const asked = (await graph.counts()).http;
    expect(asked).toBeLessThanOrEqual(16);
    expect(await engine.run('select id from record where lease_token is not null')).toEqual([]);
  });

  it('tells of what cannot be written, goes on with the rest, and reads that again when its lease has ended', async () => {
    await inviteMany(60);
    await engine.backDate(60_000);
    const [errors, failure] = [[] as unknown[], new Error('the disk is full')];
    const save: Store['save'] = (...args) => (errors.length === 0 ? Promise.reject(failure) : store.save(...args));
    const poller = createPoller({ ...store, save }, (error) => errors.push(error));
    await poller.tick();
    expect(errors).toEqual([failure]);
    const unread = 'select id from record where observed_at is null or lease_token is not null';
    expect(await engine.run(unread)).toHaveLength(20);
    await graph.clearRequests();
    await engine.backDate(16_000);
    await poller.tick();
    expect(await engine.run(unread)).toEqual([]);
  });

  it('sends one batch at a time for a record, however often it is asked to look', async () => {
    await invite();
    await engine.backDate(60_000);
    await graph.clearRequests();
    const poller = createPoller();
    await Promise.all([poller.tick(), poller.tick(), poller.tick()]);
    expect((await graph.counts()).http).toBe(1);
  });
});
