/** What the store promises, on both engines. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { TrackingRecord } from '../src/tracking/record.ts';
import type { Store, Write } from '../src/tracking/store.ts';
import { createPostgresListener } from '../src/tracking/postgres-listener.ts';
import { createPostgresStore } from '../src/tracking/postgres.ts';
import { createSqliteStore } from '../src/tracking/sqlite.ts';
import './support/console.ts';
import { caller, createdAt, newInvitation, newOperation, owner } from './support/records.ts';
import { startPostgres } from './support/postgres.ts';
import { engines, KEY_MS, STAMP, type Engine } from './support/stores.ts';

const HOUR_MS = 3_600_000;
const LEASE_MS = 60_000;

async function waitFor(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 10_000;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`waited in vain for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const later = (minutes: number) => new Date(Number(createdAt) + minutes * 60_000);
const ids = (records: readonly TrackingRecord[]) => records.map(({ id }) => id);
const revisions = (records: readonly TrackingRecord[]) => records.map(({ revision }) => revision);
const unchanged = (record: TrackingRecord): Write => ({
  record,
  baseRevision: record.revision,
  dueInMs: HOUR_MS,
  watchedDueInMs: HOUR_MS,
});
const raised = <Kept extends TrackingRecord>(record: Kept, members: Partial<Kept> = {}): Write => ({
  ...unchanged({ ...record, state: 'active', revision: record.revision + 1, ...members }),
  baseRevision: record.revision,
});
const finished = (record: TrackingRecord): Write => ({
  ...raised(record, { state: 'settled' }),
  dueInMs: null,
  watchedDueInMs: null,
});

describe.each(engines)('a store on $name', ({ open }) => {
  let engine: Engine;
  let store: Store;

  beforeEach(async () => {
    engine = await open();
    store = await engine.openStore();
  });
  afterEach(() => engine.close());

  const insert = <Kept extends TrackingRecord>(record: Kept) =>
    store.insert(record, randomUUID(), LEASE_MS) as Promise<Kept>;
  const claim = (limit = 20, horizonMs = 0, leaseToken: string = randomUUID()) =>
    store.claim({ work: 'poll', limit, leaseMs: LEASE_MS, leaseToken, horizonMs });
  const load = async (id: string) => {
    const [change] = (await store.histories([id], 1)).flat();
    return change && store.find(change.kind, { ...change.owner, isAdmin: false }, id, change.callId ?? undefined);
  };
  const rows = (columns = '*') => engine.run(`select ${columns} from record order by created_at, id`);
  const count = async (table: string) =>
    Number((await engine.run(`select count(*) as rows from ${table}`))[0]?.['rows']);
  /** @returns an active record that nobody holds, due in an hour. */
  const active = async () => {
    const record = await insert(newOperation());
    await store.save([raised(record)]);
    return { ...record, state: 'active' as const, revision: 2 };
  };

  describe('keeps records', () => {
    it('gives back what was written', async () => {
      const invitation = newInvitation({
        idempotencyKey: 'key',
        graphId: 'graph-1',
        payload: {
          invitedUserEmailAddress: 'a@b.c',
          invitedUser: { id: 'u', externalUserState: 'PendingAcceptance' },
          status: null,
        },
        state: 'active',
        reason: 'ambiguous',
        refusal: {
          code: 'NOT_FOUND',
          message: 'no',
          extensions: { field: 'input', graph: { statusCode: 404, code: null, requestId: 'r' } },
        },
        observedAt: later(1),
        attempts: 2,
        lastError: { code: 'THROTTLED', at: later(2) },
      });
      const operation = newOperation({ owner: { tenantId: 'other', subject: 'one' } });
      for (const record of [invitation, operation]) {
        const inserted = await insert<TrackingRecord>(record);
        expect({ ...inserted, dueAt: null }).toEqual(record);
        expect(await load(record.id)).toEqual(inserted);
        expect((await store.histories([record.id], 5)).flat()).toEqual([inserted]);
      }
    });

    it('keeps every character', async () => {
      const text = 'NUL \u0000 "quoted" \\u0000 \\ \ud800 alone, Zoë, 𝒳, \u2028 and a line\nbreak';
      const record = await insert(
        newInvitation({ payload: { invitedUserDisplayName: text, invitedUserEmailAddress: text } }),
      );
      await store.save([raised(record, { payload: { ...record.payload, invitedUser: { displayName: text } } })]);
      const payload = {
        invitedUserDisplayName: text,
        invitedUserEmailAddress: text,
        invitedUser: { displayName: text },
      };
      expect(await load(record.id)).toMatchObject({ payload, revision: 2 });
      expect(
        await store.list({ kind: 'invitation', viewer: caller, invitedUserEmailAddress: text, first: 1 }),
      ).toHaveLength(1);
    });

    it('takes any text for an id or a key', async () => {
      const odd = 'a\u0000b\ud800';
      const record = await insert(
        newOperation({ callId: odd, idempotencyKey: odd, owner: { tenantId: odd, subject: odd } }),
      );
      await store.save([raised(record, { graphId: odd })]);
      expect((await insert({ ...record, id: randomUUID(), idempotencyKey: odd })).id).toBe(record.id);
      expect(
        await store.find('inviteParticipantsOperation', { ...caller, tenantId: odd, subject: odd }, odd, odd),
      ).toMatchObject({
        id: record.id,
      });
      expect(await store.find('inviteParticipantsOperation', caller, odd, odd)).toBeUndefined();
      expect(await store.histories([odd], 1)).toEqual([[]]);
      expect(await store.revisionsAfter(odd, 0)).toEqual([]);
    });

    it('has all of it again after a restart', async () => {
      const record = await active();
      await store.stop();
      store = await engine.openStore();
      expect(await load(record.id)).toMatchObject({ state: 'active', revision: 2 });
      expect(await store.head()).toBe(2);
    });

    it('finishes what was asked for when it stops, and refuses what comes later', async () => {
      const asked = Array.from({ length: 50 }, () => insert(newInvitation()));
      await store.stop();
      await store.stop();
      expect(new Set(ids(await Promise.all(asked))).size).toBe(50);
      expect(await count('record')).toBe(50);
      await expect(store.head()).rejects.toThrow('The store is stopped.');
      await expect(store.ping()).rejects.toThrow('The store is stopped.');
    });

    it('lets the failure of one request be nobody else’s', async () => {
      const broken = { ...newInvitation(), requestHash: null as never };
      const results = await Promise.allSettled([insert(newInvitation()), insert(broken), insert(newInvitation())]);
      expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      expect(await count('record')).toBe(2);
      await expect(store.ping()).resolves.toBeUndefined();
    });
  });

  describe('is one Graph’s', () => {
    it('refuses another stamp, naming both and the cure', async () => {
      const message = `The store belongs to ${STAMP}, but the gateway is configured for https://graph.microsoft.com tenant-2: set STORE_FILE or DATABASE_URL to another store, or configure the gateway for ${STAMP}.`;
      await expect(engine.createStore('https://graph.microsoft.com tenant-2').start()).rejects.toThrow(message);
      await expect((await engine.openStore()).head()).resolves.toBe(0);
    });

    it('is the first tenant’s that is named, when it was made before any was', async () => {
      const other = await open();
      const [graph = ''] = STAMP.split(' ');
      await (await other.openStore(graph)).stop();
      await (await other.openStore(STAMP)).stop();
      await expect(other.createStore(`${graph} tenant-2`).start()).rejects.toThrow(`The store belongs to ${STAMP}`);
      await expect(other.createStore(graph).start()).rejects.toThrow(`The store belongs to ${STAMP}`);
      await (await other.openStore(STAMP)).stop();
      await other.close();
    });

    it('is one tenant’s when two are named at the same time, as far as two may share it', async () => {
      const other = await open();
      const [graph = ''] = STAMP.split(' ');
      await (await other.openStore(graph)).stop();
      const starts = ['tenant-1', 'tenant-2'].map((tenant) => other.createStore(`${graph} ${tenant}`).start());
      const outcomes = await Promise.allSettled(starts);
      expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
      await other.close();
    });

    it('is not another Graph’s, though the tenant is the same', async () => {
      const other = await open();
      await (await other.openStore('https://graph.microsoft.us')).stop();
      await expect(other.createStore(STAMP).start()).rejects.toThrow(
        'The store belongs to https://graph.microsoft.us,',
      );
      await other.close();
    });

    it('refuses tables that a newer gateway has made', async () => {
      await engine.run(`update meta set value = '99' where name = 'version'`);
      await expect(engine.createStore().start()).rejects.toThrow(
        'The store has schema version 99, but this gateway knows only up to 3: start the newer gateway',
      );
    });

    it('is made once when many start at the same time', async () => {
      const other = await open();
      const stores = await Promise.all(Array.from({ length: 6 }, () => other.openStore()));
      const record = newInvitation();
      await stores[0]?.insert(record, 'lease', LEASE_MS);
      for (const each of stores) expect(await each.find('invitation', caller, record.id)).toBeDefined();
      await other.close();
    });
  });

  describe('keeps one record per idempotency key', () => {
    it('returns the one that is there, as it is now', async () => {
      const first = await insert(newInvitation({ idempotencyKey: 'key' }));
      await store.save([raised(first)]);
      expect(await insert(newInvitation({ idempotencyKey: 'key' }))).toMatchObject({
        id: first.id,
        revision: 2,
        state: 'active',
      });
      expect([await count('record'), await count('change')]).toEqual([1, 2]);
    });

    it('knows keys by owner and kind', async () => {
      const same = { idempotencyKey: 'key' };
      const records: TrackingRecord[] = [
        newInvitation(same),
        newOperation(same),
        newInvitation({ ...same, owner: { ...owner, subject: 'other' } }),
        newInvitation({ ...same, owner: { ...owner, tenantId: 'other' } }),
        newInvitation(),
        newInvitation(),
      ];
      for (const record of records) expect((await insert(record)).id).toBe(record.id);
    });

    it('adds one of many that come at once, from two stores', async () => {
      const stores = [store, await engine.openStore()];
      for (let round = 0; round < 5; round++) {
        const key = `key-${round}`;
        const attempts = Array.from({ length: 10 }, (_, index) =>
          (stores[index % 2] as Store).insert(newInvitation({ idempotencyKey: key }), randomUUID(), LEASE_MS),
        );
        const found = await Promise.all(attempts);
        expect(new Set(ids(found)).size).toBe(1);
      }
      expect([await count('record'), await count('change')]).toEqual([5, 5]);
    });

    it('gives a key free with the record that gives it up', async () => {
      const first = await insert(newInvitation({ idempotencyKey: 'key' }));
      await store.save([
        {
          ...finished({ ...first, reason: 'notSent' }),
          record: { ...first, state: 'settled', reason: 'notSent', revision: 2, idempotencyKey: null },
        },
      ]);
      const second = await insert(newInvitation({ idempotencyKey: 'key' }));
      expect(second.id).not.toBe(first.id);
      expect((await load(first.id))?.idempotencyKey).toBeNull();
    });

    it('takes the same insert twice for one, with its lease begun anew', async () => {
      const record = newInvitation();
      const [first, again] = [await store.insert(record, 'lease', 1_000), await store.insert(record, 'lease', HOUR_MS)];
      expect(again).toMatchObject({ id: record.id, revision: 1 });
      expect(Number(again.dueAt) - Number(first.dueAt)).toBeGreaterThan(HOUR_MS / 2);
      expect([await count('record'), await count('change')]).toEqual([1, 1]);
    });
  });

  describe('lends work', () => {
    it('leaves a new record to the one who inserted it until the lease ends', async () => {
      const record = await insert(newOperation());
      expect(await claim()).toEqual([]);
      expect(await store.nextDueInMs('poll')).toBeGreaterThan(LEASE_MS / 2);
      await engine.backDate(LEASE_MS);
      expect(await store.nextDueInMs('poll')).toBe(0);
      expect(ids(await claim())).toEqual([record.id]);
    });

    it('gives each due record to one claim, the oldest due first, until the lease ends', async () => {
      const records = await Promise.all(Array.from({ length: 5 }, () => insert(newOperation())));
      const overdue = [30, 10, 50, 20, 40].map((minutes, index) => ({ id: records[index]?.id ?? '', minutes }));
      for (const { id, minutes } of overdue)
        await engine.run('update record set due_at = due_at - $1 where id = $2', [minutes * 60_000 + LEASE_MS, id]);
      const [first, second, third] = [await claim(2), await claim(2), await claim(2)];
      const expected = overdue.toSorted((a, b) => b.minutes - a.minutes).map(({ id }) => id);
      expect([first, second, third].map((group) => ids(group).toSorted())).toEqual(
        [expected.slice(0, 2), expected.slice(2, 4), expected.slice(4)].map((group) => group.toSorted()),
      );
      expect(await claim()).toEqual([]);
      expect(first[0]).toMatchObject({ revision: 1, attempts: 0 });
      expect(Number(first[0]?.dueAt) - Date.now()).toBeGreaterThan(LEASE_MS / 2);
    });

    it('gives what a dead replica held to the next, and drops what the dead one still says', async () => {
      const record = await active();
      await engine.backDate(HOUR_MS);
      const [held] = await claim(20, 0, 'first');
      await engine.backDate(LEASE_MS);
      expect(ids(await claim(20, 0, 'second'))).toEqual([record.id]);
      expect(await store.save([raised(held as TrackingRecord)], 'first')).toEqual(new Set());
      expect(await store.save([raised(held as TrackingRecord)], 'second')).toEqual(new Set([record.id]));
      expect(await store.save([unchanged({ ...record, revision: 3 })], 'second')).toEqual(new Set());
      expect(await rows('revision, lease_token')).toEqual([{ revision: 3, lease_token: null }]);
    });

    it('takes records ahead of time with one that is due, but never alone and never held ones', async () => {
      const [due, soon, far, held] = [await active(), await active(), await active(), await insert(newOperation())];
      const dueIn = (id: string, ms: number) =>
        engine.run(`update record set due_at = $1 where id = $2`, [Date.now() + ms, id]);
      await dueIn(due.id, 60_000);
      await dueIn(soon.id, 60_000);
      await dueIn(held.id, 60_000);
      expect(await claim(20, 120_000)).toEqual([]);
      await dueIn(due.id, -1_000);
      expect(ids(await claim(20, 120_000)).toSorted()).toEqual([due.id, soon.id].toSorted());
      expect(await rows('lease_token')).toContainEqual({ lease_token: null });
      await dueIn(held.id, -1_000);
      expect(ids(await claim(20, 1_800_000))).toEqual([held.id]);
      expect((await load(far.id))?.dueAt?.getTime()).toBeGreaterThan(Date.now());
    });

    it('fills a claim ahead of time up to its limit, due ones first', async () => {
      const records = await Promise.all(Array.from({ length: 6 }, () => active()));
      await engine.run('update record set due_at = $1', [Date.now() + 30_000]);
      const due = records[4]?.id ?? '';
      await engine.run('update record set due_at = $1 where id = $2', [Date.now() - 10, due]);
      const claimed = await claim(3, 60_000);
      expect(claimed).toHaveLength(3);
      expect(ids(claimed)).toContain(due);
    });

    it('gives no record to two of many concurrent claims, from two stores', async () => {
      const records = await Promise.all(Array.from({ length: 100 }, () => insert(newOperation())));
      await engine.backDate(LEASE_MS);
      const stores = [store, await engine.openStore()];
      const groups = await Promise.all(
        Array.from({ length: 12 }, (_, index) =>
          (stores[index % 2] as Store).claim({
            work: 'poll',
            limit: 10,
            leaseMs: LEASE_MS,
            leaseToken: randomUUID(),
            horizonMs: 0,
          }),
        ),
      );
      const taken = ids([...groups.flat(), ...(await claim(100))]);
      expect(taken.toSorted()).toEqual(ids(records).toSorted());
    });

    it('says when the next record is due, and that none ever will be', async () => {
      expect(await store.nextDueInMs('poll')).toBeNull();
      const record = await active();
      expect(await store.nextDueInMs('poll')).toBeGreaterThan(HOUR_MS / 2);
      await store.save([finished(record)]);
      expect(await store.nextDueInMs('poll')).toBeNull();
    });
  });

  describe('saves', () => {
    it('drops what was derived from another revision, and writes the rest of the group', async () => {
      const [first, second] = [await active(), await active()];
      await store.save([raised(first)]);
      expect(await store.save([raised(first, { graphId: 'late' }), raised(second)])).toEqual(new Set([second.id]));
      expect(await load(first.id)).toMatchObject({ revision: 3, graphId: null });
      expect(await store.save([])).toEqual(new Set());
      expect(await store.save([raised(newInvitation())])).toEqual(new Set());
    });

    it('lets one of two concurrent writers win', async () => {
      const stores = [store, await engine.openStore()];
      for (let round = 0; round < 5; round++) {
        const records = await Promise.all(Array.from({ length: 20 }, () => insert(newOperation())));
        const orders = [records, records.toReversed()];
        const written = await Promise.all(
          stores.map((each, index) => each.save((orders[index] ?? []).map((record) => raised(record)))),
        );
        expect(written.flatMap((group) => [...group]).toSorted()).toEqual(ids(records).toSorted());
      }
      expect(await count('change')).toBe(200);
    });

    it('writes what raises no revision without a word in the log', async () => {
      const record = await active();
      await store.save([
        unchanged({ ...record, attempts: 3, observedAt: later(5), lastError: { code: 'THROTTLED', at: later(5) } }),
      ]);
      expect(await load(record.id)).toMatchObject({
        attempts: 3,
        observedAt: later(5),
        lastError: { code: 'THROTTLED', at: later(5) },
        revision: 2,
      });
      expect(revisions((await store.histories([record.id], 9)).flat())).toEqual([1, 2]);
    });

    it('writes nothing more of it, whatever else of the group rises', async () => {
      const [same, rising] = [await active(), await active()];
      const written = await store.save([
        unchanged({ ...same, attempts: 1, payload: { status: 'failed' as const }, graphId: 'other' }),
        raised(rising, { graphId: 'new' }),
      ]);
      expect(written).toEqual(new Set([same.id, rising.id]));
      expect(await load(same.id)).toMatchObject({ attempts: 1, payload: same.payload, graphId: same.graphId });
      expect(await load(rising.id)).toMatchObject({ graphId: 'new', revision: 3 });
    });

    it('sets the next due time by whether somebody watches', async () => {
      const [watched, lapsed, unwatched] = [await active(), await active(), await active()];
      await store.watch([watched.id, lapsed.id], 30_000, HOUR_MS);
      await engine.run('update record set watched_until = watched_until - 60000 where id = $1', [lapsed.id]);
      await store.save(
        [watched, lapsed, unwatched].map((record) => ({
          ...unchanged(record),
          dueInMs: 600_000,
          watchedDueInMs: 60_000.5,
        })),
      );
      const dueInMinutes = async (id: string) => Math.round((Number((await load(id))?.dueAt) - Date.now()) / 60_000);
      expect([await dueInMinutes(watched.id), await dueInMinutes(lapsed.id), await dueInMinutes(unwatched.id)]).toEqual(
        [1, 10, 10],
      );
    });
  });

  describe('notes watches', () => {
    it('leaves the due time of a record whose last read failed: Graph may have asked to wait', async () => {
      const record = await active();
      await store.save([
        { ...unchanged({ ...record, attempts: 1, lastError: { code: 'THROTTLED', at: new Date() } }), dueInMs: 42_000 },
      ]);
      await store.watch([record.id], 30_000, 1_000);
      expect(await store.nextDueInMs('poll')).toBeGreaterThan(40_000);
    });

    it('brings the next read forward, never back', async () => {
      const record = await active();
      await store.watch([record.id, 'unknown'], 30_000, 5_000);
      const first = await store.nextDueInMs('poll');
      expect(first).toBeLessThanOrEqual(5_000);
      await store.watch([record.id], 30_000, 50_000);
      expect(await store.nextDueInMs('poll')).toBeLessThanOrEqual(first ?? 0);
      await store.watch([], 30_000, 0);
      await store.watch([record.id], 30_000, 0);
      expect(await store.nextDueInMs('poll')).toBe(0);
    });

    it('leaves alone the due time of records that are held or not yet active, and all of finished ones', async () => {
      const [held, submitting, done] = [await active(), await insert(newOperation()), await active()];
      await engine.run('update record set due_at = due_at - $1 where id = $2', [HOUR_MS, held.id]);
      await claim();
      await store.save([unchanged(submitting), finished(done)]);
      const before = await rows('id, due_at');
      await store.watch([held.id, submitting.id, done.id], 30_000, 0);
      expect(await rows('id, due_at')).toEqual(before);
      const watched = await engine.run('select id from record where watched_until is not null');
      expect(new Set(watched.map(({ id }) => id))).toEqual(new Set([held.id, submitting.id]));
    });

    it('writes a renewal only when half of the time is gone, and never shortens a watch', async () => {
      const record = await active();
      const until = async () => Number((await rows('watched_until'))[0]?.['watched_until']);
      await store.watch([record.id], 60_000, HOUR_MS);
      const first = await until();
      await store.watch([record.id], 60_000, HOUR_MS);
      expect(await until()).toBe(first);
      await store.watch([record.id], 10_000, 100);
      expect(await until()).toBe(first);
      await engine.run('update record set watched_until = watched_until - 31000');
      await store.watch([record.id], 60_000, HOUR_MS);
      expect(await until()).toBeGreaterThanOrEqual(first);
    });

    it('raises no revision and logs nothing', async () => {
      const record = await active();
      const head = await store.head();
      await store.watch([record.id], 30_000, 0);
      await claim();
      expect(await store.head()).toBe(head);
      expect((await load(record.id))?.revision).toBe(2);
    });
  });

  describe('finds', () => {
    it('by our id or Graph’s, in one kind and owner, an operation in its call', async () => {
      const invitation = await insert(newInvitation({ graphId: 'graph-1' }));
      const operation = await insert(newOperation({ graphId: 'graph-1', callId: 'call-1' }));
      for (const id of [invitation.id, 'graph-1']) {
        expect((await store.find('invitation', caller, id))?.id).toBe(invitation.id);
        expect(await store.find('invitation', { ...caller, subject: 'other' }, id)).toBeUndefined();
        expect(await store.find('invitation', { ...caller, tenantId: 'other' }, id)).toBeUndefined();
      }
      for (const id of [operation.id, 'graph-1']) {
        expect((await store.find('inviteParticipantsOperation', caller, id, 'call-1'))?.id).toBe(operation.id);
        expect(await store.find('inviteParticipantsOperation', caller, id, 'call-2')).toBeUndefined();
        expect(await store.find('inviteParticipantsOperation', caller, id)).toBeUndefined();
      }
      expect(await store.find('invitation', caller, operation.id)).toBeUndefined();
    });

    it('the newest of those with one id of Graph’s, and refused ones by our id', async () => {
      const [older, newer] = [
        await insert(newInvitation({ graphId: 'g', createdAt: later(1) })),
        await insert(newInvitation({ graphId: 'g', createdAt: later(2) })),
      ];
      const refused = await insert(newInvitation({ state: 'settled', reason: 'refused' }));
      expect((await store.find('invitation', caller, 'g'))?.id).toBe(newer.id);
      expect((await store.find('invitation', caller, older.id))?.id).toBe(older.id);
      expect((await store.find('invitation', caller, refused.id))?.id).toBe(refused.id);
    });
  });

  describe('lists', () => {
    const list = (members: Partial<Parameters<Store['list']>[0]> = {}) =>
      store.list({ kind: 'invitation', viewer: caller, first: 50, ...members });

    it('one owner’s records of one kind, newest first, without refused ones', async () => {
      const records = [];
      for (const minute of [2, 3, 1]) records.push(await insert(newInvitation({ createdAt: later(minute) })));
      await insert(newOperation());
      await insert(newInvitation({ owner: { ...owner, subject: 'other' } }));
      await insert(newInvitation({ owner: { ...owner, tenantId: 'other' } }));
      await insert(newInvitation({ state: 'settled', reason: 'refused' }));
      await insert(newInvitation({ state: 'settled', reason: 'notSent' }));
      expect(ids(await list())).toEqual([records[1]?.id, records[0]?.id, records[2]?.id]);
    });

    it('pages that stay where they were while records are added', async () => {
      const first = [];
      for (let index = 0; index < 7; index++)
        first.push(await insert(newInvitation({ createdAt: later(Math.floor(index / 3)) })));
      const seen: TrackingRecord[] = [];
      for (
        let page = await list({ first: 2 });
        page.length > 0;
        page = await list({ first: 2, after: seen.at(-1) as TrackingRecord })
      ) {
        seen.push(...page);
        await insert(newInvitation({ createdAt: later(60) }));
      }
      expect(ids(seen).toSorted()).toEqual(ids(first).toSorted());
      expect(ids(seen)).toEqual(
        ids(seen.toSorted((a, b) => Number(b.createdAt) - Number(a.createdAt) || (a.id < b.id ? 1 : -1))),
      );
    });

    it('by state, call and address', async () => {
      const payload = { invitedUserEmailAddress: 'Zoë@Example.com' };
      const [submitting, done] = [
        await insert(newInvitation({ payload })),
        await insert(newInvitation({ state: 'settled' })),
      ];
      const operation = await insert(newOperation({ callId: 'call-1' }));
      await insert(newOperation({ callId: 'call-2' }));
      expect(ids(await list({ states: ['submitting'] }))).toEqual([submitting.id]);
      expect(ids(await list({ states: ['settled', 'unknown'] }))).toEqual([done.id]);
      expect(await list({ states: [] })).toEqual([]);
      expect(ids(await list({ invitedUserEmailAddress: 'zoë@example.COM' }))).toEqual([submitting.id]);
      expect(ids(await list({ invitedUserEmailAddress: 'zoë@example.COM', states: ['settled'] }))).toEqual([]);
      expect(ids(await list({ kind: 'inviteParticipantsOperation', callId: 'call-1' }))).toEqual([operation.id]);
    });

    it('an address by what Graph answered last', async () => {
      const record = await insert(newInvitation());
      await store.save([raised(record, { payload: { invitedUserEmailAddress: 'New@example.com' } })]);
      expect(ids(await list({ invitedUserEmailAddress: 'new@example.com' }))).toEqual([record.id]);
      expect(await list({ invitedUserEmailAddress: 'guest@example.com' })).toEqual([]);
    });
  });

  describe('logs changes', () => {
    it('as the record was at each revision, in order', async () => {
      const [first, second] = [await insert(newInvitation()), await insert(newOperation())];
      await store.save([
        raised(first, { graphId: 'g', changed: ['id', 'tracking.state'], changedAt: later(1), source: 'webhook' }),
      ]);
      await store.save([finished(second)]);
      const changes = await store.changesAfter(0, 10);
      expect(changes.map(({ record }) => [record.id, record.revision])).toEqual([
        [first.id, 1],
        [second.id, 1],
        [first.id, 2],
        [second.id, 2],
      ]);
      expect(changes.map(({ seq }) => seq)).toEqual(changes.map(({ seq }) => seq).toSorted((a, b) => a - b));
      expect(changes[0]?.record).toEqual(first);
      expect(changes[2]?.record).toMatchObject({
        ...first,
        graphId: 'g',
        state: 'active',
        revision: 2,
        changed: ['id', 'tracking.state'],
        changedAt: later(1),
        source: 'webhook',
        dueAt: expect.any(Date),
      });
      expect(changes[3]?.record).toMatchObject({ callId: 'call', state: 'settled', dueAt: null });
      expect(await store.changesAfter(changes[1]?.seq ?? 0, 1)).toEqual([changes[2]]);
      expect(await store.head()).toBe(changes[3]?.seq);
      expect(await store.changesAfter(await store.head(), 10)).toEqual([]);
    });

    it('and gives revisions and histories of it', async () => {
      const [long, short] = [await insert(newInvitation()), await insert(newOperation())];
      let record: TrackingRecord = long;
      for (let revision = 2; revision <= 6; revision++) {
        const write: Write = raised(record, { graphId: `at-${revision}` });
        await store.save([write]);
        record = write.record;
      }
      expect(revisions(await store.revisionsAfter(long.id, 3))).toEqual([4, 5, 6]);
      expect((await store.revisionsAfter(long.id, 3)).map(({ graphId }) => graphId)).toEqual(['at-4', 'at-5', 'at-6']);
      expect(await store.revisionsAfter(long.id, 6)).toEqual([]);
      const histories = await store.histories([short.id, 'unknown', long.id, short.id], 3);
      expect(histories.map(revisions)).toEqual([[1], [], [4, 5, 6], [1]]);
      expect(await store.histories([], 3)).toEqual([]);
    });

    it('and tells every store of it', async () => {
      const other = await engine.openStore();
      let told = 0;
      const leave = store.onChange(() => told++);
      const before = told;
      const writer = engine.environment['DATABASE_URL'] ? other : store;
      const record = await writer.insert(newInvitation(), 'lease', LEASE_MS);
      await waitFor('word of the insert', () => told > before);
      const afterInsert = told;
      await writer.save([raised(record)]);
      await waitFor('word of the save', () => told > afterInsert);
      leave();
      const atEnd = told;
      await writer.insert(newInvitation(), 'lease', LEASE_MS);
      expect(told).toBe(atEnd);
    });

    it('without a gap or a repetition, whatever is done at once', async () => {
      const other = await engine.openStore();
      const step = fc.record({
        kind: fc.constantFrom('insert', 'claim', 'save', 'stale', 'watch', 'finish'),
        which: fc.nat(),
        by: fc.boolean(),
        raises: fc.boolean(),
      });
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.array(step, { minLength: 1, maxLength: 6 }), { maxLength: 12 }),
          async (rounds) => {
            await engine.run('delete from record');
            const from = await store.head();
            const known = new Map<string, TrackingRecord>();
            const pick = (which: number) => [...known.values()][which % Math.max(known.size, 1)];
            for (const round of rounds) {
              await Promise.all(
                round.map(async ({ kind, which, by, raises }) => {
                  const on = by ? store : other;
                  const record = pick(which);
                  if (kind === 'insert') {
                    const inserted = await on.insert(newOperation(), randomUUID(), 0);
                    known.set(inserted.id, inserted);
                  } else if (kind === 'claim') {
                    const leaseToken = randomUUID();
                    const claimed = await on.claim({ work: 'poll', limit: 3, leaseMs: 0, leaseToken, horizonMs: 0 });
                    const writes = claimed.map((each) => (raises ? raised(each) : unchanged(each)));
                    const written = await on.save(
                      writes.map((write) => ({ ...write, dueInMs: 0, watchedDueInMs: 0 })),
                      leaseToken,
                    );
                    for (const write of writes)
                      if (written.has(write.record.id) && known.has(write.record.id))
                        known.set(write.record.id, write.record);
                  } else if (record) {
                    if (kind === 'watch') return on.watch([...known.keys()], 1_000, 0);
                    const base = kind === 'stale' ? { ...record, revision: record.revision - 1 } : record;
                    const write = kind === 'finish' ? finished(base) : raises ? raised(base) : unchanged(base);
                    const written = await on.save([write]);
                    if (written.has(record.id)) known.set(record.id, write.record);
                  }
                }),
              );
            }
            const logged = Map.groupBy(
              (await store.changesAfter(from, 10_000)).map(({ record }) => record),
              ({ id }) => id,
            );
            expect(logged.size).toBe(known.size);
            for (const [id, entries] of logged) {
              const stored = await load(id);
              expect(revisions(entries)).toEqual(
                Array.from({ length: stored?.revision ?? 0 }, (_, index) => index + 1),
              );
            }
          },
        ),
        { numRuns: 12 },
      );
    });
  });

  describe('prunes', () => {
    it('finished records of a certain age with their log, and nothing else', async () => {
      const [old, recent, unfinished] = [
        await insert(newInvitation()),
        await insert(newInvitation()),
        await insert(newInvitation()),
      ];
      await store.save([finished({ ...old, changedAt: new Date(Date.now() - 2 * HOUR_MS) })]);
      await store.save([finished({ ...recent, changedAt: new Date(Date.now() - HOUR_MS / 2) })]);
      await store.save([raised({ ...unfinished, changedAt: new Date(Date.now() - 2 * HOUR_MS) })]);
      const head = await store.head();
      expect(await store.prune(HOUR_MS)).toBe(1);
      expect(await load(old.id)).toBeUndefined();
      expect((await store.histories([old.id, recent.id, unfinished.id], 5)).map(revisions)).toEqual([
        [],
        [1, 2],
        [1, 2],
      ]);
      expect([await count('record'), await count('change')]).toEqual([2, 4]);
      expect(await store.prune(HOUR_MS)).toBe(0);
      await insert(newInvitation());
      expect(await store.head()).toBeGreaterThan(head);
    });

    it('more than one statement may delete', async () => {
      const records = await Promise.all(Array.from({ length: 450 }, () => insert(newInvitation())));
      await store.save(records.map((record) => finished({ ...record, changedAt: new Date(0) })));
      expect(await store.prune(HOUR_MS)).toBe(450);
      expect([await count('record'), await count('change')]).toEqual([0, 0]);
    });
  });
});

describe('the file of the SQLite store', () => {
  const [sqlite] = engines;
  let engine: Engine;
  beforeEach(async () => {
    engine = await (sqlite as (typeof engines)[number]).open();
  });
  afterEach(() => engine.close());

  it('is refused when it is something else', async () => {
    await (await engine.openStore()).stop();
    const file = engine.environment['STORE_FILE'] ?? '';
    writeFileSync(file, 'this is no database, and long enough to show it '.repeat(100));
    await expect(engine.createStore().start()).rejects.toThrow(
      `The store ${file} cannot be opened: file is not a database`,
    );
    expect(readFileSync(file, 'utf8')).toMatch(/^this is no database/);
  });

  it('is refused when it cannot be there', async () => {
    await (await engine.openStore()).stop();
    const file = `${engine.environment['STORE_FILE']}/below.db`;
    await expect(createSqliteStore({ file, stamp: STAMP, keyMs: KEY_MS }).start()).rejects.toThrow();
  });

  it('is synced at every commit and checks what refers to what', async () => {
    const store = await engine.openStore();
    await store.insert(newInvitation(), 'lease', LEASE_MS);
    expect(await engine.run('pragma journal_mode')).toEqual([{ journal_mode: 'wal' }]);
    expect(await engine.run('pragma integrity_check')).toEqual([{ integrity_check: 'ok' }]);
    expect(await engine.run('pragma foreign_key_check')).toEqual([]);
  });
});

describe('the PostgreSQL store', () => {
  const postgres = engines[1] as (typeof engines)[number];

  it('goes on listening after its connection was cut, and says that something may have been missed', async () => {
    const engine = await postgres.open();
    const store = await engine.openStore();
    let told = 0;
    store.onChange(() => told++);
    const cut = `select pg_terminate_backend(pid) as cut from pg_stat_activity where query like 'listen %' and pid <> pg_backend_pid()`;
    expect(await engine.run(cut)).toEqual([{ cut: true }]);
    await waitFor('the connection to be back', () => told > 0);
    const before = told;
    await store.insert(newInvitation(), 'lease', LEASE_MS);
    await waitFor('word of the insert', () => told > before);
    await engine.close();
  });

  it('stops while it is connecting', async () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => sockets.push(socket));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    const connected = once(silent, 'connection');
    const ignore = () => {};
    const listener = createPostgresListener({
      config: { host: '127.0.0.1', port },
      channel: `'none'`,
      onPoke: ignore,
      onError: ignore,
    });
    const started = listener.start();
    await connected;
    await listener.stop();
    await started;
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => silent.close(resolve));
  });

  it('carries on when all its connections are cut, and repeats what was under way', async () => {
    const engine = await postgres.open();
    const store = await engine.openStore();
    const inserts: Promise<TrackingRecord>[] = [];
    for (let round = 0; round < 10; round++) {
      inserts.push(...Array.from({ length: 10 }, () => store.insert(newInvitation(), randomUUID(), LEASE_MS)));
      await engine.run(
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'graph-invitations-gateway'`,
      );
    }
    const inserted = ids(await Promise.all(inserts));
    expect(new Set(inserted).size).toBe(100);
    expect((await store.histories(inserted, 5)).map(revisions)).toEqual(inserted.map(() => [1]));
    await engine.close();
  });

  it('outlives a server that dies and comes back', async () => {
    const server = await startPostgres();
    const store = createPostgresStore({ url: server.url, stamp: STAMP, keyMs: KEY_MS });
    await store.start();
    const first = await store.insert(newInvitation(), 'lease', LEASE_MS);
    server.kill();
    await waitFor('the loss to show', () =>
      store.ping().then(
        () => false,
        () => true,
      ),
    );
    const second = store.insert(newInvitation(), 'lease', LEASE_MS);
    await server.restart();
    const { id } = await second;
    expect((await store.changesAfter(0, 10)).map(({ record }) => record.id)).toEqual([first.id, id]);
    await store.stop();
    await server.stop();
  });

  it('says at once what is wrong with an address', async () => {
    const engine = await postgres.open();
    const url = (engine.environment['DATABASE_URL'] ?? '').replace(':password@', ':wrong@');
    await expect(createPostgresStore({ url, stamp: STAMP, keyMs: KEY_MS }).start()).rejects.toThrow(
      'password authentication failed',
    );
    await engine.close();
  });

  it('keeps the log in the order of the commits: a reader that follows it misses nothing', async () => {
    const engine = await postgres.open();
    const stores = await Promise.all([engine.openStore(), engine.openStore(), engine.openStore()]);
    const [reader, ...writers] = stores;
    const seen: string[] = [];
    let cursor = 0;
    const read = async () => {
      for (const { seq, record } of (await reader?.changesAfter(cursor, 500)) ?? []) {
        cursor = seq;
        seen.push(record.id);
      }
    };
    const inserted: string[] = [];
    let isWriting = true;
    const writing = Promise.all(
      writers.flatMap((writer) =>
        Array.from({ length: 4 }, async () => {
          for (let index = 0; index < 50; index++)
            inserted.push((await writer.insert(newInvitation(), randomUUID(), LEASE_MS)).id);
        }),
      ),
    ).then(() => (isWriting = false));
    while (isWriting) await read();
    await writing;
    await read();
    expect(seen.toSorted()).toEqual(inserted.toSorted());
    expect(inserted).toHaveLength(400);
    await engine.close();
  });
});
