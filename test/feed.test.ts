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
  /** What the feed has read of the log: how far it goes, and changes. */
  let read: { head: number; changes: TrackingRecord[] };
  let errors: unknown[];

  beforeEach(async () => {
    engine = await open();
    store = await engine.openStore();
    read = { head: 0, changes: [] };
    errors = [];
    feed = new Feed({
      store: {
        ...store,
        // By way of `store`, so that a test can hold it up.
        find: (...question) => store.find(...question),
        list: (query) => store.list(query),
        head: async () => (read.head = await store.head()),
        async changesAfter(...from) {
          const changes = await store.changesAfter(...from);
          read.changes.push(...changes.map(({ record }) => record));
          return changes;
        },
      },
      pollIntervalMs: 2_000,
      onWatch: () => {},
      onInvitationWatch: () => {},
      onError: (error) => void errors.push(error),
    });
    await feed.start();
  });
  afterEach(async () => {
    await feed.stop();
    await engine.close();
    expect(errors).toEqual([]);
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

  it('does not read what nobody watches', async () => {
    const unread = await insert();
    await insert();
    const head = await store.head();
    await waitFor('the feed to pass over both', () => read.head === head);
    const seen = collect(await feed.watchCall(caller, 'call'));
    await insert();
    await waitFor('all', () => seen.length === 3);
    expect(read.changes.length).toBeGreaterThan(0);
    expect(read.changes.map(({ id }) => id)).not.toContain(unread.id);
  });

  it('starts over again when that fails', async () => {
    const record = await insert();
    const seen = collect(await feed.watchCall(caller, 'call'));
    await insert();
    await waitFor('what is there, and what is new', () => seen.length === 2);
    const list = store.list.bind(store);
    let isBroken = true;
    store.list = (query) => (isBroken ? Promise.reject(new Error('broken')) : list(query));
    await engine.run(`update record set revision = 9 where id = '${record.id}'`);
    await engine.run('delete from change');
    await waitFor('the failure', () => errors.length > 0, 15_000);
    isBroken = false;
    await waitFor('the newer state', () => seen.length === 3, 15_000);
    expect(new Set(errors.splice(0).map(String))).toEqual(new Set(['Error: broken']));
  });

  it('misses nothing for whoever begins to watch while it passes over a change', async () => {
    const record = await insert();
    const find: Store['find'] = store.find.bind(store);
    store.find = async (...question) => {
      const known = await find(...question);
      store.find = find;
      await store.save([
        { record: { ...record, revision: 2 }, baseRevision: 1, dueInMs: 9_000, watchedDueInMs: 9_000 },
      ]);
      const head = await store.head();
      await waitFor('the feed to pass over it', () => read.head === head);
      return known;
    };
    const seen = collect(
      await feed.watchRecord('inviteParticipantsOperation', caller, { id: record.id, callId: 'call' }),
    );
    await waitFor('the record', () => seen.length > 0);
    expect(seen.map(({ revision }) => revision)).toEqual([2]);
  });

  it('ends every watch when it stops', async () => {
    const watch = await feed.watchCall(caller, 'call');
    const waiting = watch[Symbol.asyncIterator]().next();
    await feed.stop();
    expect(await waiting).toEqual({ value: undefined, done: true });
  });
});
