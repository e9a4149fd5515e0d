import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { createEmulator, type Emulator } from '../src/emulator/emulator.ts';
import { createBatchReader, type BatchReader } from '../src/graph/batch.ts';
import { createGraphClient, type GraphClient } from '../src/graph/client.ts';
import type { InvitationRecord } from '../src/tracking/record.ts';
import type { Store } from '../src/tracking/store.ts';
import { Sweeper, type SweeperOptions } from '../src/tracking/sweeper.ts';
import { administer, type EmulatorAdmin, type Json } from './support/gateway.ts';
import { caller, newInvitation, newPending } from './support/records.ts';
import { engines, type Engine } from './support/stores.ts';

const INTERVAL_MS = 2_000;
const HOUR_MS = 3_600_000;

describe.each(engines)('the sweep of invitations on $name', ({ open }) => {
  let engine: Engine;
  let store: Store;
  let emulator: Emulator;
  let baseUrl: string;
  let graph: EmulatorAdmin;
  let client: GraphClient;
  let reader: BatchReader;
  let clockMs: number;
  let missed: string[];
  const now = () => new Date(clockMs);

  beforeEach(async () => {
    clockMs = Date.now();
    missed = [];
    engine = await open();
    store = await engine.openStore();
    emulator = createEmulator({ now: () => clockMs });
    baseUrl = await emulator.start();
    graph = administer(baseUrl);
    client = createGraphClient({ baseUrl, version: 'v1.0', loadToken: () => Promise.resolve('token'), connections: 4 });
    reader = createBatchReader(client);
  });
  afterEach(async () => {
    await client.stop();
    await emulator.stop();
    await engine.close();
  });

  const createSweeper = (members: Partial<SweeperOptions> = {}) =>
    new Sweeper({
      store,
      reader,
      now,
      intervalMs: INTERVAL_MS,
      leaseMs: 15_000,
      pauseMs: () => 0,
      isFollowed: () => false,
      onMissed: (id) => void missed.push(id),
      onError: (error) => {
        throw error;
      },
      ...members,
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
  const createGuests = (count: number) => Promise.all(Array.from({ length: count }, () => createGuest()));

  const createdAt = () => new Date(clockMs - 60_000);
  /** Adds invitations that are due. */
  async function keep(...records: InvitationRecord[]): Promise<void> {
    await store.insertBulk(randomUUID(), records);
    await graph.clearRequests();
  }
  const pending = (guestId: string, members: Partial<InvitationRecord> = {}) =>
    newPending(guestId, { createdAt: createdAt(), ...members });
  const find = async ({ id }: { id: string }) => (await store.find('invitation', caller, id)) as InvitationRecord;
  const dueInMs = async (record: { id: string }) => Number((await find(record)).dueAt) - Date.now();
  const makeDue = () => engine.run('update record set due_at = 0 where due_at is not null');
  const routes = async () => (await graph.counts()).byRoute;
  async function again(sweeper: Sweeper): Promise<void> {
    await makeDue();
    await graph.clearRequests();
    await sweeper.tick();
  }

  describe('what it costs', () => {
    it.each([
      [1, 1],
      [300, 1],
      [301, 2],
      [601, 3],
    ])('is for %d guests %d requests', async (count, requests) => {
      await keep(...(await createGuests(count)).map((id) => pending(id)));
      await createSweeper().tick();
      expect((await graph.counts()).http).toBe(requests);
    });

    it('is one part for fifteen guests, and one for a guest of several records', async () => {
      const guestIds = await createGuests(30);
      await keep(...guestIds.flatMap((id) => [pending(id), pending(id)]));
      await createSweeper().tick();
      expect(await routes()).toEqual({ 'POST /$batch': 1, 'GET /users': 2 });
      expect(await engine.run(`select count(*) as count from record where attempts = 0 and revision = 2`)).toEqual([
        { count: 60 },
      ]);
    });

    it('is nothing when nothing is due, another replica has it, or Graph wants no polls', async () => {
      await keep(pending(await createGuest()));
      await createSweeper({ pauseMs: () => 5_000 }).tick();
      const other = await engine.openStore();
      await other.claim({ work: 'sweep', limit: 9, leaseMs: 15_000, leaseToken: 'other', horizonMs: 0 });
      await createSweeper().tick();
      expect((await graph.counts()).http).toBe(0);
      await makeDue();
      await createSweeper().tick();
      await createSweeper().tick();
      expect((await graph.counts()).http).toBe(1);
    });

    it('is in vain when its lease ran out: what another replica has taken over is not written', async () => {
      const record = pending(await createGuest());
      await keep(record);
      const slow: BatchReader = {
        async read(...args) {
          await makeDue();
          await store.claim({ work: 'sweep', limit: 9, leaseMs: 15_000, leaseToken: 'thief', horizonMs: 0 });
          return reader.read(...args);
        },
      };
      await createSweeper({ reader: slow }).tick();
      expect(await find(record)).toMatchObject({ revision: 1, observedAt: record.observedAt });
      expect(await dueInMs(record)).toBeGreaterThan(10_000);
    });

    it('is the same for two replicas', async () => {
      const records = (await createGuests(40)).map((id) => pending(id));
      await keep(...records);
      const other = createSweeper({ store: await engine.openStore() });
      await Promise.all([createSweeper().tick(), other.tick()]);
      expect((await routes())['GET /users']).toBeLessThanOrEqual(4);
      for (const record of records) expect(await find(record)).toMatchObject({ revision: 2, attempts: 0 });
    });

    it('is an hour without a read when delta tells of changes, then one for all that were read together', async () => {
      const records = (await createGuests(40)).map((id) => pending(id));
      await keep(...records);
      await createSweeper({ isFollowed: () => true }).tick();
      const [row] = await engine.run('select min(due_at) as first, max(due_at) as last from record');
      expect(Number(row?.['first']) - Date.now()).toBeGreaterThan(HOUR_MS / 4);
      expect(row?.['last']).toBe(row?.['first']);
    });

    it('is not left to delta when delta began only after the read', async () => {
      const record = pending(await createGuest());
      await keep(record);
      let beganAt = Infinity;
      const slow: BatchReader = {
        async read(...args) {
          const results = await reader.read(...args);
          clockMs += 1_000;
          beganAt = clockMs;
          return results;
        },
      };
      const isFollowed = (since?: Date) => beganAt <= Number(since ?? now());
      await createSweeper({ reader: slow, isFollowed }).tick();
      expect(await dueInMs(record)).toBeLessThan(HOUR_MS / 4);
    });

    it('is not spared while delta does not tell: a watched invitation is read at the interval', async () => {
      const [watched, other] = [pending(await createGuest()), pending(await createGuest())];
      await keep(watched, other);
      await engine.run('update record set due_at = due_at + $1', [HOUR_MS]);
      await store.watch([watched.id], 60_000, HOUR_MS);
      let isFollowed = true;
      const sweeper = createSweeper({ isFollowed: () => isFollowed });
      await sweeper.tick();
      expect((await graph.counts()).http).toBe(0);
      isFollowed = false;
      await sweeper.tick();
      expect(await routes()).toEqual({ 'POST /$batch': 1, 'GET /users/{}': 1 });
      await sweeper.tick();
      expect((await graph.counts()).http).toBe(1);
      expect(await dueInMs(watched)).toBeLessThanOrEqual(INTERVAL_MS);
      await engine.backDate(INTERVAL_MS);
      await sweeper.tick();
      expect((await graph.counts()).http).toBe(2);
      expect(await find(other)).toMatchObject({ revision: 1 });
    });
  });

  describe('what it finds', () => {
    it('a guest who redeemed, whatever the case of the id', async () => {
      const guestIds = await createGuests(2);
      const records = guestIds.map((id) => pending(id.toUpperCase()));
      await keep(...records);
      for (const id of guestIds)
        await graph.patchUser(id, {
          externalUserState: 'Accepted',
          externalUserStateChangeDateTime: now().toISOString(),
        });
      // The emulator tells the cases apart, Graph does not.
      const users = guestIds.map((id) => ({ id, externalUserState: 'Accepted', createdDateTime: now().toISOString() }));
      await graph.fault({ path: '^/users$', effect: { kind: 'merge', body: { value: users } } });
      await createSweeper().tick();
      for (const record of records) expect(await find(record)).toMatchObject({ state: 'settled', source: 'poll' });
    });

    it('a guest who is gone, once the guest’s own path says so too', async () => {
      const [gone, there] = [pending(randomUUID()), pending(await createGuest())];
      await keep(gone, there);
      const sweeper = createSweeper();
      await sweeper.tick();
      expect(await routes()).toEqual({ 'POST /$batch': 1, 'GET /users': 1 });
      expect(await find(gone)).toMatchObject({ state: 'active', revision: 1, lastError: { code: 'NOT_FOUND' } });
      expect(await find(there)).toMatchObject({ state: 'active', attempts: 0 });
      await again(sweeper);
      expect(await routes()).toEqual({ 'POST /$batch': 1, 'GET /users/{}': 2 });
      expect(await find(gone)).toMatchObject({ state: 'settled', reason: 'guestDeleted', revision: 2 });
    });

    it('a guest who is not in the list yet, and is there', async () => {
      const records = (await createGuests(2)).map((id) => pending(id));
      await keep(...records);
      await graph.fault({ path: '^/users$', effect: { kind: 'merge', body: { value: [] } } });
      const sweeper = createSweeper();
      for (let pass = 0; pass < 4; pass += 1) await again(sweeper);
      for (const record of records) expect(await find(record)).toMatchObject({ state: 'active', revision: 2 });
    });

    it('nothing about guests in a list that is refused, or is none', async () => {
      const records = (await createGuests(2)).map((id) => pending(id));
      await keep(...records);
      const sweeper = createSweeper();
      for (const effect of [
        { kind: 'status', status: 404 },
        { kind: 'merge', body: { value: 'rubbish' } },
        { kind: 'html', status: 200 },
        { kind: 'dropPart' },
      ]) {
        await graph.fault({ path: '^/users$', times: 1, effect });
        await again(sweeper);
        expect(await routes()).toEqual({ 'POST /$batch': 1, 'GET /users': 1 });
        for (const record of records)
          expect(await find(record)).toMatchObject({ revision: 1, lastError: { code: 'UPSTREAM_UNAVAILABLE' } });
      }
      await again(sweeper);
      for (const record of records) expect(await find(record)).toMatchObject({ revision: 2, attempts: 0 });
    });

    it('nothing about a guest in an answer that is no user', async () => {
      const record = pending(await createGuest());
      await keep(record);
      await graph.fault({ path: '^/users/', times: 1, effect: { kind: 'wrap' } });
      await createSweeper().tick();
      expect(await find(record)).toMatchObject({ revision: 1, lastError: { code: 'UPSTREAM_UNAVAILABLE' } });
    });

    it('nothing when no batch was answered', async () => {
      const records = (await createGuests(2)).map((id) => pending(id));
      await keep(...records);
      await graph.fault({ path: '^/\\$batch', times: 1, effect: { kind: 'status', status: 503 } });
      await createSweeper().tick();
      for (const record of records) expect(await find(record)).toMatchObject({ revision: 1, attempts: 1 });
    });

    it('that the deadline has passed', async () => {
      const record = pending(await createGuest(), { deadlineAt: now() });
      await keep(record);
      await createSweeper().tick();
      expect(await find(record)).toMatchObject({ state: 'unknown', reason: 'deadlineExceeded', dueAt: null });
    });
  });

  describe('judges each part alone', () => {
    it('makes only the records of a throttled part wait, as long as Graph asks', async () => {
      const records = (await createGuests(30)).map((id) => pending(id));
      await keep(...records);
      await graph.fault({ path: '^/users$', times: 1, effect: { kind: 'status', status: 429, retryAfter: '42.5' } });
      await createSweeper().tick();
      const after = await Promise.all(records.map(find));
      const late = after.filter(({ attempts }) => attempts === 1);
      expect(late).toHaveLength(15);
      for (const record of late) expect(await dueInMs(record)).toBeGreaterThan(41_000);
      expect(after.filter(({ attempts, revision }) => attempts === 0 && revision === 2)).toHaveLength(15);
    });

    it('reads the guests of a refused list alone, so that one bad id spoils no other for long', async () => {
      const records = (await createGuests(15)).map((id) => pending(id));
      await keep(...records);
      await graph.fault({ path: '^/users$', times: 1, effect: { kind: 'status', status: 400 } });
      const sweeper = createSweeper();
      await sweeper.tick();
      expect(await find(records[0] as InvitationRecord)).toMatchObject({ lastError: { code: 'BAD_USER_INPUT' } });
      await again(sweeper);
      expect(await routes()).toEqual({ 'POST /$batch': 1, 'GET /users/{}': 15 });
      for (const record of records) expect(await find(record)).toMatchObject({ revision: 2, attempts: 0 });
    });

    it('keeps strange ids out of the lists, and what is no id out of every path', async () => {
      const records = (await createGuests(14)).map((id) => pending(id));
      const strange = ["it's ?#%strange/..", '..', '.'].map((id) => pending(id));
      await keep(...records, ...strange);
      await createSweeper().tick();
      expect(await routes()).toEqual({ 'POST /$batch': 1, 'GET /users': 1, 'GET /users/{}': 1 });
      for (const record of records) expect(await find(record)).toMatchObject({ revision: 2, attempts: 0 });
      for (const record of strange) expect(await find(record)).toMatchObject({ state: 'active', revision: 1 });
    });
  });

  describe('an invitation whose answer is lost', () => {
    const lost = (mail: string, members: Partial<InvitationRecord> = {}) => {
      const request = { invitedUserEmailAddress: mail, inviteRedirectUrl: 'https://app.example.com' };
      return newInvitation({ createdAt: createdAt(), request, payload: request, ...members });
    };

    it('is followed again when its guest is found by mail', async () => {
      const record = lost("o'guest@example.com");
      const id = await createGuest({ mail: "o'guest@example.com" });
      await keep(record);
      await createSweeper().tick();
      expect(await find(record)).toMatchObject({
        state: 'active',
        source: 'poll',
        payload: { invitedUser: { id, externalUserState: 'PendingAcceptance' } },
      });
    });

    it('is looked for two minutes, then nobody knows', async () => {
      const record = lost('nobody@example.com');
      await keep(record);
      const sweeper = createSweeper();
      await sweeper.tick();
      expect(await find(record)).toMatchObject({ state: 'submitting', attempts: 1, lastError: { code: 'NOT_FOUND' } });
      clockMs += 60_001;
      await again(sweeper);
      expect(await find(record)).toMatchObject({ state: 'unknown', reason: 'ambiguous', dueAt: null });
    });

    it('is ambiguous when the guest was there before, or when there are two', async () => {
      const [old, doubled] = [lost('old@example.com'), lost('two@example.com')];
      await createGuest({ mail: 'old@example.com', createdDateTime: '2020-01-01T00:00:00Z' });
      for (const userPrincipalName of ['one', 'two']) await createGuest({ mail: 'two@example.com', userPrincipalName });
      await keep(old, doubled);
      await createSweeper().tick();
      expect(await routes()).toEqual({ 'POST /$batch': 1, 'GET /users': 2 });
      for (const record of [old, doubled])
        expect(await find(record)).toMatchObject({ state: 'unknown', reason: 'ambiguous' });
    });

    it('is not judged by a part of a list, nor by a list that is refused', async () => {
      const record = lost('old@example.com');
      await createGuest({ mail: 'old@example.com', createdDateTime: '2020-01-01T00:00:00Z' });
      await keep(record);
      const sweeper = createSweeper();
      const next = `${baseUrl}/v1.0/users?$skiptoken=next`;
      for (const effect of [
        { kind: 'merge', body: { value: [], '@odata.nextLink': next } },
        { kind: 'merge', body: { value: null } },
        { kind: 'status', status: 404 },
      ]) {
        await graph.fault({ path: '^/users$', times: 1, effect });
        await again(sweeper);
        expect(await find(record)).toMatchObject({ state: 'submitting', lastError: { code: 'UPSTREAM_UNAVAILABLE' } });
      }
    });

    it('is ambiguous without a read when it was a reset: that leaves no new guest behind', async () => {
      const record = lost('reset@example.com');
      await keep({
        ...record,
        request: { ...record.request, resetRedemption: true, invitedUser: { id: randomUUID() } },
      });
      await createSweeper().tick();
      expect((await graph.counts()).http).toBe(0);
      expect(await find(record)).toMatchObject({ state: 'unknown', reason: 'ambiguous' });
    });
  });

  describe('proves that delta missed nothing', () => {
    const MINUTE_MS = 60_000;
    /** @returns a due record of a guest who redeemed so long ago. */
    async function redeemed(agoMs: number, members: Partial<InvitationRecord> = {}): Promise<InvitationRecord> {
      const guestId = await createGuest();
      const at = new Date(clockMs - agoMs).toISOString();
      await graph.patchUser(guestId, { externalUserState: 'Accepted', externalUserStateChangeDateTime: at });
      const record = { ...pending(guestId, { createdAt: new Date(clockMs - HOUR_MS) }), ...members };
      await keep(record);
      return record;
    }
    const followedSince = (agoMs: number) => (since?: Date) => !since || Number(since) >= clockMs - agoMs;

    it('counts a change that it did not tell, and says of which record', async () => {
      const record = await redeemed(10 * MINUTE_MS);
      const sweeper = createSweeper({ isFollowed: followedSince(2 * HOUR_MS) });
      await sweeper.tick();
      await again(sweeper);
      expect(await find(record)).toMatchObject({ state: 'settled', source: 'poll' });
      expect(missed).toEqual([record.id]);
      expect(sweeper.missedByDelta).toBe(1);
    });

    it.each([
      ['it may yet tell of', 5_000, {}, 2 * HOUR_MS],
      ['from before it followed', 10 * MINUTE_MS, {}, HOUR_MS / 2],
      ['of a guest who was never read', 10 * MINUTE_MS, { observedAt: null }, 2 * HOUR_MS],
    ])('counts no change %s', async (_, agoMs, members, followedMs) => {
      const record = await redeemed(agoMs, members);
      const sweeper = createSweeper({ isFollowed: followedSince(followedMs) });
      await sweeper.tick();
      expect(await find(record)).toMatchObject({ state: 'settled' });
      expect([missed, sweeper.missedByDelta]).toEqual([[], 0]);
    });

    it('counts no change that delta told while the sweep was under way, and does not write over it', async () => {
      const record = await redeemed(10 * MINUTE_MS);
      const told = { ...record, state: 'settled' as const, source: 'delta' as const, revision: 2 };
      const slow: BatchReader = {
        async read(...args) {
          await store.save([{ record: told, baseRevision: 1, dueInMs: null, watchedDueInMs: null }]);
          return reader.read(...args);
        },
      };
      const sweeper = createSweeper({ reader: slow, isFollowed: followedSince(2 * HOUR_MS) });
      await sweeper.tick();
      expect(await find(record)).toMatchObject({ source: 'delta', revision: 2 });
      expect(missed).toEqual([]);
    });
  });
});
