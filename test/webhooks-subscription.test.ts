import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fastify, { type FastifyInstance } from 'fastify';
import { serveWebhooks } from '../src/delivery/webhooks.ts';
import { createEmulator, type Emulator } from '../src/emulator/emulator.ts';
import { DEFAULT_TENANT_ID } from '../src/emulator/settings.ts';
import { createGraphClient, type GraphClient } from '../src/graph/client.ts';
import { GraphUnreachable } from '../src/graph/graph-error.ts';
import { ChangeSubscription, type ChangeSubscriptionOptions } from '../src/tracking/change-subscription.ts';
import type { Store } from '../src/tracking/store.ts';
import { CHANGES_PATH, readSubscriptionState } from '../src/tracking/subscription-state.ts';
import { administer, waitFor, type EmulatorAdmin } from './support/gateway.ts';
import { createHolder, cut, json, startGraphServer, type GraphServer } from './support/graph-server.ts';
import { engines, type Engine } from './support/stores.ts';

type Json = { [member: string]: any };

const DAY_MS = 86_400_000;

describe.each(engines)('the subscription to changes of users on $name', ({ open }) => {
  let engine: Engine;
  let store: Store;
  let emulator: Emulator;
  let emulatorUrl: string;
  let admin: EmulatorAdmin;
  let graph: GraphClient;
  let app: FastifyInstance;
  let publicUrl: string;
  let subscription: ChangeSubscription;
  let aheadMs: number;
  let counts: { [outcome: string]: number };
  let logged: string[];
  const now = () => new Date(Date.now() + aheadMs);

  beforeEach(async () => {
    [aheadMs, counts, logged] = [0, {}, []];
    engine = await open();
    store = await engine.openStore();
    emulator = createEmulator({ now: () => Date.now() + aheadMs, retryMs: 1 });
    emulatorUrl = await emulator.start();
    admin = administer(emulatorUrl);
    graph = createClient(emulatorUrl);
    app = fastify();
    await serveWebhooks(app, {
      store,
      tokenCheck: () => Promise.reject(new Error('nobody calls')),
      tenantId: DEFAULT_TENANT_ID,
      logger: { warn: () => {} } as never,
      now,
      count: (outcome) => void (counts[outcome] = (counts[outcome] ?? 0) + 1),
      onNotification: () => {},
      onChange: () => {},
      onLifecycle: () => subscription.poke(),
    });
    publicUrl = await app.listen({ port: 0, host: '127.0.0.1' });
    subscription = createSubscription();
  });
  afterEach(async () => {
    await graph.stop();
    await emulator.stop();
    await app.close();
    await engine.close();
  });

  const createClient = (baseUrl: string) =>
    createGraphClient({ baseUrl, version: 'v1.0', loadToken: () => Promise.resolve('token'), connections: 4 });
  const createSubscription = (options: Partial<ChangeSubscriptionOptions> = {}) =>
    new ChangeSubscription({
      store,
      graph,
      publicUrl,
      timeoutMs: 5_000,
      now,
      logger: {
        info: (_: unknown, message: string) => void logged.push(message),
        warn: (facts: unknown, message: string) => void logged.push(`${message} ${JSON.stringify(facts)}`),
      } as never,
      onError: (error) => {
        throw error;
      },
      ...options,
    });
  const live = async () =>
    ((await (await fetch(`${emulatorUrl}/admin/subscriptions`)).json()) as Json)['subscriptions'] as Json[];
  const asked = async () =>
    (await admin.requests()).map(({ method, path }) => `${method} ${String(path).replace(/^\/v1\.0/, '')}`);
  const state = async () => readSubscriptionState((await store.readJob('subscription')).state);
  const dueIn = async () => (await store.readJob('subscription')).dueInMs;
  const makeDue = () => engine.run("update job set due_at = 0 where name = 'subscription'");
  const tickWhenDue = async (one = subscription) => {
    await makeDue();
    await admin.clearRequests();
    await one.tick();
  };
  const address = () => `${publicUrl}${CHANGES_PATH}`;

  it('is made, with a handshake, and known to all replicas', async () => {
    const other = createSubscription();
    expect(subscription.isHealthy()).toBe(false);
    await subscription.tick();
    expect(await live()).toMatchObject([
      {
        changeType: 'updated,deleted',
        resource: '/users',
        notificationUrl: address(),
        lifecycleNotificationUrl: address(),
        clientState: expect.stringMatching(/^[\w-]{43}$/),
      },
    ]);
    const [made] = await live();
    expect(Math.abs(made?.['expiresAt'] - Date.now() - 3 * DAY_MS)).toBeLessThan(60_000);
    expect(await state()).toMatchObject({ id: made?.['id'], clientState: made?.['clientState'] });
    expect(Math.abs((await dueIn()) - 1.5 * DAY_MS)).toBeLessThan(60_000);
    expect(counts).toEqual({ handshake: 2 });
    await other.tick();
    expect([subscription.isHealthy(), other.isHealthy(), logged.length]).toEqual([true, true, 1]);
    aheadMs = 3 * DAY_MS + 60_000;
    expect([subscription.isHealthy(), other.isHealthy()]).toEqual([false, false]);
  });

  it('has its secret on disk before Graph is asked, and has delta look at what came before it', async () => {
    await engine.run("update job set due_at = due_at + 9999999999999 where name = 'delta'");
    let before: Json = {};
    const post: GraphClient['post'] = async (path, body, limits) => {
      before = await state();
      expect((body as Json)['clientState']).toBe(before['clientState']);
      return graph.post(path, body, limits);
    };
    await createSubscription({ graph: { ...graph, post } }).tick();
    expect(before).toMatchObject({ id: null, clientState: expect.any(String) });
    expect((await store.readJob('delta')).dueInMs).toBe(0);
  });

  it('is one, however many replicas begin at once', async () => {
    const stores = await Promise.all([1, 2, 3].map(() => engine.openStore()));
    const replicas = stores.map((one) => createSubscription({ store: one }));
    await Promise.all(replicas.map((one) => one.tick()));
    expect([await live(), (await asked()).length]).toMatchObject([[{ resource: '/users' }], 1]);
    await Promise.all(replicas.map((one) => one.tick()));
    expect(replicas.map((one) => one.isHealthy())).toEqual([true, true, true]);
  });

  it('is left alone until half of its life is over, then renewed', async () => {
    await subscription.tick();
    const [made] = await live();
    await admin.clearRequests();
    await subscription.tick();
    expect(await asked()).toEqual([]);
    aheadMs = 1.6 * DAY_MS;
    await tickWhenDue();
    expect(await asked()).toEqual([`PATCH /subscriptions/${made?.['id']}`]);
    const [renewed] = await live();
    expect(renewed).toMatchObject({ id: made?.['id'], clientState: made?.['clientState'] });
    expect(renewed?.['expiresAt'] - made?.['expiresAt']).toBeGreaterThan(1.5 * DAY_MS);
    aheadMs = 4 * DAY_MS;
    expect(subscription.isHealthy()).toBe(true);
    expect(logged).toHaveLength(1);
  });

  it.each([
    ['reauthorizationRequired', ['PATCH']],
    ['subscriptionRemoved', ['PATCH', 'POST']],
  ])('does what Graph asks for by %s', async (lifecycleEvent, methods) => {
    await subscription.tick();
    const [made] = await live();
    await admin.clearRequests();
    await fetch(`${emulatorUrl}/admin/subscriptions/${made?.['id']}/lifecycle`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ lifecycleEvent }),
    });
    expect([counts['lifecycle'], await asked()]).toEqual([1, []]);
    await subscription.tick();
    expect((await asked()).map((line) => line.split(' ')[0])).toEqual(methods);
    const [kept] = await live();
    expect(kept?.['id'] === made?.['id']).toBe(methods.length === 1);
    expect(await state()).toMatchObject({ id: kept?.['id'], clientState: kept?.['clientState'] });
  });

  it('is made anew when it is gone, or over', async () => {
    await subscription.tick();
    const [first] = await live();
    await fetch(`${emulatorUrl}/admin/subscriptions/${first?.['id']}`, { method: 'DELETE' });
    await tickWhenDue();
    const [second] = await live();
    expect(second?.['clientState']).not.toBe(first?.['clientState']);
    aheadMs = 10 * DAY_MS;
    await tickWhenDue();
    expect((await live())[0]?.['id']).not.toBe(second?.['id']);
    expect([subscription.isHealthy(), (await live()).length]).toEqual([true, 1]);
  });

  it('replaces one of ours that nothing is known of', async () => {
    await subscription.tick();
    const [lost] = await live();
    await engine.run("update job set state = null where name = 'subscription'");
    await tickWhenDue();
    const id = lost?.['id'];
    expect(await asked()).toEqual([
      'POST /subscriptions',
      'GET /subscriptions',
      `DELETE /subscriptions/${id}`,
      'POST /subscriptions',
    ]);
    expect(await live()).toMatchObject([{ clientState: (await state()).clientState }]);
  });

  it('replaces one whose making was never answered', async () => {
    const post: GraphClient['post'] = async (...call) => {
      await graph.post(...call);
      throw new GraphUnreachable('cut', true);
    };
    await createSubscription({ graph: { ...graph, post } }).tick();
    expect([(await live()).length, (await state()).id]).toEqual([1, null]);
    await tickWhenDue();
    expect([(await live()).length, subscription.isHealthy()]).toEqual([1, true]);
  });

  it('leaves one for another address alone, and says so once', async () => {
    const elsewhere = fastify();
    elsewhere.addContentTypeParser('text/plain', (_request, _payload, done) => done(null));
    elsewhere.post('/*', ({ query }, reply) => reply.type('text/plain').send((query as Json)['validationToken']));
    const notificationUrl = `${await elsewhere.listen({ port: 0, host: '127.0.0.1' })}/changes`;
    const expirationDateTime = new Date(Date.now() + DAY_MS).toISOString();
    const foreign = { changeType: 'updated,deleted', resource: '/users', notificationUrl, expirationDateTime };
    await graph.post('/subscriptions', foreign, { timeoutMs: 5_000 });
    await elsewhere.close();
    await tickWhenDue();
    await tickWhenDue();
    expect(await live()).toMatchObject([{ notificationUrl }]);
    expect([subscription.isHealthy(), logged.length]).toEqual([false, 1]);
    expect(logged[0]).toContain('another address');
    expect(await dueIn()).toBeGreaterThan(5_000);
  });

  it('moves with the address at which we are reached', async () => {
    await createSubscription({ publicUrl: publicUrl.replace('127.0.0.1', 'localhost') }).tick();
    expect(await live()).toMatchObject([{ notificationUrl: address().replace('127.0.0.1', 'localhost') }]);
    await subscription.tick();
    expect(await live()).toMatchObject([{ notificationUrl: address() }]);
  });

  it('is not there while nobody can reach us, and is tried ever more rarely', async () => {
    const unreachable = createSubscription({ publicUrl: 'http://127.0.0.1:1' });
    const pauses: number[] = [];
    for (let count = 0; count < 9; count += 1) {
      await tickWhenDue(unreachable);
      pauses.push(Math.round((await dueIn()) / 1000));
    }
    expect(pauses).toEqual([5, 10, 20, 40, 80, 160, 300, 300, 300]);
    expect([unreachable.isHealthy(), logged.length]).toEqual([false, 1]);
    expect(logged[0]).toContain('Graph answered 400');
  });

  it('tells of users that changed', async () => {
    await subscription.tick();
    await engine.run("update job set due_at = due_at + 9999999999999 where name = 'delta'");
    await graph.post(
      '/invitations',
      { invitedUserEmailAddress: 'guest@example.com', inviteRedirectUrl: 'https://app.example.com' },
      { timeoutMs: 5_000 },
    );
    await waitFor('delta to be due', async () => (await store.readJob('delta')).dueInMs === 0);
    expect(counts['changed']).toBe(1);
  });

  describe('of a Graph in trouble', () => {
    let server: GraphServer;
    let troubled: GraphClient;
    const made = (id: string) => json(201, { id, expirationDateTime: new Date(Date.now() + 3 * DAY_MS).toISOString() });

    beforeEach(async () => {
      server = await startGraphServer();
      troubled = createClient(server.baseUrl);
      subscription = createSubscription({ graph: troubled, timeoutMs: 3_000 });
    });
    afterEach(async () => {
      await troubled.stop();
      await server.stop();
    });

    it('waits as long as Graph asks', async () => {
      server.answers = [made('s'), json(503, {}, { 'retry-after': '400' })];
      await subscription.tick();
      await tickWhenDue();
      expect(Math.round((await dueIn()) / 1000)).toBe(400);
      expect([subscription.isHealthy(), (await state()).id]).toEqual([true, 's']);
    });

    it('says once that it is in trouble, and once that it is over', async () => {
      server.answers = [made('s'), json(500, {}), json(500, {}), cut, json(200, {})];
      await subscription.tick();
      for (let count = 0; count < 4; count += 1) await tickWhenDue();
      expect(server.seen.map(({ method }) => method)).toEqual(['POST', 'PATCH', 'PATCH', 'PATCH', 'PATCH']);
      expect(logged).toEqual([
        expect.stringContaining('Graph notifies'),
        expect.stringContaining('Graph answered 500'),
        expect.stringContaining('did not answer'),
        expect.stringContaining('again'),
      ]);
      expect(await state()).toMatchObject({ id: 's', failures: 0 });
    });

    it('takes answers without what it asked for as a failure, or for what it asked', async () => {
      server.answers = [json(201, {}), json(201, { id: 's' })];
      await subscription.tick();
      expect([(await state()).id, subscription.isHealthy()]).toEqual([null, false]);
      await tickWhenDue();
      expect([(await state()).id, subscription.isHealthy()]).toEqual(['s', true]);
    });

    it('looks for ours on all pages', async () => {
      const ours = { id: 'ours', resource: 'users', notificationUrl: address() };
      const others = [5, null, {}, { id: 'a', resource: '/users', notificationUrl: 'https://other.example.com/' }];
      const link = `${server.baseUrl}/v1.0/subscriptions?$skiptoken=x`;
      server.answers = [
        json(409, {}),
        json(200, { value: others, '@odata.nextLink': link }),
        json(200, { value: [{ ...ours, id: 'b', resource: '/groups' }, ours] }),
        json(404, {}),
        made('s'),
      ];
      await subscription.tick();
      expect(server.seen.map(({ method, url }) => `${method} ${url}`)).toEqual([
        'POST /v1.0/subscriptions',
        'GET /v1.0/subscriptions',
        'GET /v1.0/subscriptions?$skiptoken=x',
        'DELETE /v1.0/subscriptions/ours',
        'POST /v1.0/subscriptions',
      ]);
      expect((await state()).id).toBe('s');
    });

    it.each(['/v1.0/subscriptions?$skiptoken=x', 'subscriptions?$skiptoken=x', 'https://evil.example.com/v1.0/x', 5])(
      'follows no link but an absolute one of Graph: %s',
      async (link) => {
        server.answers = [json(409, {}), json(200, { value: [], '@odata.nextLink': link })];
        await subscription.tick();
        expect(server.seen.map(({ method }) => method)).toEqual(['POST', 'GET']);
        expect([(await state()).id, logged.length]).toEqual([null, 1]);
        expect(logged[0]).toContain('another address');
      },
    );

    it('renews in the time that it asked for, whatever end Graph tells', async () => {
      const far = { id: 's', expirationDateTime: '2999-01-01T00:00:00Z' };
      server.answers = [json(201, far), json(200, far)];
      for (const tick of [() => subscription.tick(), () => tickWhenDue()]) {
        await tick();
        expect(Math.abs(((await state()).expiresAtMs ?? 0) - Date.now() - 3 * DAY_MS)).toBeLessThan(60_000);
        expect(Math.abs((await dueIn()) - 1.5 * DAY_MS)).toBeLessThan(60_000);
      }
    });

    it('stops at once, deletes nothing, and leaves the job to whoever comes next', async () => {
      const holder = createHolder();
      server.answers = [made('s'), holder.hold];
      await subscription.tick();
      await makeDue();
      subscription.start();
      await waitFor('the renewal', () => holder.count() === 1);
      await subscription.stop();
      expect([await dueIn(), (await state()).id, logged.length]).toEqual([0, 's', 1]);
      expect(server.seen.map(({ method }) => method)).toEqual(['POST', 'PATCH']);
    });

    it('writes nothing when another replica has the job by now', async () => {
      server.answers = [
        (response, request) =>
          void engine
            .run("update job set lease_token = 'other', state = 'theirs' where name = 'subscription'")
            .then(() => made('s')(response, request)),
      ];
      await subscription.tick();
      expect((await store.readJob('subscription')).state).toBe('theirs');
      expect([subscription.isHealthy(), logged]).toEqual([false, []]);
    });
  });
});
