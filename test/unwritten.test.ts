/** What becomes of Graph's answers that come while the store is away. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { StoreUnavailable, StoreUncertain } from '../src/tracking/store-failure.ts';
import type { Store } from '../src/tracking/store.ts';
import { Unwritten } from '../src/tracking/unwritten.ts';
import type { Json } from './support/gateway.ts';
import { cut, json, startGraphServer, type GraphServer, type SeenRequest } from './support/graph-server.ts';
import { caller } from './support/records.ts';
import { engines, type Engine } from './support/stores.ts';
import { createUpstream } from './support/upstream.ts';

const away = () => Promise.reject(new StoreUnavailable(new Error('away')));
const input = (name: string) => ({
  invitedUserEmailAddress: `${name}@fabrikam.example`,
  inviteRedirectUrl: 'https://app.example.com',
});
const participants = [{ identity: { user: { id: 'u1' } } }];
/** Of the search for a guest whose invitation was not answered. */
const SEARCH_MS = 120_000;

describe.each(engines)('answers that come while a store on $name is away', ({ open }) => {
  let engine: Engine;
  let store: Store;
  let graph: GraphServer;
  let upstream: ReturnType<typeof createUpstream>;
  let other: ReturnType<typeof createUpstream>;
  let aheadMs: number;

  beforeEach(async () => {
    aheadMs = 0;
    engine = await open();
    store = await engine.openStore();
    graph = await startGraphServer();
    graph.usual = answer;
    const options = { baseUrl: graph.baseUrl, now: () => new Date(Date.now() + aheadMs), timeoutMs: 5_000 };
    upstream = createUpstream({ ...options, store, intervalMs: 2_000 });
    other = createUpstream({ ...options, store: await engine.openStore(), intervalMs: 2_000 });
  });
  afterEach(async () => {
    await upstream.stop();
    await other.stop();
    await graph.stop();
    await engine.close();
  });

  /** Answers like Graph, and like a directory whose lists lag behind. */
  function answer(...[response, request]: Parameters<GraphServer['usual']>) {
    const invited = (id: string, body: Json) => ({
      ...body,
      id: `i-${id}`,
      status: 'PendingAcceptance',
      inviteRedeemUrl: 'https://redeem.example',
      invitedUser: { id: `g-${id}` },
    });
    if (request.url?.endsWith('/invite')) return json(201, { id: 'op', status: 'running' })(response, request);
    if (request.url?.endsWith('/invitations')) return json(201, invited('1', bodyOf(request)))(response, request);
    const parts = (bodyOf(request)['requests'] as Json[]).map(({ id, method, body }) =>
      method === 'POST' ? { id, status: 201, body: invited(id, body) } : { id, status: 200, body: { value: [] } },
    );
    return json(200, { responses: parts })(response, request);
  }
  const bodyOf = ({ body }: SeenRequest) => JSON.parse(body) as Json;

  /** Lets no write pass until the returned function is called. */
  function cutOff(): () => void {
    const save = store.save.bind(store);
    store.save = away;
    return () => (store.save = save);
  }
  /** Lets another replica do what is due when the lease of the one that sent is over. */
  async function takeOver(work: 'poller' | 'sweeper') {
    aheadMs = SEARCH_MS + 1_000;
    await engine.backDate(3_600_000);
    await other[work].tick();
  }
  const rows = () =>
    engine.run(
      'select graph_id, state, reason, case when due_at is null then 0 else 1 end as is_due from record order by id',
    );
  const lost = { state: 'unknown', reason: 'ambiguous', graph_id: null };
  const unknownOutcome = { code: 'OUTCOME_UNKNOWN', extensions: { recordId: expect.any(String) } };

  it('are written when it is back, of an operation too that was given up meanwhile', async () => {
    const putBack = cutOff();
    await expect(upstream.tracker.inviteParticipants('call', { participants }, caller)).rejects.toMatchObject(
      unknownOutcome,
    );
    await expect(upstream.unwritten.tick()).rejects.toThrow('does not answer');
    await takeOver('poller');
    expect(await rows()).toMatchObject([lost]);
    putBack();
    await upstream.unwritten.tick();
    expect(await rows()).toEqual([{ graph_id: 'op', state: 'active', reason: null, is_due: 1 }]);
  });

  it('are written when it is back, of an invitation too that was given up meanwhile', async () => {
    const putBack = cutOff();
    await expect(upstream.tracker.createInvitation(input('a'), caller)).rejects.toMatchObject(unknownOutcome);
    await takeOver('sweeper');
    expect(await rows()).toMatchObject([lost]);
    putBack();
    await upstream.unwritten.tick();
    expect(await rows()).toEqual([{ graph_id: 'i-1', state: 'active', reason: null, is_due: 1 }]);
  });

  it('are written when it is back, of a whole batch too', async () => {
    await upstream.tracker.createInvitations(['a', 'b', 'c'].map(input), caller);
    const putBack = cutOff();
    await expect(upstream.sender.tick()).rejects.toThrow('does not answer');
    await takeOver('sweeper');
    expect(await rows()).toMatchObject([lost, lost, lost]);
    putBack();
    await upstream.unwritten.tick();
    expect(await rows()).toMatchObject(
      Array(3).fill({ graph_id: expect.stringMatching(/^i-/), state: 'active', is_due: 1 }),
    );
  });

  it('settle as a refusal what Graph refused', async () => {
    graph.answers.push(json(400, { error: { code: 'BadRequest', message: 'no' } }));
    const putBack = cutOff();
    await expect(upstream.tracker.createInvitation(input('a'), caller)).rejects.toMatchObject(unknownOutcome);
    putBack();
    await upstream.unwritten.tick();
    expect(await rows()).toMatchObject([{ state: 'settled', reason: 'refused' }]);
  });

  it('let be sent again what was not sent', async () => {
    graph.answers.push(json(403, { error: { code: 'Forbidden' } }));
    await upstream.tracker.createInvitations([input('a')], caller);
    const putBack = cutOff();
    await expect(upstream.sender.tick()).rejects.toThrow('does not answer');
    putBack();
    await upstream.unwritten.tick();
    await engine.backDate(3_600_000);
    await other.sender.tick();
    expect(await rows()).toMatchObject([{ state: 'active', graph_id: 'i-1' }]);
  });

  it('never let be sent again what somebody else is sending by then', async () => {
    graph.answers.push(json(403, { error: { code: 'Forbidden' } }));
    await upstream.tracker.createInvitations([input('a')], caller);
    const save = store.save.bind(store);
    // Written, but nobody hears of it.
    store.save = async (...writes) => {
      await save(...writes);
      throw new StoreUncertain(new Error('broken off'));
    };
    await expect(upstream.sender.tick()).rejects.toThrow('broke off');
    store.save = save;
    await engine.backDate(3_600_000);
    const claim = { work: 'send', limit: 20, leaseMs: 60_000, leaseToken: 'other', horizonMs: 0 } as const;
    expect(await store.claim(claim)).toHaveLength(1);
    await upstream.unwritten.tick();
    expect(await engine.run('select work, lease_token from record')).toEqual([{ work: 'sweep', lease_token: 'other' }]);
  });

  it('tell nothing of a record that is settled by then', async () => {
    const putBack = cutOff();
    await expect(upstream.tracker.createInvitation(input('a'), caller)).rejects.toMatchObject(unknownOutcome);
    await engine.run(`update record set state = 'settled', revision = 2`);
    putBack();
    await upstream.unwritten.tick();
    expect(await rows()).toMatchObject([{ state: 'settled', graph_id: null }]);
  });

  it('are forgotten with their record', async () => {
    const putBack = cutOff();
    await expect(upstream.tracker.createInvitation(input('a'), caller)).rejects.toMatchObject(unknownOutcome);
    await engine.run('delete from record');
    putBack();
    await upstream.unwritten.tick();
    await upstream.unwritten.stop();
    expect(await rows()).toEqual([]);
  });

  it('are not waited for when there are none: a cut is no answer', async () => {
    graph.answers.push(cut);
    await expect(upstream.tracker.inviteParticipants('call', { participants }, caller)).rejects.toMatchObject(
      unknownOutcome,
    );
    expect(await rows()).toMatchObject([lost]);
  });
});

describe('what waits to be written', () => {
  let lost: number[];
  let errors: unknown[];
  let unwritten: Unwritten;
  beforeEach(() => {
    [lost, errors] = [[], []];
    unwritten = new Unwritten({ onLost: (records) => lost.push(records), onError: (error) => errors.push(error) });
  });

  it('is tried by itself until it is written', async () => {
    let tries = 0;
    unwritten.start();
    await new Promise<void>((resolve, reject) => {
      const write = () => (++tries < 3 ? away() : Promise.resolve(resolve()));
      unwritten.write(1, write).catch((error: unknown) => (error instanceof StoreUnavailable ? undefined : reject()));
    });
    await unwritten.stop();
    expect(tries).toBe(3);
    expect(lost).toEqual([]);
  });

  it('is tried once more at the stop, which does not wait for it for ever', async () => {
    let written = 0;
    let isAway = true;
    const write = () => (isAway ? away() : Promise.resolve(written++));
    await expect(unwritten.write(2, write)).rejects.toThrow(StoreUnavailable);
    isAway = false;
    await unwritten.stop();
    expect([written, lost]).toEqual([1, []]);

    await expect(unwritten.write(3, away)).rejects.toThrow(StoreUnavailable);
    await unwritten.stop();
    expect(lost).toEqual([3]);
  }, 20_000);

  it('is no more than memory can bear, and is told of when it is lost', async () => {
    for (let index = 0; index < 101; index++) await expect(unwritten.write(20, away)).rejects.toThrow(StoreUnavailable);
    expect(lost).toEqual([20]);
  });

  it('lets no write hold up another, and drops one that fails for itself', async () => {
    const done: string[] = [];
    let isAway = true;
    const fails = () => away();
    const is = (name: string) => () => (isAway ? away() : Promise.resolve(done.push(name)));
    const isBad = () => (isAway ? away() : Promise.reject(new Error('bad')));
    for (const write of [fails, is('one'), isBad, is('two')])
      await expect(unwritten.write(1, write)).rejects.toThrow(StoreUnavailable);
    isAway = false;
    await expect(unwritten.tick()).rejects.toThrow(StoreUnavailable);
    await expect(unwritten.tick()).rejects.toThrow('bad');
    await expect(unwritten.tick()).rejects.toThrow(StoreUnavailable);
    expect(done).toEqual(['one', 'two']);
  });
});
