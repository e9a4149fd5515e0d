import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { createEmulator, type Emulator } from '../src/emulator/emulator.ts';
import { createBatchReader } from '../src/graph/batch.ts';
import { createGraphClient, type GraphClient } from '../src/graph/client.ts';
import { Delta, type DeltaOptions } from '../src/tracking/delta.ts';
import type { InvitationRecord } from '../src/tracking/record.ts';
import { insertColumns } from '../src/tracking/sql-statements.ts';
import type { Store } from '../src/tracking/store.ts';
import { Sweeper } from '../src/tracking/sweeper.ts';
import { administer, waitFor, type EmulatorAdmin, type Json } from './support/gateway.ts';
import { startGraphServer } from './support/graph-server.ts';
import { caller, newInvitation, newPending, owner } from './support/records.ts';
import { engines, type Engine } from './support/stores.ts';

const INTERVAL_MS = 2_000;
const LEASE_MS = 15_000;
const HOUR_MS = 3_600_000;

describe.each(engines)('following the directory’s changes on $name', ({ open }) => {
  let engine: Engine;
  let store: Store;
  let emulator: Emulator;
  let baseUrl: string;
  let graph: EmulatorAdmin;
  let client: GraphClient;
  let clockMs: number;
  let errors: unknown[];
  const now = () => new Date(clockMs);

  beforeEach(async () => {
    clockMs = Date.now();
    errors = [];
    engine = await open();
    store = await engine.openStore();
    emulator = createEmulator({ now: () => clockMs });
    baseUrl = await emulator.start();
    graph = administer(baseUrl);
    client = createGraphClient({ baseUrl, version: 'v1.0', loadToken: () => Promise.resolve('token'), connections: 4 });
  });
  afterEach(async () => {
    await client.stop();
    await emulator.stop();
    await engine.close();
  });

  const createDelta = (members: Partial<DeltaOptions> = {}) =>
    new Delta({
      store,
      client,
      now,
      intervalMs: INTERVAL_MS,
      leaseMs: LEASE_MS,
      pauseMs: () => 0,
      isNotified: () => false,
      onUnannounced: () => {},
      onError: (error) => void errors.push(error),
      ...members,
    });
  const createSweeper = (delta: Delta) =>
    new Sweeper({
      store,
      reader: createBatchReader(client),
      now,
      intervalMs: INTERVAL_MS,
      leaseMs: LEASE_MS,
      pauseMs: () => 0,
      isFollowed: (since) => delta.isHealthy(since),
      onMissed: () => {},
      onError: (error) => {
        throw error;
      },
    });

  async function ask(method: string, path: string, body?: Json): Promise<Json> {
    const response = await fetch(`${baseUrl}${path}`, {
      method,
      headers: { authorization: 'Bearer token', ...(body ? { 'content-type': 'application/json' } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response.status === 204 ? {} : ((await response.json()) as Json);
  }
  const createGuest = async (members: Json = {}): Promise<string> =>
    (await ask('POST', '/admin/users', { mail: `${randomUUID()}@example.com`, ...members }))['id'];
  const redeem = (id: string) =>
    graph.patchUser(id, {
      externalUserState: 'Accepted',
      externalUserStateChangeDateTime: new Date(clockMs).toISOString(),
    });

  const createdAt = () => new Date(clockMs - 60_000);
  /** Adds invitations that nobody holds, due in an hour. */
  async function keep(records: readonly InvitationRecord[]): Promise<void> {
    await store.insertBulk(randomUUID(), records);
    await postpone();
  }
  /** Adds many more like the one, each with a guest of its own. */
  async function multiply(id: string, count: number): Promise<void> {
    const own: { [column: string]: string } = {
      id: `id || '-' || i`,
      guest_id: `guest_id || '-' || i`,
      payload: `replace(payload, guest_id, guest_id || '-' || i)`,
    };
    const columns = [...insertColumns, 'due_at'];
    await engine.run(
      `with recursive numbers(i) as (select 1 union all select i + 1 from numbers where i < ${count})
      insert into record(${columns.join(', ')})
      select ${columns.map((column) => own[column] ?? column).join(', ')} from record, numbers where id = $1`,
      [id],
    );
  }
  const postpone = () =>
    engine.run('update record set due_at = due_at + $1 where due_at < $2', [HOUR_MS, Date.now() + HOUR_MS / 2]);
  async function follow(guestId: string, members: Partial<InvitationRecord> = {}): Promise<string> {
    const record = newPending(guestId, { createdAt: createdAt(), ...members });
    await keep([record]);
    return record.id;
  }
  const followGuests = async (count: number) =>
    Promise.all(
      Array.from({ length: count }, async () => {
        const guestId = await createGuest();
        return { guestId, id: await follow(guestId) };
      }),
    );
  const find = async (id: string) => (await store.find('invitation', caller, id)) as InvitationRecord;
  const makeDue = () => engine.run(`update job set due_at = 0 where name = 'delta'`);
  const linkOf = async () => JSON.parse((await store.readJob('delta')).state ?? '{}').link as string | null;
  const asked = async () => (await graph.counts()).byRoute['GET /users/delta'] ?? 0;
  const fault = (effect: Json, times?: number) => graph.fault({ path: '^/users/delta', times, effect });

  /** @returns one that has begun, and is due. */
  async function begin(members: Partial<DeltaOptions> = {}): Promise<Delta> {
    const delta = createDelta(members);
    await delta.tick();
    expect(delta.isHealthy()).toBe(true);
    await postpone();
    await makeDue();
    await graph.clearRequests();
    return delta;
  }
  async function again(delta: Delta): Promise<void> {
    await makeDue();
    await delta.tick();
  }

  describe('what it costs', () => {
    it('is nothing while nothing is pending', async () => {
      await createDelta().tick();
      await store.insertBulk('bulk', [newPending('guest', { state: 'settled' })]);
      await engine.run('update record set due_at = null');
      await createDelta().tick();
      expect((await graph.counts()).http).toBe(0);
    });

    it('is one request when nothing changed, for 10,000 pending invitations', async () => {
      const id = await follow(await createGuest());
      const delta = await begin();
      await multiply(id, 9_999);
      expect(await engine.run(`select count(*) as count from record where state = 'active'`)).toEqual([
        { count: 10_000 },
      ]);
      await delta.tick();
      await createSweeper(delta).tick();
      expect((await graph.counts()).http).toBe(1);
      expect((await store.readJob('delta')).dueInMs).toBeGreaterThan(INTERVAL_MS);
    });

    it('is one request at the start, then one read by id of what is pending, 300 in a request', async () => {
      const users = Array.from({ length: 301 }, () => createGuest());
      const guestIds = await Promise.all(users);
      await graph.clearRequests();
      await keep(guestIds.map((id) => newPending(id, { createdAt: createdAt() })));
      const delta = createDelta();
      const sweeper = createSweeper(delta);
      await delta.tick();
      expect((await graph.requests()).map(({ path }) => path)).toEqual([expect.stringContaining('/users/delta')]);
      expect((await graph.requests())[0]).toMatchObject({ query: { $deltatoken: 'latest' } });
      await sweeper.tick();
      expect((await graph.counts()).byRoute['POST /$batch']).toBe(2);
      await makeDue();
      await graph.clearRequests();
      await delta.tick();
      await sweeper.tick();
      expect((await graph.counts()).http).toBe(1);
    });

    it('is shared: two replicas ask once, and both know that all is well', async () => {
      await follow(await createGuest());
      await begin();
      const [one, other] = [createDelta(), createDelta({ store: await engine.openStore() })];
      await Promise.all([one.tick(), other.tick()]);
      expect((await graph.counts()).http).toBe(1);
      expect([one.isHealthy(), other.isHealthy()]).toEqual([true, true]);
    });

    it.each([
      ['somebody watches', true, false, INTERVAL_MS],
      ['nobody watches', false, false, 4 * INTERVAL_MS],
      ['notifications arrive', true, true, 15 * INTERVAL_MS],
    ])('depends on interest: %s', async (_, isWatched, isNotified, pauseMs) => {
      const id = await follow(await createGuest());
      const delta = await begin({ isNotified: () => isNotified });
      if (isNotified) await store.noteJob('changeNotifications', JSON.stringify({ at: now() }));
      if (isWatched) await store.watch([id], 60_000, HOUR_MS);
      await delta.tick();
      const { dueInMs } = await store.readJob('delta');
      expect(dueInMs).toBeLessThanOrEqual(pauseMs);
      expect(dueInMs).toBeGreaterThan(pauseMs * 0.9 - 1_000);
    });

    it('is as without notifications until one is heard, and again when one is missed', async () => {
      const guestId = await createGuest();
      const other = await createGuest();
      const ids = [await follow(guestId), await follow(other)];
      await store.watch(ids, 60_000, HOUR_MS);
      let told = 0;
      const delta = await begin({ isNotified: () => true, onUnannounced: () => (told += 1) });
      const pauseMs = async () => (await store.readJob('delta')).dueInMs;
      await again(delta);
      expect(await pauseMs()).toBeLessThanOrEqual(INTERVAL_MS);
      clockMs += 1_000;
      await store.noteJob('changeNotifications', JSON.stringify({ at: now() }));
      await redeem(guestId);
      await again(delta);
      expect(await pauseMs()).toBeGreaterThan(5 * INTERVAL_MS);
      expect(told).toBe(0);
      clockMs += 1_000;
      await redeem(other);
      await again(delta);
      expect(await pauseMs()).toBeLessThanOrEqual(INTERVAL_MS);
      expect(told).toBe(1);
    });

    it('comes forward when somebody begins to watch, but not after a failure', async () => {
      await follow(await createGuest());
      const delta = await begin();
      const dueInMs = async () => (await store.readJob('delta')).dueInMs;
      await delta.tick();
      expect(await dueInMs()).toBeGreaterThan(INTERVAL_MS);
      delta.hurry();
      await waitFor('the job to be due', async () => (await dueInMs()) === 0);
      await fault({ kind: 'status', status: 403 }, 1);
      await delta.tick();
      clockMs += HOUR_MS;
      delta.hurry();
      expect(await dueInMs()).toBeGreaterThan(0);
    });

    it('is nothing while Graph wants no polls, and before it is due', async () => {
      await follow(await createGuest());
      const delta = await begin();
      await createDelta({ pauseMs: () => 5_000 }).tick();
      expect((await graph.counts()).http).toBe(0);
      await delta.tick();
      await delta.tick();
      expect((await graph.counts()).http).toBe(1);
    });
  });

  describe('what it finds', () => {
    it('settles an invitation whose guest redeemed, with one revision', async () => {
      const guestId = await createGuest();
      const id = await follow(guestId);
      const delta = await begin();
      await redeem(guestId);
      await delta.tick();
      expect(await find(id)).toMatchObject({
        state: 'settled',
        reason: null,
        source: 'delta',
        revision: 2,
        dueAt: null,
        payload: { invitedUser: { id: guestId, externalUserState: 'Accepted' } },
      });
      expect(await store.revisionsAfter(id, 1)).toHaveLength(1);
    });

    it.each([
      ['so that it can be restored', (id: string) => ask('DELETE', `/v1.0/users/${id}`)],
      ['for good', (id: string) => ask('DELETE', `/admin/users/${id}`)],
    ])('settles an invitation whose guest was deleted %s', async (_, remove) => {
      const guestId = await createGuest();
      const id = await follow(guestId);
      const delta = await begin();
      await remove(guestId);
      await delta.tick();
      expect(await find(id)).toMatchObject({ state: 'settled', reason: 'guestDeleted', source: 'delta', revision: 2 });
    });

    it('tells every record of the guest, whoever owns it, and in whatever case its id is written', async () => {
      const guestId = await createGuest();
      const other = { ...owner, subject: 'other' };
      const ids = [await follow(guestId), await follow(guestId, { owner: other })];
      const delta = await begin();
      await fault({
        kind: 'merge',
        body: { value: [{ id: guestId.toUpperCase(), '@removed': { reason: 'deleted' } }] },
      });
      await delta.tick();
      expect(await find(ids[0] ?? '')).toMatchObject({ state: 'settled' });
      expect(await store.find('invitation', { ...other, isAdmin: false }, ids[1] ?? '')).toMatchObject({
        state: 'settled',
      });
    });

    it('settles an invitation that was given up, when the evidence comes late', async () => {
      await follow(await createGuest());
      const guestId = await createGuest();
      const id = await follow(guestId, { state: 'unknown', reason: 'deadlineExceeded' });
      const delta = await begin();
      await redeem(guestId);
      await delta.tick();
      expect(await find(id)).toMatchObject({ state: 'settled', reason: null, source: 'delta' });
    });

    it('changes a record once however often a user comes', async () => {
      const guests = await followGuests(3);
      await graph.settings({ deltaPageSize: 2, deltaRepeats: 1 });
      const delta = await begin();
      for (const { guestId } of guests) await redeem(guestId);
      await fault({ kind: 'duplicates' });
      await delta.tick();
      for (const { id } of guests) expect(await find(id)).toMatchObject({ state: 'settled', revision: 2 });
    });

    it.each([
      ['older first', [0, 1]],
      ['newer first', [1, 0]],
    ])('takes the newest of what comes in any order, also on later pages: %s', async (_, order) => {
      const guestId = await createGuest();
      const id = await follow(guestId);
      const delta = await begin();
      const items = [
        {
          id: guestId,
          externalUserState: 'PendingAcceptance',
          externalUserStateChangeDateTime: '2026-01-01T00:00:00Z',
        },
        {
          id: guestId,
          externalUserState: 'unheardOf',
          externalUserStateChangeDateTime: '2026-02-01T00:00:00Z',
        },
      ];
      await fault({ kind: 'merge', body: { value: order.map((index) => items[index]) } }, 1);
      await delta.tick();
      const seen = await find(id);
      expect(seen.payload.invitedUser?.externalUserState).toBe('unknownFutureValue');
      await fault({ kind: 'merge', body: { value: [items[0]] } }, 1);
      await again(delta);
      expect(await find(id)).toMatchObject({ revision: seen.revision, payload: seen.payload });
    });

    it('takes a deletion for the last word of a page, and an absent member for not known', async () => {
      const [one, two] = await followGuests(2);
      const delta = await begin();
      const value = [
        { id: one?.guestId, '@removed': { reason: 'changed' } },
        { id: one?.guestId, externalUserState: 'Accepted', externalUserStateChangeDateTime: '2090-01-01T00:00:00Z' },
        { id: two?.guestId },
        { id: 'nobody', externalUserState: 'Accepted' },
      ];
      await fault({ kind: 'merge', body: { value } }, 1);
      await delta.tick();
      expect(await find(one?.id ?? '')).toMatchObject({ state: 'settled', reason: 'guestDeleted' });
      expect(await find(two?.id ?? '')).toMatchObject({
        state: 'active',
        revision: 1,
        payload: { invitedUser: { externalUserState: 'PendingAcceptance' } },
      });
    });

    it('finds the guest of an invitation whose answer is lost, but none that was there before', async () => {
      const lost = (mail: string) =>
        newInvitation({
          createdAt: createdAt(),
          payload: { invitedUserEmailAddress: mail, inviteRedirectUrl: 'https://app.example.com' },
        });
      const [fresh, old, ambiguous] = [
        lost('Fresh@Example.com'),
        lost('old@example.com'),
        { ...lost('late@example.com'), state: 'unknown' as const, reason: 'ambiguous' as const },
      ];
      await keep([fresh, old, ambiguous]);
      const delta = await begin();
      const guestId = await createGuest({ mail: 'fresh@example.com' });
      await createGuest({ mail: 'old@example.com', createdDateTime: '2020-01-01T00:00:00Z' });
      await createGuest({ mail: 'late@example.com' });
      await delta.tick();
      expect(await find(fresh.id)).toMatchObject({
        state: 'active',
        source: 'delta',
        payload: { invitedUser: { id: guestId, externalUserState: 'PendingAcceptance' } },
      });
      expect(await find(old.id)).toMatchObject({ state: 'submitting', revision: 1, attempts: 0 });
      expect(await find(ambiguous.id)).toMatchObject({ state: 'active', reason: null });
    });
  });

  describe('a round of many pages', () => {
    it('is followed to its end, empty pages too', async () => {
      const guests = await followGuests(7);
      await graph.settings({ deltaPageSize: 2, deltaEmptyPages: 3 });
      const delta = await begin();
      for (const { guestId } of guests) await redeem(guestId);
      await delta.tick();
      expect(await asked()).toBe(7);
      expect(delta.counts).toEqual({ pages: 7, failures: 0, restarts: 0 });
      for (const { id } of guests) expect(await find(id)).toMatchObject({ state: 'settled' });
    });

    it('goes on after a crash where it was, and nothing is lost', async () => {
      const guests = await followGuests(7);
      await graph.settings({ deltaPageSize: 2 });
      await begin();
      for (const { guestId } of guests) await redeem(guestId);
      let pages = 0;
      const crashing: DeltaOptions['client'] = {
        ...client,
        async get(...args) {
          pages += 1;
          if (pages === 3) throw new Error('crash');
          return client.get(...args);
        },
      };
      await expect(createDelta({ client: crashing }).tick()).rejects.toThrow('crash');
      const settled = async () =>
        (await Promise.all(guests.map(({ id }) => find(id)))).filter(({ state }) => state === 'settled').length;
      expect(await settled()).toBe(4);
      const next = createDelta();
      await next.tick();
      expect(await settled()).toBe(4);
      await again(next);
      expect(await settled()).toBe(7);
      expect(await asked()).toBe(4);
    });

    it('reads a page again that was written when the crash came, and changes nothing twice', async () => {
      const [guest] = await followGuests(2);
      await begin();
      await redeem(guest?.guestId ?? '');
      const crashing = { ...store, saveJob: () => Promise.reject(new Error('crash')) };
      await expect(createDelta({ store: crashing }).tick()).rejects.toThrow('crash');
      await again(createDelta());
      expect(await asked()).toBe(2);
      expect(await find(guest?.id ?? '')).toMatchObject({ state: 'settled', revision: 2 });
    });

    it('stops between pages when it is told to, and leaves the rest to whoever is next', async () => {
      const guests = await followGuests(3);
      await graph.settings({ deltaPageSize: 1 });
      await begin();
      for (const { guestId } of guests) await redeem(guestId);
      const stopping: Delta = createDelta({
        client: {
          ...client,
          get: (...args) => {
            void stopping.stop();
            return client.get(...args);
          },
        },
      });
      await stopping.tick();
      expect(await asked()).toBe(1);
      await createDelta().tick();
      expect(await asked()).toBe(3);
      for (const { id } of guests) expect(await find(id)).toMatchObject({ state: 'settled' });
    });

    it('takes 50 pages in one pass, and an interval later the rest: pages without end must not take all', async () => {
      await follow(await createGuest());
      await graph.settings({ deltaEmptyPages: 60 });
      const delta = await begin();
      await delta.tick();
      expect(await asked()).toBe(50);
      expect((await store.readJob('delta')).dueInMs).toBeLessThanOrEqual(INTERVAL_MS);
      await again(delta);
      expect(await asked()).toBe(61);
    });

    it('renews its lease, and stops at once when it was lost', async () => {
      const guests = await followGuests(3);
      await graph.settings({ deltaPageSize: 1 });
      await begin();
      for (const { guestId } of guests) await redeem(guestId);
      let [pages, leftMs] = [0, 0];
      const slow: DeltaOptions['client'] = {
        ...client,
        async get(...args) {
          pages += 1;
          if (pages === 1) {
            clockMs += LEASE_MS / 2;
            await engine.run(`update job set due_at = due_at - $1 where name = 'delta'`, [LEASE_MS / 2]);
          }
          if (pages === 2) {
            leftMs = (await store.readJob('delta')).dueInMs;
            await makeDue();
            await store.claimJob('delta', 'thief', LEASE_MS);
          }
          return client.get(...args);
        },
      };
      const before = await linkOf();
      await createDelta({ client: slow }).tick();
      expect(leftMs).toBeGreaterThan(LEASE_MS / 2 + 1_000);
      expect(pages).toBe(2);
      const link = await linkOf();
      expect(link).not.toBe(before);
      expect(await store.saveJob('delta', 'thief', null, null)).toBe(true);
    });
  });

  describe('when Graph no longer knows the link', () => {
    it.each([
      ['410', () => ask('POST', '/admin/delta/expire')],
      ['seven days', async () => void (clockMs += 7 * 24 * HOUR_MS)],
      ['404', () => fault({ kind: 'status', status: 404 }, 1)],
      ['a code that says so', () => fault({ kind: 'status', status: 409, code: 'resyncRequired' }, 1)],
      [
        'a token that is garbage',
        () =>
          engine.run(`update job set state = $1 where name = 'delta'`, [
            JSON.stringify({ link: '/users/delta?$deltatoken=garbage', startedAt: 0, succeededAt: 0, isProven: true }),
          ]),
      ],
      ['a state that is rubbish', () => engine.run(`update job set state = 'rubbish' where name = 'delta'`)],
    ])('begins with what is to come, and reads what is pending by id: %s', async (_, spoil) => {
      const [before, after] = await followGuests(2);
      const deadlineAt = new Date(clockMs + 30 * 24 * HOUR_MS);
      await engine.run('update record set deadline_at = $1', [Number(deadlineAt)]);
      const delta = await begin();
      await again(delta);
      await redeem(before?.guestId ?? '');
      await spoil();
      await graph.clearRequests();
      await again(delta);
      const queries = (await graph.requests()).map(({ query }) => query);
      expect(queries.at(-1)).toMatchObject({ $deltatoken: 'latest' });
      expect(queries.length).toBeLessThanOrEqual(2);
      expect(await store.nextDueInMs('sweep')).toBe(0);
      expect(delta.isHealthy()).toBe(true);
      expect(delta.isHealthy(new Date(clockMs - 1))).toBe(false);
      await createSweeper(delta).tick();
      expect(await find(before?.id ?? '')).toMatchObject({ state: 'settled', source: 'poll' });
      await redeem(after?.guestId ?? '');
      await again(delta);
      expect(await find(after?.id ?? '')).toMatchObject({ state: 'settled', source: 'delta' });
      expect(errors).toEqual([]);
    });

    it('begins again once, and less and less often, when no link is ever any good', async () => {
      await follow(await createGuest());
      let isSpoiled = true;
      const spoiling: DeltaOptions['client'] = {
        ...client,
        get: (link, limits) =>
          client.get(isSpoiled && !link.endsWith('latest') ? '/users/delta?$deltatoken=garbage' : link, limits),
      };
      const delta = createDelta({ client: spoiling });
      await delta.tick();
      await graph.clearRequests();
      for (let failures = 1; failures <= 3; failures += 1) {
        await again(delta);
        expect(delta.counts).toEqual({ pages: 0, failures, restarts: failures });
        expect(await linkOf()).toBeNull();
        expect((await store.readJob('delta')).dueInMs).toBeGreaterThan(INTERVAL_MS * 2 ** failures * 0.9 - 1_000);
        await again(delta);
        expect(await asked()).toBe(2 * failures);
      }
      expect(errors).toHaveLength(1);
      isSpoiled = false;
      clockMs += 60_001;
      await again(delta);
      expect(delta.isHealthy()).toBe(true);
    });

    it('waits longer and longer when it cannot even begin', async () => {
      await follow(await createGuest());
      const delta = createDelta();
      await fault({ kind: 'status', status: 404 });
      for (const failures of [1, 2]) {
        await again(delta);
        expect(delta.counts).toEqual({ pages: 0, failures, restarts: 0 });
        expect((await store.readJob('delta')).dueInMs).toBeGreaterThan(INTERVAL_MS * 2 ** failures * 0.9 - 1_000);
      }
      expect(await asked()).toBe(2);
      expect(delta.isHealthy()).toBe(false);
    });

    it('never follows one that lists all users', async () => {
      await follow(await createGuest());
      const body = { '@odata.deltaLink': null, '@odata.nextLink': `${baseUrl}/v1.0/users/delta?$skiptoken=all` };
      await fault({ kind: 'merge', body }, 1);
      const delta = createDelta();
      await delta.tick();
      expect((await graph.counts()).http).toBe(1);
      expect(errors).toMatchObject([{ message: expect.stringContaining('begin') }]);
    });
  });

  describe('when a page is no page', () => {
    const failing = async (effect: Json) => {
      const [guest] = await followGuests(2);
      const delta = await begin();
      const link = await linkOf();
      await redeem(guest?.guestId ?? '');
      await fault(effect);
      await delta.tick();
      await again(delta);
      expect(await linkOf()).toBe(link);
      expect(delta.counts).toMatchObject({ pages: 0, failures: 2 });
      expect(errors).toHaveLength(1);
      const { dueInMs } = await store.readJob('delta');
      expect(dueInMs).toBeGreaterThan(3 * INTERVAL_MS);
      expect(dueInMs).toBeLessThanOrEqual(4 * INTERVAL_MS);
      await graph.clearFaults();
      await again(delta);
      expect(await find(guest?.id ?? '')).toMatchObject({ state: 'settled', source: 'delta' });
      await fault(effect);
      await again(delta);
      expect(errors).toHaveLength(2);
    };

    it('an odd item among users stops none of them', async () => {
      const [guest] = await followGuests(1);
      const delta = await begin();
      const page = { '@odata.deltaLink': `${baseUrl}/v1.0/users/delta?$deltatoken=next` };
      const accepted = () => ({ externalUserState: 'Accepted', externalUserStateChangeDateTime: now().toISOString() });
      await fault(
        {
          kind: 'merge',
          body: { ...page, value: [null, {}, { id: guest?.guestId, ...accepted() }, 7] },
        },
        1,
      );
      await delta.tick();
      expect(await find(guest?.id ?? '')).toMatchObject({ state: 'settled', source: 'delta' });
      expect(errors).toEqual([]);
    });

    it('begins anew when a link goes on leading to none', async () => {
      const [guest] = await followGuests(1);
      const delta = await begin();
      await fault({ kind: 'merge', body: { value: 'rubbish' } }, 8);
      for (let failures = 0; failures < 8; failures += 1) await again(delta);
      await redeem(guest?.guestId ?? '');
      await graph.clearRequests();
      await again(delta);
      expect((await graph.requests())[0]?.['query']).toMatchObject({ $deltatoken: 'latest' });
      // What happened before delta began anew is for the sweep.
      await createSweeper(delta).tick();
      expect(await find(guest?.id ?? '')).toMatchObject({ state: 'settled', source: 'poll' });
    });

    it.each([
      ['no list', { value: 'rubbish' }],
      ['no item that is an object', { value: [null, 7] }],
      ['a link that no server takes', { '@odata.deltaLink': `https://graph/${'x'.repeat(9_000)}` }],
      ['an item without an id', { value: [{}] }],
      ['both links', { '@odata.nextLink': 'x' }],
      ['no link', { '@odata.deltaLink': null }],
      ['a link that is no text', { '@odata.deltaLink': 7 }],
      ['a link above the version', { '@odata.deltaLink': '/v1.0/users/delta' }],
    ])('nothing is passed over, and it is reported once: %s', async (_, body) => failing({ kind: 'merge', body }));

    it('nor for an answer that is not JSON, or none', async () =>
      failing({ kind: 'body', status: 200, contentType: 'text/html', text: '<html>' }));

    it('no request and no token goes to where a foreign link leads', async () => {
      const foreign = await startGraphServer();
      try {
        await failing({ kind: 'foreignLinks', origin: foreign.baseUrl });
        expect(foreign.seen).toEqual([]);
      } finally {
        await foreign.stop();
      }
    });

    it('goes on with the same link at another address of Graph', async () => {
      const guestId = await createGuest();
      const id = await follow(guestId);
      await begin();
      await redeem(guestId);
      const elsewhere = baseUrl.replace('127.0.0.1', 'localhost');
      const other = createGraphClient({
        baseUrl: elsewhere,
        version: 'v1.0',
        loadToken: () => Promise.resolve('token'),
        connections: 1,
      });
      await createDelta({ client: other }).tick();
      await other.stop();
      expect(await find(id)).toMatchObject({ state: 'settled' });
      expect(errors).toEqual([]);
    });

    it('goes on with the same link when there were no tokens for a long time', async () => {
      await follow(await createGuest());
      const delta = await begin();
      const link = await linkOf();
      const poor = createGraphClient({
        baseUrl,
        version: 'v1.0',
        loadToken: () => Promise.reject(new Error('refused')),
        connections: 1,
      });
      const failing = createDelta({ client: poor });
      for (let times = 0; times < 20; times += 1) await again(failing);
      await poor.stop();
      expect(failing.counts.failures).toBe(20);
      expect(await linkOf()).toBe(link);
      await again(delta);
      expect(delta.counts.restarts).toBe(0);
    });

    it('waits as long as Graph asks, and asks nothing meanwhile', async () => {
      await follow(await createGuest());
      const delta = await begin();
      const link = await linkOf();
      await fault({ kind: 'status', status: 429, retryAfter: '42.5' });
      await delta.tick();
      const { dueInMs } = await store.readJob('delta');
      expect(dueInMs).toBeGreaterThan(41_000);
      expect(dueInMs).toBeLessThanOrEqual(42_500);
      await again(delta);
      expect(await asked()).toBe(1);
      expect(await linkOf()).toBe(link);
      expect(delta.counts.failures).toBe(1);
    });
  });

  describe('when it fails for long', () => {
    it('hands the pending invitations to the sweep, once, and every replica knows', async () => {
      await follow(await createGuest());
      const delta = await begin();
      const other = createDelta({ store: await engine.openStore() });
      await other.tick();
      await fault({ kind: 'status', status: 403, code: 'Authorization_RequestDenied' });
      await again(delta);
      expect(delta.isHealthy()).toBe(true);
      expect(await store.nextDueInMs('sweep')).toBeGreaterThan(HOUR_MS / 4);
      clockMs += 60_001;
      await delta.tick();
      expect(delta.isHealthy()).toBe(false);
      expect(await store.nextDueInMs('sweep')).toBe(0);
      await other.tick();
      expect(other.isHealthy()).toBe(false);
      await postpone();
      await again(delta);
      expect(await store.nextDueInMs('sweep')).toBeGreaterThan(HOUR_MS / 4);
      await graph.clearFaults();
      await again(delta);
      expect(delta.isHealthy()).toBe(true);
      await other.tick();
      expect(other.isHealthy()).toBe(true);
    });

    it('hands over what an earlier process had left to it', async () => {
      await follow(await createGuest());
      await begin();
      clockMs += HOUR_MS;
      await fault({ kind: 'status', status: 403 });
      await createDelta().tick();
      expect(await store.nextDueInMs('sweep')).toBe(0);
    });
  });

  it('runs by itself until it is stopped, and looks at once when it is told to', async () => {
    const guestId = await createGuest();
    const id = await follow(guestId);
    const delta = await begin();
    await redeem(guestId);
    delta.start();
    delta.poke();
    const end = Date.now() + 10_000;
    while ((await find(id)).state !== 'settled' && Date.now() < end)
      await new Promise((resolve) => setImmediate(resolve));
    await delta.stop();
    expect(await find(id)).toMatchObject({ state: 'settled' });
  });
});
