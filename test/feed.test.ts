import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { Feed } from '../src/tracking/feed.ts';
import type { TrackingRecord } from '../src/tracking/record.ts';
import type { Store } from '../src/tracking/store.ts';
import { waitFor } from './support/gateway.ts';
import { caller, newOperation } from './support/records.ts';
import { engines, type Engine } from './support/stores.ts';

describe.each(engines)('the feed on $name', ({ open }) => {
  let engine: Engine;
  let store: Store;
  let feed: Feed;

  beforeEach(async () => {
    engine = await open();
    store = await engine.openStore();
    feed = new Feed({
      store,
      pollIntervalMs: 2_000,
      onWatch: () => {},
      onInvitationWatch: () => {},
      onError: (error) => {
        throw error;
      },
    });
    await feed.start();
  });
  afterEach(async () => {
    await feed.stop();
    await engine.close();
  });

  /** Collects what a watch yields. */
  function collect(watch: AsyncIterable<TrackingRecord>): TrackingRecord[] {
    const seen: TrackingRecord[] = [];
    void (async () => {
      for await (const record of watch) seen.push(record);
    })();
    return seen;
  }
  async function insert() {
    const record = newOperation({ createdAt: new Date() });
    await store.insert(record, randomUUID(), 60_000);
    return record;
  }

  it('notes interest, so that a watched record is read sooner, and forgets it when nobody watches', async () => {
    const record = await insert();
    await store.save([
      { record: { ...record, state: 'active', revision: 2 }, baseRevision: 1, dueInMs: 60_000, watchedDueInMs: 2_000 },
    ]);
    expect(await store.nextDueInMs('poll')).toBeGreaterThan(50_000);
    const watch = await feed.watchRecord('inviteParticipantsOperation', caller, { id: record.id, callId: 'call' });
    expect(await store.nextDueInMs('poll')).toBeLessThanOrEqual(2_000);
    expect(feed.watchCount).toBe(1);
    watch.stop();
    expect(feed.watchCount).toBe(0);
  });

  it('shows a record to nobody but its owner', async () => {
    const record = await insert();
    const stranger = { ...caller, subject: 'stranger' };
    await expect(
      feed.watchRecord('inviteParticipantsOperation', stranger, { id: record.id, callId: 'call' }),
    ).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const [theirs, ours] = [
      collect(await feed.watchCall(stranger, 'call')),
      collect(await feed.watchCall(caller, 'call')),
    ];
    const second = await insert();
    await waitFor('the owner to see both', () => ours.length === 2);
    expect(ours.map(({ id }) => id)).toEqual([record.id, second.id]);
    expect(theirs).toEqual([]);
    expect(feed.watchCount).toBe(2);
  });

  it('starts over when the log is behind its cursor, as after a restore', async () => {
    const record = await insert();
    const seen = collect(await feed.watchCall(caller, 'call'));
    await insert();
    await waitFor('what is there, and what is new', () => seen.length === 2);
    await engine.run(`update record set revision = 9 where id = '${record.id}'`);
    await engine.run('delete from change');
    await waitFor('the newer state', () => seen.length === 3, 15_000);
    expect(seen.map(({ revision }) => revision)).toEqual([1, 1, 9]);
  });

  it('starts over when another history has grown past its cursor, as after a failover', async () => {
    const [lost, kept] = [await insert(), await insert()];
    const seen = collect(await feed.watchCall(caller, 'call'));
    await insert();
    await waitFor('what is there, and what is new', () => seen.length === 3);
    await engine.run('delete from change');
    await engine.run(`update record set revision = 8 where id = '${lost.id}'`);
    await engine.run('delete from change');
    await engine.run(`update record set revision = 9 where id = '${kept.id}'`);
    await waitFor('the newer states', () => seen.length === 5, 15_000);
    expect(new Set(seen.slice(3).map(({ revision }) => revision))).toEqual(new Set([8, 9]));
  });

  it('ends every watch when it stops', async () => {
    const watch = await feed.watchCall(caller, 'call');
    const waiting = watch[Symbol.asyncIterator]().next();
    await feed.stop();
    expect(await waiting).toEqual({ value: undefined, done: true });
  });
});
