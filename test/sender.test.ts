import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { StoreUnavailable, StoreUncertain } from '../src/tracking/store-failure.ts';
import type { Store } from '../src/tracking/store.ts';
import type { Json } from './support/gateway.ts';
import { json, startGraphServer, type GraphServer } from './support/graph-server.ts';
import { caller } from './support/records.ts';
import { engines, type Engine } from './support/stores.ts';
import { createUpstream } from './support/upstream.ts';

describe.each(engines)('the sender on $name', ({ open }) => {
  let engine: Engine;
  let store: Store;
  let graph: GraphServer;
  let upstream: ReturnType<typeof createUpstream>;
  let aheadMs: number;

  beforeEach(async () => {
    aheadMs = 0;
    engine = await open();
    store = await engine.openStore();
    graph = await startGraphServer();
    const now = () => new Date(Date.now() + aheadMs);
    upstream = createUpstream({ store, baseUrl: graph.baseUrl, now, timeoutMs: 5_000, intervalMs: 2_000 });
  });
  afterEach(async () => {
    await upstream.stop();
    await graph.stop();
    await engine.close();
  });

  const inputs = (...names: string[]) =>
    names.map((name) => ({
      invitedUserEmailAddress: `${name}@fabrikam.example`,
      inviteRedirectUrl: 'https://app.example.com',
    }));
  const create = async (...names: string[]) => {
    const { bulkId } = await upstream.tracker.createInvitations(inputs(...names), caller);
    return async () =>
      (await store.findBulk(caller, bulkId ?? ''))?.records.map(({ state, reason }) => reason ?? state);
  };
  const partsOf = (body: string) => (JSON.parse(body) as { requests: Json[] }).requests;
  /** Answers like Graph, but takes no batch with this name in it. */
  const refuseWith = (status: number, name: string) => {
    graph.usual = (response, request) => {
      const parts = partsOf(request.body);
      if (request.body.includes(name)) return json(status, { error: { code: 'Refused' } })(response, request);
      const responses = parts.map(({ id, body }) => ({
        id,
        status: 201,
        body: { id: `i-${id}`, ...body, status: 'PendingAcceptance', invitedUser: { id: `u-${id}` } },
      }));
      return json(200, { responses })(response, request);
    };
  };

  it.each([400, 413])('finds the one for which Graph refuses a batch with %d, and refuses no other', async (status) => {
    refuseWith(status, 'spoilt');
    const states = await create('a', 'b', 'c', 'spoilt', 'e', 'f', 'g');
    await upstream.sender.tick();
    expect(await states()).toEqual(['active', 'active', 'active', 'refused', 'active', 'active', 'active']);
    const sent = graph.seen.flatMap(({ body }) => (body.includes('spoilt') ? [] : partsOf(body)));
    expect(sent).toHaveLength(6);
  });

  it.each([401, 403, 404, 429])('keeps what Graph refuses with %d as a whole, and sends it later', async (status) => {
    refuseWith(status, 'a@');
    const states = await create('a', 'b');
    await upstream.sender.tick();
    expect(await states()).toEqual(['submitting', 'submitting']);
    refuseWith(status, 'nobody');
    aheadMs = 120_000;
    await engine.backDate(120_000);
    await upstream.sender.tick();
    expect(await states()).toEqual(['active', 'active']);
  });

  it('sends what a claim took whose answer was lost, when the store is back', async () => {
    refuseWith(400, 'nobody');
    const states = await create('a', 'b');
    const claim = store.claim.bind(store);
    store.claim = async (options) => {
      await claim(options);
      store.claim = () => Promise.reject(new StoreUnavailable(new Error('away')));
      throw new StoreUncertain(new Error('broken off'));
    };
    await expect(upstream.sender.tick()).rejects.toThrow('broke off');
    await expect(upstream.sender.tick()).rejects.toThrow('does not answer');
    expect(graph.seen).toEqual([]);
    store.claim = claim;
    await upstream.sender.tick();
    expect(await states()).toEqual(['active', 'active']);
    expect(graph.seen).toHaveLength(1);
  });

  it('gives up after a day: nothing was sent, and the keys are free', async () => {
    refuseWith(403, '@');
    const states = await create('a');
    await upstream.sender.tick();
    aheadMs = 86_400_000;
    await engine.backDate(120_000);
    await upstream.sender.tick();
    expect(await states()).toEqual(['notSent']);
  });
});
