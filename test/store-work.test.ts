import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { InvitationRecord, TrackingRecord } from '../src/tracking/record.ts';
import type { Store } from '../src/tracking/store.ts';
import { caller, createdAt, newInvitation, newOperation, owner } from './support/records.ts';
import { engines, KEY_MS, type Engine } from './support/stores.ts';

const LEASE_MS = 60_000;
const HOUR_MS = 3_600_000;
const ids = (records: readonly TrackingRecord[]) => records.map(({ id }) => id);

describe.each(engines)('what a store on $name keeps for the work', ({ open }) => {
  let engine: Engine;
  let store: Store;
  let other: Store;

  beforeEach(async () => {
    engine = await open();
    store = await engine.openStore();
    other = await engine.openStore();
  });
  afterEach(() => engine.close());

  const claim = (work: 'send' | 'poll' | 'sweep', leaseToken: string = randomUUID(), on = store) =>
    on.claim({ work, limit: 100, leaseMs: LEASE_MS, leaseToken, horizonMs: 0 });
  const insert = <Record extends TrackingRecord>(record: Record) =>
    store.insert(record, randomUUID(), LEASE_MS) as Promise<Record>;
  /** @returns the record as followed: nobody holds it, and it is due in an hour. */
  const followed = async <Record extends TrackingRecord>(record: Record) => {
    await insert(record);
    const next = { ...record, state: 'active' as const, revision: 2 };
    await store.save([{ record: next, baseRevision: 1, dueInMs: HOUR_MS, watchedDueInMs: HOUR_MS }]);
    return next;
  };
  const queued = (members: Partial<InvitationRecord> = {}) => newInvitation({ work: 'send', ...members });

  describe('bulks', () => {
    it('are recorded in order, wait to be sent, and are seen by their owner only', async () => {
      const records = Array.from({ length: 500 }, () => queued());
      expect(ids(await store.insertBulk('bulk', records))).toEqual(ids(records));
      expect(ids((await other.findBulk(caller, 'bulk'))?.records ?? [])).toEqual(ids(records));
      expect(await store.findBulk({ ...caller, subject: 'other' }, 'bulk')).toBeUndefined();
      expect(await store.findBulk({ ...caller, tenantId: 'other' }, 'bulk')).toBeUndefined();
      expect(await store.findBulk(caller, 'other')).toBeUndefined();
      expect(await store.nextDueInMs('send')).toBe(0);
      expect(await claim('sweep')).toEqual([]);
    });

    it('count as begun once they were claimed: they are never lent to be sent again', async () => {
      await store.insertBulk('bulk', [queued(), queued()]);
      const claimed = await claim('send');
      expect(claimed).toHaveLength(2);
      expect(claimed[0]).toMatchObject({ state: 'submitting', work: 'sweep' });
      await engine.backDate(2 * LEASE_MS);
      expect(await claim('send', randomUUID(), other)).toEqual([]);
      expect(ids(await claim('sweep', randomUUID(), other)).toSorted()).toEqual(ids(claimed).toSorted());
    });

    it('are lent to one replica each', async () => {
      await store.insertBulk(
        'bulk',
        Array.from({ length: 60 }, () => queued()),
      );
      const lent = await Promise.all(
        [store, other, store, other].map((on) =>
          on.claim({ work: 'send', limit: 20, leaseMs: LEASE_MS, leaseToken: randomUUID(), horizonMs: 0 }),
        ),
      );
      const all = ids([...lent.flat(), ...(await claim('send'))]);
      expect(new Set(all).size).toBe(60);
      expect(all).toHaveLength(60);
    });

    it('are lent again to the claim whose answer was lost, while it holds them', async () => {
      const records = await store.insertBulk('bulk', [queued(), queued()]);
      const again = {
        work: 'send',
        limit: 1,
        leaseMs: LEASE_MS,
        leaseToken: 'lost',
        horizonMs: 0,
        isRepeated: true,
      } as const;
      await claim('send', 'lost');
      await store.insertBulk('other', [queued()]);
      await engine.backDate(2 * LEASE_MS);
      expect(ids(await store.claim(again)).toSorted()).toEqual(ids(records).toSorted());
      expect(await claim('sweep', 'taken over', other)).toEqual([]);
      await engine.backDate(2 * LEASE_MS);
      expect(await claim('sweep', 'taken over', other)).toHaveLength(2);
      const rest = await store.claim(again);
      expect(rest).toHaveLength(1);
      expect(ids(records)).not.toContain(rest[0]?.id);
    });

    it('wait again when they were not sent', async () => {
      await store.insertBulk('bulk', [queued()]);
      const [record] = (await claim('send')) as [InvitationRecord];
      await store.save([
        { record: { ...record, work: 'send', attempts: 1 }, baseRevision: 1, dueInMs: 0, watchedDueInMs: 0 },
      ]);
      expect(await claim('send')).toMatchObject([{ id: record.id, attempts: 1 }]);
    });

    it('hold the record that has the key already, at every place', async () => {
      const first = await insert(newInvitation({ idempotencyKey: 'a' }));
      const [second, third, fourth] = [
        queued({ idempotencyKey: 'b' }),
        queued({ idempotencyKey: 'b' }),
        queued({ idempotencyKey: 'a' }),
      ];
      const stored = await store.insertBulk('bulk', [second, third, fourth]);
      expect(ids(stored)).toEqual([second.id, second.id, first.id]);
      expect(ids((await store.findBulk(caller, 'bulk'))?.records ?? [])).toEqual(ids(stored));
      const repeated = await Promise.all(
        ['again', 'and again'].map((bulkId, index) =>
          (index ? store : other).insertBulk(bulkId, [
            queued({ idempotencyKey: 'b' }),
            queued({ idempotencyKey: 'a' }),
          ]),
        ),
      );
      for (const records of repeated) expect(ids(records)).toEqual([second.id, first.id]);
    });

    it('never wait for each other in a circle, in whatever order the keys are', async () => {
      const keys = Array.from({ length: 100 }, (_, index) => `key${index}`);
      const orders = [keys, keys.toReversed(), keys, keys.toReversed()];
      const stored = await Promise.all(
        orders.map((order, index) =>
          (index % 2 ? store : other).insertBulk(
            `bulk${index}`,
            order.map((idempotencyKey) => queued({ idempotencyKey })),
          ),
        ),
      );
      expect(new Set(stored.flatMap(ids)).size).toBe(100);
    });

    it('go with their records', async () => {
      const [record] = await store.insertBulk('bulk', [queued()]);
      await engine.run('delete from record where id = $1', [record?.id ?? '']);
      expect(await store.findBulk(caller, 'bulk')).toBeUndefined();
    });
  });

  describe('idempotency keys', () => {
    const later = (ms: number) => new Date(Number(createdAt) + ms);

    it('hold while it is not known what became of the request, however long', async () => {
      const first = await insert(newInvitation({ idempotencyKey: 'key' }));
      const again = newInvitation({ idempotencyKey: 'key', createdAt: later(2 * KEY_MS) });
      expect((await insert(again)).id).toBe(first.id);
      expect(ids(await store.insertBulk('bulk', [{ ...again, id: randomUUID(), work: 'send' }]))).toEqual([first.id]);
    });

    it('hold for their time, and not longer', async () => {
      const first = await insert(newInvitation({ idempotencyKey: 'key', state: 'active' }));
      const again = newInvitation({ idempotencyKey: 'key', createdAt: later(KEY_MS - 1) });
      expect((await insert(again)).id).toBe(first.id);
      const next = newInvitation({ idempotencyKey: 'key', createdAt: later(KEY_MS) });
      expect((await insert(next)).id).toBe(next.id);
      expect(await store.find('invitation', caller, first.id)).toMatchObject({ id: first.id, idempotencyKey: null });
    });

    it('hold as long in a bulk', async () => {
      const first = await insert(newInvitation({ idempotencyKey: 'key', state: 'active' }));
      const again = queued({ idempotencyKey: 'key', createdAt: later(KEY_MS - 1) });
      expect(ids(await store.insertBulk('one', [again]))).toEqual([first.id]);
      const next = queued({ idempotencyKey: 'key', createdAt: later(KEY_MS) });
      expect(ids(await store.insertBulk('two', [next]))).toEqual([next.id]);
    });

    it('keep their record from being pruned', async () => {
      const at = new Date();
      const record = await insert(newInvitation({ idempotencyKey: 'key', createdAt: at }));
      const finished = { ...record, state: 'settled' as const, revision: 2, changedAt: new Date(0) };
      await store.save([{ record: finished, baseRevision: 1, dueInMs: null, watchedDueInMs: null }]);
      expect(await store.prune(1_000)).toBe(0);
      await engine.run('update record set created_at = created_at - $1', [KEY_MS + 1_000]);
      expect(await store.prune(1_000)).toBe(1);
    });
  });

  describe('evidence', () => {
    it('finds invitations by their guests', async () => {
      const guest = (id: string) => ({ payload: { invitedUser: { id } } });
      const active = await followed(newInvitation(guest('g1')));
      const elsewhere = await followed(newInvitation({ ...guest('g1'), owner: { ...owner, tenantId: 'other' } }));
      const submitting = await insert(newInvitation(guest('g1')));
      const settled = await insert(newInvitation({ ...guest('g1'), state: 'settled' }));
      const unknown = await insert(newInvitation({ ...guest('g2'), state: 'unknown' }));
      await insert(newOperation());
      expect(ids(await store.findByGuests(['g1', 'g2', 'g3'])).toSorted()).toEqual(
        [active.id, elsewhere.id, unknown.id].toSorted(),
      );
      expect(ids(await store.findByGuests(['G1'])).toSorted()).toEqual([active.id, elsewhere.id].toSorted());
      expect(ids([submitting, settled])).toHaveLength(2);
      expect(await store.findByGuests([])).toEqual([]);
    });

    it('finds lost invitations by their address, whatever its case', async () => {
      const to = (address: string) => ({ payload: { invitedUserEmailAddress: address } });
      const lost = await insert(newInvitation(to('Sam@Example.com')));
      const ambiguous = await insert(
        newInvitation({ ...to('sam@example.com'), state: 'unknown', reason: 'ambiguous' }),
      );
      await insert(newInvitation({ ...to('sam@example.com'), state: 'unknown', reason: 'deadlineExceeded' }));
      await followed(newInvitation({ payload: { ...to('sam@example.com').payload, invitedUser: { id: 'g' } } }));
      await store.insertBulk('bulk', [queued(to('sam@example.com'))]);
      expect(ids(await store.findLost(['SAM@example.com'])).toSorted()).toEqual([lost.id, ambiguous.id].toSorted());
      expect(await store.findLost(['other@example.com'])).toEqual([]);
    });

    it('finds operations by client context or Graph’s id', async () => {
      const request = (clientContext: string) => ({ request: { participants: [], clientContext } });
      const byContext = await insert(newOperation(request('c1')));
      const byId = await followed(newOperation({ ...request('c2'), graphId: 'op' }));
      const unknown = await insert(newOperation({ ...request('c3'), state: 'unknown' }));
      const settled = await insert(newOperation({ ...request('c1'), state: 'settled' }));
      const found = await store.findOperations({ clientContexts: ['c1', 'c3', 'none'], graphIds: ['op', 'none'] });
      expect(ids(found).toSorted()).toEqual([byContext.id, byId.id, unknown.id, settled.id].toSorted());
      expect(await store.findOperations({ clientContexts: [], graphIds: [] })).toEqual([]);
    });

    it('knows whether invitations are pending, and watched', async () => {
      expect(await store.pendingInvitations()).toEqual({ any: false, watched: false });
      await followed(newOperation());
      expect(await store.pendingInvitations()).toEqual({ any: false, watched: false });
      const { id } = await followed(newInvitation());
      expect(await store.pendingInvitations()).toEqual({ any: true, watched: false });
      await store.watch([id], 60_000, 1_000);
      expect(await store.pendingInvitations()).toEqual({ any: true, watched: true });
    });

    it('makes active invitations due, those aside whose last read failed', async () => {
      const [first, second, failed] = [
        await followed(newInvitation()),
        await followed(newInvitation()),
        await followed(newInvitation({ attempts: 1 })),
      ];
      await followed(newOperation());
      await store.watch([second.id], 60_000, HOUR_MS);
      expect(await claim('sweep')).toEqual([]);
      await store.bringForward({ watchedOnly: true, laterThanMs: 2 * HOUR_MS });
      expect(await claim('sweep')).toEqual([]);
      await store.bringForward({ watchedOnly: true, laterThanMs: 0 });
      expect(ids(await claim('sweep'))).toEqual([second.id]);
      await store.bringForward({ watchedOnly: false, laterThanMs: 0 });
      expect(ids(await claim('sweep'))).toEqual([first.id]);
      expect(await claim('poll')).toEqual([]);
      expect(failed.attempts).toBe(1);
    });

    it('tells how late the most overdue read is', async () => {
      expect(await store.lagMs()).toBe(0);
      await followed(newOperation());
      expect(await store.lagMs()).toBe(0);
      await engine.backDate(HOUR_MS + 5_000);
      expect(await store.lagMs()).toBeGreaterThanOrEqual(5_000);
      await claim('poll');
      expect(await store.lagMs()).toBe(0);
    });
  });

  describe('jobs', () => {
    const later = (ms: number) => engine.run('update job set due_at = due_at - $1', [ms]);

    it('are done by one replica at a time, which finds what was saved last', async () => {
      expect(await store.claimJob('delta', 'one', LEASE_MS)).toEqual({ state: null });
      expect(await other.claimJob('delta', 'two', LEASE_MS)).toBeUndefined();
      expect(await other.claimJob('subscription', 'two', LEASE_MS)).toEqual({ state: null });
      expect(await store.saveJob('delta', 'one', 'page 1', null)).toBe(true);
      expect(await other.claimJob('delta', 'two', LEASE_MS)).toBeUndefined();
      expect(await store.saveJob('delta', 'one', 'page 2', 60_000)).toBe(true);
      expect(await other.claimJob('delta', 'two', LEASE_MS)).toBeUndefined();
      await later(60_000);
      expect(await other.claimJob('delta', 'two', LEASE_MS)).toEqual({ state: 'page 2' });
    });

    it('are taken over when the lease ends, and a late writer is refused', async () => {
      await store.claimJob('delta', 'one', LEASE_MS);
      await later(LEASE_MS);
      expect(await other.claimJob('delta', 'two', LEASE_MS)).toEqual({ state: null });
      expect(await store.saveJob('delta', 'one', 'late', null)).toBe(false);
      expect(await store.saveJob('delta', 'one', 'late', 0)).toBe(false);
      expect(await store.readJob('delta')).toMatchObject({ state: null });
    });

    it('are renewed under the same token', async () => {
      await store.claimJob('delta', 'one', 1_000);
      expect(await store.claimJob('delta', 'one', LEASE_MS)).toEqual({ state: null });
      expect((await store.readJob('delta')).dueInMs).toBeGreaterThan(LEASE_MS / 2);
    });

    it('remember through a renewal that they were expedited', async () => {
      await store.claimJob('delta', 'one', LEASE_MS);
      await other.expediteJob('delta');
      await store.claimJob('delta', 'one', LEASE_MS);
      await store.saveJob('delta', 'one', null, HOUR_MS);
      expect(await other.claimJob('delta', 'two', LEASE_MS)).toEqual({ state: null });
    });

    it('are due at once when they are expedited, even while they are done', async () => {
      await store.claimJob('delta', 'one', LEASE_MS);
      await store.saveJob('delta', 'one', 'state', HOUR_MS);
      await other.expediteJob('delta');
      expect(await other.claimJob('delta', 'two', LEASE_MS)).toEqual({ state: 'state' });
      await store.expediteJob('delta');
      expect(await store.claimJob('delta', 'three', LEASE_MS)).toBeUndefined();
      await other.saveJob('delta', 'two', 'state', HOUR_MS);
      expect(await store.claimJob('delta', 'three', LEASE_MS)).toEqual({ state: 'state' });
      await store.saveJob('delta', 'three', 'state', HOUR_MS);
      expect(await store.claimJob('delta', 'four', LEASE_MS)).toBeUndefined();
    });

    it('can be noted without being claimed', async () => {
      await store.noteJob('callNotifications', 'now');
      expect(await other.readJob('callNotifications')).toMatchObject({ state: 'now' });
    });
  });

  describe('notifications', () => {
    const settle = (token: string, done: number[], later: number[] = [], laterMs = 0) =>
      store.settleNotifications(token, { done, later, laterMs });

    it('are kept until they are done, in order', async () => {
      await store.addNotifications(['{"n":1}', '{"n":2}']);
      await other.addNotifications(['{"n":3}']);
      await store.addNotifications([]);
      const lent = await store.claimNotifications(2, 'one', LEASE_MS);
      expect(lent.map(({ body }) => body)).toEqual(['{"n":1}', '{"n":2}']);
      expect(Math.abs(Number(lent[0]?.receivedAt) - Date.now())).toBeLessThan(60_000);
      expect((await other.claimNotifications(9, 'two', LEASE_MS)).map(({ body }) => body)).toEqual(['{"n":3}']);
      await settle('one', [lent[0]?.seq ?? 0], [lent[1]?.seq ?? 0]);
      expect((await other.claimNotifications(9, 'three', LEASE_MS)).map(({ body }) => body)).toEqual(['{"n":2}']);
    });

    it('come back when the one who took them died, and cannot be settled by it then', async () => {
      await store.addNotifications(['{}']);
      const [lent] = await store.claimNotifications(9, 'one', LEASE_MS);
      await engine.run('update notification set due_at = due_at - $1', [LEASE_MS]);
      expect(await other.claimNotifications(9, 'two', LEASE_MS)).toHaveLength(1);
      await settle('one', [lent?.seq ?? 0]);
      await engine.run('update notification set due_at = due_at - $1', [LEASE_MS]);
      expect(await other.claimNotifications(9, 'two', LEASE_MS)).toHaveLength(1);
    });
  });

  it('is brought up to date from the first version, with its records', async () => {
    const invitation = await followed(newInvitation({ payload: { invitedUser: { id: 'guest' } } }));
    const operation = await followed(newOperation({ request: { participants: [], clientContext: 'context' } }));
    const dropTrigger = (name: string) =>
      engine.environment['DATABASE_URL'] ? `drop function ${name} cascade` : `drop trigger ${name}`;
    // Back to the tables as the first version made them.
    for (const statement of [
      ...['record_insert_grants', 'record_insert_counts'].map(dropTrigger),
      ...['record_grant', 'quota'].map((table) => `drop table ${table}`),
      ...['record_tenant', 'record_tenant_call', 'record_tenant_mail'].map((index) => `drop index ${index}`),
      ...['shared_with', 'caller_quota', 'tenant_quota'].map((column) => `alter table record drop column ${column}`),
      'drop table bulk_item',
      'drop table job',
      'drop table notification',
      ...['record_due', 'record_watched', 'record_guest', 'record_lost', 'record_context'].map(
        (index) => `drop index ${index}`,
      ),
      ...['work', 'guest_id', 'client_context'].map((column) => `alter table record drop column ${column}`),
      'create index record_due on record(due_at) where due_at is not null',
      "update meta set value = '1' where name = 'version'",
    ])
      await engine.run(statement);
    const updated = await engine.openStore();
    expect(ids(await updated.findByGuests(['guest']))).toEqual([invitation.id]);
    expect(ids(await updated.findOperations({ clientContexts: ['context'], graphIds: [] }))).toEqual([operation.id]);
    await engine.backDate(2 * HOUR_MS);
    expect(ids(await claim('sweep', randomUUID(), updated))).toEqual([invitation.id]);
    expect(ids(await claim('poll', randomUUID(), updated))).toEqual([operation.id]);
    expect(await updated.find('invitation', caller, invitation.id)).toMatchObject({ sharedWith: [] });
    expect(ids(await updated.list({ kind: 'invitation', viewer: { ...caller, isAdmin: true }, first: 9 }))).toEqual([
      invitation.id,
    ]);
  });
});
