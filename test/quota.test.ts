/** How many invitations may be made: counted in the store, with the record or not at all, by all gateways together. */
import { randomUUID } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import type { GatewayError } from '../src/errors.ts';
import type { InvitationInput } from '../src/tracking/requests.ts';
import type { Quotas } from '../src/tracking/store.ts';
import { startGateway, waitFor, type Json } from './support/gateway.ts';
import { cut, json, startGraphServer, type GraphServer } from './support/graph-server.ts';
import { caller, newInvitation } from './support/records.ts';
import { engines, STAMP, type Engine } from './support/stores.ts';
import { createUpstream } from './support/upstream.ts';

jest.setTimeout(60_000);

const HOUR_MS = 3_600_000;
const other = { ...caller, subject: 'other' };
const elsewhere = { ...caller, tenantId: 'elsewhere' };
const to = (name: string, members: Partial<InvitationInput> = {}): InvitationInput => ({
  invitedUserEmailAddress: `${name}@fabrikam.example`,
  inviteRedirectUrl: 'https://app.example.com',
  ...members,
});
const many = (count: number, members: (index: number) => Partial<InvitationInput> = () => ({})) =>
  Array.from({ length: count }, (_, index) => to(`guest${index}`, members(index)));
const PARTICIPANTS = { participants: ['u1', 'u2'].map((id) => ({ identity: { user: { id } } })) };

/** @returns how many were let through; a quota must have refused the others. */
async function passed(attempts: Promise<unknown>[]): Promise<number> {
  const results = await Promise.allSettled(attempts);
  for (const result of results)
    if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'LIMIT_EXCEEDED' });
  return results.filter(({ status }) => status === 'fulfilled').length;
}

const refusalOf = (attempt: Promise<unknown>) =>
  attempt.then(
    () => undefined,
    (error: GatewayError) => error,
  );

describe.each(engines)('quotas on $name', ({ open }) => {
  let engine: Engine;
  let graph: GraphServer;
  let stops: (() => Promise<void>)[];

  beforeEach(async () => {
    // They are of the hour by the clock: no test runs across its end.
    await waitFor('the next hour', () => HOUR_MS - (Date.now() % HOUR_MS) > 20_000, 25_000);
    stops = [];
    engine = await open();
    graph = await startGraphServer();
    graph.usual = (response, request) => {
      const body = JSON.parse(request.body) as Json;
      const answer = request.url?.endsWith('/invite') ? { id: 'op', status: 'running' } : { ...body, id: 'i' };
      return json(201, answer)(response, request);
    };
  });
  afterEach(async () => {
    for (const stop of stops) await stop();
    await graph.stop();
    await engine.close();
  });

  async function start(quotas?: Quotas) {
    const store = await engine.openStore(STAMP, quotas);
    const now = () => new Date();
    const upstream = createUpstream({ store, baseUrl: graph.baseUrl, now, timeoutMs: 5_000, intervalMs: 60_000 });
    stops.push(() => upstream.stop());
    return { ...upstream, store };
  }
  const used = async (scope: keyof Quotas) =>
    (await engine.run('select used from quota where scope = $1 order by tenant_id, subject, ends_at', [scope])).map(
      (row) => row['used'],
    );
  const recorded = async () => (await engine.run('select id from record')).length;

  it('let through exactly as many as they say of many at once, for each caller', async () => {
    const { tracker } = await start({ caller: 10, tenant: 0 });
    const attempts = [caller, other].map((who) => many(100).map((input) => tracker.createInvitation(input, who)));
    expect(await Promise.all(attempts.map(passed))).toEqual([10, 10]);
    expect([await recorded(), graph.seen.length, await used('caller'), await used('tenant')]).toEqual([
      20,
      20,
      [10, 10],
      [],
    ]);
  });

  it('hold for all stores together, and for all callers of a tenant', async () => {
    const gateways = [];
    for (let index = 0; index < 3; index++) gateways.push(await start({ caller: 0, tenant: 25 }));
    const attempts = gateways.flatMap(({ tracker }, at) => [
      ...many(40).map((input, index) => tracker.createInvitation(input, index % 2 ? caller : other)),
      tracker.createInvitations(many(2), caller),
      ...many(10).map(() => tracker.createInvitation(to('same', { idempotencyKey: `key${at}` }), elsewhere)),
    ]);
    expect(await passed(attempts)).toBeGreaterThan(30);
    expect(await engine.run(`select count(*) as n from record where tenant_id = 'tenant'`)).toEqual([{ n: 25 }]);
    expect(await used('tenant')).toEqual([3, 25]);
  });

  it('refuse with the cure and the time until it helps; nothing is stored and Graph is not asked', async () => {
    const { tracker, store } = await start({ caller: 1, tenant: 2 });
    await tracker.createInvitation(to('first'), caller);
    const ofCaller = await refusalOf(tracker.createInvitation(to('second'), caller));
    expect(ofCaller).toMatchObject({
      code: 'LIMIT_EXCEEDED',
      message:
        'Nothing was invited: the quota of a caller is 1 in an hour, and none is left. Try again when the time in `extensions.retryAfterSeconds` is over.',
    });
    const secondsOfHour = (HOUR_MS - (Date.now() % HOUR_MS)) / 1_000;
    expect(Math.abs((ofCaller?.extensions['retryAfterSeconds'] as number) - secondsOfHour)).toBeLessThan(10);
    await tracker.createInvitation(to('second'), other);
    const ofTenant = await refusalOf(tracker.inviteParticipants('call', PARTICIPANTS, { ...caller, subject: 'third' }));
    expect(ofTenant?.message).toMatch(/^Nothing was invited: the quota of a tenant is 2 in a day, /);
    const secondsOfDay = (24 * HOUR_MS - (Date.now() % (24 * HOUR_MS))) / 1_000;
    expect(Math.abs((ofTenant?.extensions['retryAfterSeconds'] as number) - secondsOfDay)).toBeLessThan(10);
    expect([await recorded(), graph.seen.length]).toEqual([2, 2]);
    expect((await store.changesAfter(0, 99)).filter(({ record }) => record.revision === 1)).toHaveLength(2);
    expect([await used('caller'), await used('tenant')]).toEqual([[1, 1], [2]]);
  });

  it('begin anew with their time, and what was counted before is forgotten', async () => {
    const { tracker, store } = await start({ caller: 1, tenant: 9 });
    await tracker.createInvitation(to('first'), caller);
    await engine.run(`update quota set ends_at = ends_at - $1 where scope = 'caller'`, [HOUR_MS]);
    await tracker.createInvitation(to('second'), caller);
    expect(await refusalOf(tracker.createInvitation(to('third'), caller))).toMatchObject({ code: 'LIMIT_EXCEEDED' });
    expect([await used('caller'), await used('tenant')]).toEqual([[1, 1], [2]]);
    await store.prune(HOUR_MS);
    expect([await used('caller'), await used('tenant')]).toEqual([[1], [2]]);
  });

  it('hold at once when they are lowered or raised', async () => {
    const first = await start({ caller: 3, tenant: 0 });
    expect(await passed(many(3).map((input) => first.tracker.createInvitation(input, caller)))).toBe(3);
    const lower = await start({ caller: 2, tenant: 0 });
    expect(await refusalOf(lower.tracker.createInvitation(to('more'), caller))).toMatchObject({
      code: 'LIMIT_EXCEEDED',
    });
    const higher = await start({ caller: 5, tenant: 0 });
    expect(await passed(many(9).map((input) => higher.tracker.createInvitation(input, caller)))).toBe(2);
  });

  describe('count', () => {
    it('a repetition not, and let it through when nothing is left', async () => {
      const { tracker } = await start({ caller: 2, tenant: 2 });
      const key = { idempotencyKey: 'key' };
      const made = await Promise.all(Array.from({ length: 20 }, () => tracker.createInvitation(to('a', key), caller)));
      expect([new Set(made.map(({ id }) => id)).size, await used('caller')]).toEqual([1, [1]]);
      await tracker.createInvitation(to('b'), caller);
      expect((await tracker.createInvitation(to('a', key), caller)).id).toBe(made[0]?.id);
      expect(await refusalOf(tracker.createInvitation(to('c', key), caller))).toMatchObject({
        code: 'IDEMPOTENCY_CONFLICT',
      });
      const { results } = await tracker.createInvitations([to('a', key)], caller);
      expect(results).toMatchObject([{ invitation: { id: made[0]?.id } }]);
      expect([await used('caller'), await used('tenant')]).toEqual([[2], [2]]);
    });

    it('a request for several participants once, beside guests', async () => {
      const { tracker } = await start({ caller: 2, tenant: 0 });
      await tracker.inviteParticipants('call', PARTICIPANTS, caller);
      expect(await used('caller')).toEqual([1]);
      await tracker.createInvitation(to('guest'), caller);
      expect(await refusalOf(tracker.inviteParticipants('call', PARTICIPANTS, caller))).toMatchObject({
        code: 'LIMIT_EXCEEDED',
      });
    });

    it('each new invitation of a bulk, and refuse it as a whole when they do not fit', async () => {
      const { tracker } = await start({ caller: 10, tenant: 0 });
      const key = (index: number) => ({ idempotencyKey: `key${index}` });
      await tracker.createInvitations(many(6, key), caller);
      const whole = await refusalOf(tracker.createInvitations([...many(4), to('e'), to('no address@')], caller));
      expect(whole).toMatchObject({
        code: 'LIMIT_EXCEEDED',
        message: expect.stringContaining('and 4 are left. Send no more than that now'),
        extensions: { retryAfterSeconds: expect.any(Number) },
      });
      expect([await recorded(), await used('caller')]).toEqual([6, [6]]);
      expect(await engine.run('select distinct bulk_id from bulk_item')).toHaveLength(1);
      // Six of these nine are there already.
      const { results } = await tracker.createInvitations([...many(9, key), to('no address@')], caller);
      expect(results.filter((result) => 'invitation' in result)).toHaveLength(9);
      expect(await used('caller')).toEqual([9]);
      expect((await refusalOf(tracker.createInvitations([to('x'), to('y')], caller)))?.message).toContain('1 is left');
    });

    it('what Graph refuses or throttles and what it leaves unanswered, but not what our checks refuse', async () => {
      const { tracker } = await start({ caller: 9, tenant: 0 });
      for (const input of [
        to('no address@'),
        to('a', { inviteRedirectUrl: 'http://x' }),
        to('a', { sharedWith: [''] }),
      ])
        expect(await refusalOf(tracker.createInvitation(input, caller))).toMatchObject({ code: 'BAD_USER_INPUT' });
      expect(await refusalOf(tracker.inviteParticipants('call', { participants: [] }, caller))).toBeDefined();
      expect(await used('caller')).toEqual([]);
      graph.answers.push(json(403, { error: { code: 'Forbidden' } }), cut, json(429, {}, { 'retry-after': '60' }));
      const codes = [];
      for (const name of ['refused', 'lost', 'throttled'])
        codes.push((await refusalOf(tracker.createInvitation(to(name), caller)))?.code);
      expect(codes).toEqual(['FORBIDDEN', 'OUTCOME_UNKNOWN', 'THROTTLED']);
      expect(await used('caller')).toEqual([3]);
    });
  });

  it('add no statement to a mutation, and count nothing while they are off', async () => {
    const off = await start();
    const on = await start({ caller: 9, tenant: 9 });
    const onWorker = jest.spyOn(Worker.prototype, 'postMessage');
    const onClient = jest.spyOn(pg.Client.prototype, 'query');
    const statementsOf = async (work: () => Promise<unknown>) => {
      await work();
      const texts = [...onWorker.mock.calls, ...onClient.mock.calls].map(([asked]) => {
        const { sql, text } = asked as unknown as { sql?: string; text?: string };
        return sql ?? text;
      });
      onWorker.mockClear();
      onClient.mockClear();
      return texts;
    };
    const without = await statementsOf(() => off.tracker.createInvitation(to('a'), caller));
    expect(without).toHaveLength(2);
    const bulk = await statementsOf(() => off.tracker.createInvitations(many(3), caller));
    expect([await used('caller'), await used('tenant')]).toEqual([[], []]);
    onClient.mockClear();
    expect(await statementsOf(() => on.tracker.createInvitation(to('a'), caller))).toEqual(without);
    expect(await statementsOf(() => on.tracker.createInvitations(many(3), caller))).toEqual(bulk);
    expect(await used('caller')).toEqual([4]);
  });

  it('fail with the store, as a mutation does without them', async () => {
    for (const quotas of [undefined, { caller: 9, tenant: 9 }]) {
      const { tracker, store } = await start(quotas);
      await store.stop();
      await expect(tracker.createInvitation(to('a'), caller)).rejects.toThrow('The store is stopped.');
    }
    expect(graph.seen).toEqual([]);
  });

  it('are what the configuration says', async () => {
    const gateway = await startGateway(engine, { INVITE_CALLER_QUOTA: '2', INVITE_TENANT_QUOTA: '3' });
    stops.push(() => gateway.stop());
    const document = `mutation ($inputs: [CreateInvitationInput!]!) { createInvitations(inputs: $inputs) { bulkId } }`;
    const { errors } = await gateway.query(document, { inputs: many(3) });
    expect(errors).toMatchObject([
      {
        message: expect.stringContaining('the quota of a caller is 2 in an hour, and 2 are left'),
        extensions: { code: 'LIMIT_EXCEEDED', retryAfterSeconds: expect.any(Number) },
      },
    ]);
    expect((await gateway.query(document, { inputs: many(2) })).errors).toBeUndefined();
    expect([await used('caller'), await used('tenant')]).toEqual([[2], [2]]);
  });
});

describe('quotas on a PostgreSQL whose connections break', () => {
  it('count a statement once that was repeated', async () => {
    const engine = await (engines[1] as (typeof engines)[number]).open();
    const store = await engine.openStore(STAMP, { caller: 1_000, tenant: 100 });
    const inserts: Promise<unknown>[] = [];
    for (let round = 0; round < 10; round++) {
      inserts.push(...Array.from({ length: 11 }, () => store.insert(newInvitation(), randomUUID(), 60_000)));
      await engine.run(
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'graph-invitations-gateway'`,
      );
    }
    expect(await passed(inserts)).toBe(100);
    expect(await engine.run('select sum(used) as n from quota group by scope')).toEqual([{ n: 100 }, { n: 100 }]);
    expect(await engine.run('select count(*) as n from record')).toEqual([{ n: 100 }]);
    await engine.close();
  });
});
