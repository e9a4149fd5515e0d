import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fastify, { type FastifyInstance } from 'fastify';
import { randomUUID } from 'node:crypto';
import { Agent, request } from 'undici';
import { createChangeReceiver } from '../src/delivery/change-notifications.ts';
import { CALLS_PATH, serveWebhooks } from '../src/delivery/webhooks.ts';
import { GatewayError } from '../src/errors.ts';
import type { Store } from '../src/tracking/store.ts';
import { CHANGES_PATH, readSubscriptionState } from '../src/tracking/subscription-state.ts';
import { engines, type Engine } from './support/stores.ts';

type Json = { [member: string]: any };

const TENANT = '2c5a9f3e-8b41-4c7d-a0d6-5e1f7b9c4d22';
const SECRET = 'a-secret';

describe.each(engines)('notifications of Graph, received on $name', ({ open }) => {
  let engine: Engine;
  let store: Store;
  let app: FastifyInstance;
  let url: string;
  let nowMs: number;
  let counts: { [outcome: string]: number };
  let told: string[];
  let logged: string[];
  let reads: string[];
  let agent: Agent;

  beforeEach(async () => {
    [nowMs, counts, told, logged, reads] = [Date.now(), {}, [], [], []];
    engine = await open();
    store = await engine.openStore();
    agent = new Agent({ connections: 1 });
    app = fastify();
    app.setNotFoundHandler((_, reply) => reply.code(404).send());
    app.get('/alive', () => 'yes');
    app.post('/other', ({ body }) => ({ body }));
    await serveWebhooks(app, {
      store: { ...store, readJob },
      tokenCheck: (authorization) => {
        if (authorization === 'Bearer good') return Promise.resolve();
        const code = authorization === 'Bearer unclear' ? 'UPSTREAM_UNAVAILABLE' : 'FORBIDDEN';
        return Promise.reject(new GatewayError(code, 'refused'));
      },
      tenantId: TENANT,
      logger: { warn: (...line: unknown[]) => void logged.push(JSON.stringify(line)) } as never,
      now: () => new Date(nowMs),
      count: (outcome) => void (counts[outcome] = (counts[outcome] ?? 0) + 1),
      onNotification: () => void told.push('notification'),
      onChange: () => void told.push('change'),
      onLifecycle: () => void told.push('lifecycle'),
    });
    url = await app.listen({ port: 0, host: '127.0.0.1' });
  });
  afterEach(async () => {
    await agent.close();
    await app.close();
    await engine.close();
  });

  const readJob: Store['readJob'] = (name) => {
    reads.push(name);
    return store.readJob(name);
  };
  async function post(path: string, body: unknown, headers: { [name: string]: string } = {}) {
    const response = await request(`${url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
      dispatcher: agent,
    });
    const text = await response.body.text();
    return { status: response.statusCode, headers: response.headers, text };
  }
  const postCalls = (body: unknown, authorization = 'Bearer good') => post(CALLS_PATH, body, { authorization });
  const stored = async () =>
    (await engine.run('select body from notification order by seq')).map(
      ({ body }) => JSON.parse(String(body)) as Json,
    );
  const codeOf = ({ text }: { text: string }) => (JSON.parse(text) as Json)['errors'][0].extensions.code as string;

  const operationItem = (members: Json = {}, item: Json = {}) => ({
    '@odata.type': '#microsoft.graph.commsNotification',
    changeType: 'deleted',
    resourceUrl: '/communications/calls/call/operations/op',
    resourceData: {
      '@odata.type': '#microsoft.graph.inviteParticipantsOperation',
      id: 'op',
      status: 'completed',
      clientContext: 'context',
      ...members,
    },
    ...item,
  });
  const rosterItem = {
    changeType: 'updated',
    resourceUrl: '/communications/calls/call/operations/participants',
    resourceData: [{ id: null, info: { identity: { phone: { id: '+15550100' } } } }],
  };
  const callItem = {
    changeType: 'updated',
    resourceUrl: '/communications/calls/call',
    resourceData: { '@odata.type': '#microsoft.graph.call', state: 'terminated' },
  };

  describe('about calls', () => {
    it('are on disk before they are acknowledged, with what is needed of them only', async () => {
      const answer = await postCalls({ value: [operationItem({ secret: 'x' }, { other: 'y' }), rosterItem, callItem] });
      expect([answer.status, answer.text]).toEqual([202, '']);
      const { '@odata.type': _, ...kept } = operationItem();
      expect(await stored()).toEqual([{ ...kept, resourceData: [kept.resourceData] }]);
      expect(counts).toEqual({ accepted: 1, ignored: 2 });
      expect(told).toEqual(['notification']);
    });

    it('are acknowledged, and nobody is told, when none is about an invitation', async () => {
      expect((await postCalls({ value: [rosterItem, callItem] })).status).toBe(202);
      expect([await stored(), told, counts]).toEqual([[], [], { ignored: 2 }]);
    });

    it('are known in every shape that Graph prints', async () => {
      const { resourceData } = operationItem();
      await postCalls({
        value: [
          operationItem({}, { resourceData: [resourceData, rosterItem.resourceData[0], 5] }),
          operationItem({}, { resourceData: { id: null, status: 'Completed', clientContext: 'c' } }),
          operationItem({}, { resourceData: null }),
          operationItem({}, { resourceUrl: undefined, resource: '/app/calls/call/operations/op', resourceData: {} }),
          operationItem({}, { resourceUrl: '/communications/calls/call/operations/participants' }),
          operationItem({ '@odata.type': '#microsoft.graph.playPromptOperation' }),
        ],
      });
      expect(counts).toEqual({ accepted: 5, ignored: 1 });
      expect((await stored())[0]?.['resourceData']).toHaveLength(1);
    });

    it('are stored again when they come again', async () => {
      const body = { value: [operationItem()] };
      await Promise.all(Array.from({ length: 5 }, () => postCalls(body)));
      expect(await stored()).toHaveLength(5);
    });

    it.each([
      ['Bearer bad', 403, 'FORBIDDEN', 'unauthorized'],
      ['Bearer unclear', 503, 'UPSTREAM_UNAVAILABLE', 'uncheckable'],
    ])('are refused by their token before anything is parsed: %s', async (token, status, code, outcome) => {
      for (const body of [{ value: [operationItem()] }, '{"value":', 'x'.repeat(5 * 1024 * 1024)]) {
        const answer = await postCalls(body, token);
        expect([answer.status, codeOf(answer)]).toEqual([status, code]);
      }
      expect([await stored(), told, counts]).toEqual([[], [], { [outcome]: 3 }]);
    });

    const tooMany = { value: Array.from({ length: 101 }, () => operationItem()) };
    it.each<[string, unknown]>([
      ['no JSON', '{"value":'],
      ['nothing', ''],
      ['null', 'null'],
      ['no value', {}],
      ['a value that is no array', { value: operationItem() }],
      ['an empty value', { value: [] }],
      ['items that are no objects', { value: [operationItem(), null] }],
      ['too many items', tooMany],
      ['a prototype', '{"value":[{"__proto__":{"status":"completed"}}]}'],
    ])('are refused when they are none: %s', async (_, body) => {
      const answer = await postCalls(body);
      expect([answer.status, codeOf(answer)]).toEqual([400, 'BAD_REQUEST']);
      expect([await stored(), counts]).toEqual([[], { malformed: 1 }]);
    });

    it.each(['text/plain', 'application/x-www-form-urlencoded', 'text/css'])('are refused as %s', async (type) => {
      const body = { value: [operationItem()] };
      const answer = await post(CALLS_PATH, body, { authorization: 'Bearer good', 'content-type': type });
      expect([answer.status, codeOf(answer)]).toEqual([415, 'BAD_REQUEST']);
    });

    it('are refused with 5 MB, and others go on', async () => {
      const value = [operationItem({ clientContext: 'x'.repeat(5 * 1024 * 1024) })];
      const [answer, ...others] = await Promise.all([
        postCalls({ value }),
        postCalls({ value: [operationItem()] }),
        post('/other', { fine: true }),
      ]);
      expect([answer.status, codeOf(answer)]).toEqual([413, 'REQUEST_TOO_LARGE']);
      expect(others.map(({ status }) => status)).toEqual([202, 200]);
      expect(await stored()).toHaveLength(1);
      expect(await (await fetch(`${url}/alive`)).text()).toBe('yes');
    });

    it('are refused, to be sent again, while the store is out of order', async () => {
      await store.stop();
      const answer = await postCalls({ value: [operationItem({ clientContext: 'private-context' })] });
      expect([answer.status, codeOf(answer), told]).toEqual([500, 'INTERNAL_SERVER_ERROR', []]);
      expect(counts).toEqual({ failed: 1 });
      expect(logged.join()).not.toContain('private-context');
    });

    it('are refused when they are nested too deep to be written down', async () => {
      const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
      const body = JSON.stringify({ value: [operationItem({ participants: 0 })] }).replace(
        '"participants":0',
        `"participants":${deep}`,
      );
      const response = await fetch(`${url}${CALLS_PATH}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: 'Bearer good' },
        body,
      });
      expect([response.status, counts]).toEqual([400, { malformed: 1 }]);
    });

    it('are logged once a minute for each kind of refusal, without what they hold', async () => {
      for (let index = 0; index < 3; index += 1) {
        await postCalls({ value: ['+15550100'] });
        await postCalls({ value: [operationItem()] }, 'Bearer private');
      }
      expect(logged).toHaveLength(2);
      expect(logged.join()).not.toMatch(/15550100|private|context/);
      nowMs += 61_000;
      await postCalls('', 'Bearer private');
      expect(logged).toHaveLength(3);
      expect(counts).toEqual({ malformed: 3, unauthorized: 4 });
    });

    it('are taken by POST only', async () => {
      for (const method of ['GET', 'PUT', 'DELETE'])
        for (const path of [CALLS_PATH, CHANGES_PATH])
          expect((await fetch(`${url}${path}`, { method })).status).toBe(404);
    });
  });

  describe('the question whether we receive', () => {
    const ask = (query: string) => post(`${CHANGES_PATH}?${query}`, '', { 'content-type': 'text/plain' });

    it.each([
      ['validationToken=abc-123', 'abc-123'],
      ['validationToken=Validation%3a+Testing+Request-Id%3a+%7B1%7D', 'Validation: Testing Request-Id: {1}'],
      ['validationToken=a%2Bb%20%C3%BC%25', 'a+b ü%'],
      ['source=graph&validationToken=x', 'x'],
    ])('is answered with the decoded token and nothing else: %s', async (query, token) => {
      const answer = await ask(query);
      expect([answer.status, answer.text]).toEqual([200, token]);
      expect(answer.headers['content-type']).toMatch(/^text\/plain\b/);
      expect(answer.headers['x-content-type-options']).toBe('nosniff');
      expect(counts).toEqual({ handshake: 1 });
    });

    it.each([
      ['script', `validationToken=${encodeURIComponent('<script>alert(1)</script>')}`],
      ['script, encoded twice', `validationToken=${encodeURIComponent('&lt;script&gt;')}`],
      ['an attribute', `validationToken=${encodeURIComponent('" onload="x')}`],
      ['control characters', 'validationToken=a%0d%0aSet-Cookie:x'],
      ['NUL', 'validationToken=a%00b'],
      ['nothing', 'validationToken='],
      ['two tokens', 'validationToken=a&validationToken=b'],
      ['more than 2 KiB', `validationToken=${'x'.repeat(2049)}`],
    ])('is refused with %s', async (_, query) => {
      const answer = await ask(query);
      expect([answer.status, codeOf(answer)]).toEqual([400, 'BAD_REQUEST']);
      expect(answer.text).not.toMatch(/script|onload|Set-Cookie/);
      expect(counts).toEqual({ malformed: 1 });
    });
  });

  describe('about users', () => {
    const save = async (clientState: string, leaseMs = 3_600_000) => {
      await store.expediteJob('subscription');
      const token = randomUUID();
      expect(await store.claimJob('subscription', token, leaseMs)).toBeDefined();
      const state = { ...readSubscriptionState(null), id: 'subscription', clientState };
      await store.saveJob('subscription', token, JSON.stringify(state), 3_600_000);
    };
    const dueIn = async (name: 'delta' | 'subscription') => (await store.readJob(name)).dueInMs;
    const change = (members: Json = {}) => ({
      subscriptionId: 'subscription',
      clientState: SECRET,
      changeType: 'updated',
      tenantId: TENANT,
      resource: 'Users/1',
      resourceData: { id: '1' },
      ...members,
    });
    const postChanges = async (...value: unknown[]) => (await post(CHANGES_PATH, { value })).status;

    beforeEach(async () => {
      await save(SECRET);
      const token = randomUUID();
      await store.claimJob('delta', token, 3_600_000);
      await store.saveJob('delta', token, null, 3_600_000);
    });

    it('make delta due, once for a delivery', async () => {
      expect(await postChanges(change(), change({ tenantId: TENANT.toUpperCase() }), change({ tenantId: null }))).toBe(
        202,
      );
      expect(await dueIn('delta')).toBe(0);
      expect(await dueIn('subscription')).toBeGreaterThan(0);
      expect([told, counts]).toEqual([['change'], { changed: 3 }]);
    });

    it.each<[string, unknown]>([
      ['another secret', change({ clientState: 'another-secret' })],
      ['no secret', change({ clientState: undefined })],
      ['a null secret', change({ clientState: null })],
      ['a secret that is no text', change({ clientState: [SECRET] })],
      ['another tenant', change({ tenantId: 'other' })],
      ['an item that is none', 5],
    ])('are dropped, and answered the same, with %s', async (_, item) => {
      expect(await postChanges(item)).toBe(202);
      expect(await dueIn('delta')).toBeGreaterThan(0);
      expect([told, counts]).toEqual([[], { foreign: 1 }]);
      expect(logged).toHaveLength(1);
      expect(logged.join()).not.toMatch(/another-secret|a-secret/);
    });

    it('are noted as heard for all replicas, once in five seconds, the foreign ones not', async () => {
      const beganAtMs = nowMs;
      const heardAfterMs = async () => {
        const { state } = await store.readJob('changeNotifications');
        return state === null ? null : Date.parse((JSON.parse(state) as Json)['at']) - beganAtMs;
      };
      await postChanges(change({ clientState: 'another' }));
      expect(await heardAfterMs()).toBeNull();
      for (const [afterMs, heardMs] of [
        [0, 0],
        [4_900, 0],
        [5_000, 5_000],
      ] as const) {
        nowMs = beganAtMs + afterMs;
        await postChanges(change());
        expect(await heardAfterMs()).toBe(heardMs);
      }
    });

    it('have the secret read again once a second at the most when they are foreign', async () => {
      const beganAtMs = nowMs;
      for (const afterMs of [0, 100, 900, 1_000, 1_900]) {
        nowMs = beganAtMs + afterMs;
        await postChanges(change({ clientState: 'another' }));
      }
      // At first, for the first stranger, and for the first in the next second.
      expect(reads).toHaveLength(3);
    });

    it('carry a new secret together, and none is lost', async () => {
      const receive = createChangeReceiver({
        store,
        tenantId: TENANT,
        now: () => new Date(nowMs),
        count: (outcome) => void (counts[outcome] = (counts[outcome] ?? 0) + 1),
        refuse: () => {},
        onChange: () => {},
        onLifecycle: () => {},
      });
      await receive({ value: [change()] });
      await save('the next');
      await Promise.all([1, 2, 3].map(() => receive({ value: [change({ clientState: 'the next' })] })));
      expect(counts).toEqual({ changed: 4 });
    });

    it('are counted one by one and logged once when they are foreign, and refused when they are too many', async () => {
      const foreign = (count: number) => Array.from({ length: count }, () => change({ clientState: 'another' }));
      expect(await postChanges(...foreign(500))).toBe(202);
      expect([counts, logged.length]).toEqual([{ foreign: 500 }, 1]);
      expect(await postChanges(...foreign(501))).toBe(400);
    });

    it('are judged one by one in a mixed delivery', async () => {
      expect(await postChanges(change({ clientState: 'another' }), change(), { lifecycleEvent: 'missed' })).toBe(202);
      expect([told, counts]).toEqual([['change'], { changed: 1, foreign: 2 }]);
    });

    it('are all foreign while there is no subscription', async () => {
      await engine.run("update job set state = null where name = 'subscription'");
      expect(await postChanges(change(), change({ clientState: 'null' }), change({ clientState: '' }))).toBe(202);
      expect(counts).toEqual({ foreign: 3 });
    });

    it('are judged by a new secret at once, and by the old one no longer than a moment', async () => {
      await postChanges(change());
      await save('the next');
      expect(await postChanges(change({ clientState: 'the next' }))).toBe(202);
      expect(counts).toEqual({ changed: 2 });
      nowMs += 10_000;
      await postChanges(change());
      expect(counts).toEqual({ changed: 2, foreign: 1 });
    });

    it.each(['reauthorizationRequired', 'subscriptionRemoved', 'aNewEvent'])(
      'make the subscription due: %s',
      async (lifecycleEvent) => {
        expect(await postChanges(change({ changeType: undefined, lifecycleEvent }))).toBe(202);
        expect([await dueIn('subscription'), told, counts]).toEqual([0, ['lifecycle'], { lifecycle: 1 }]);
        expect(await dueIn('delta')).toBeGreaterThan(0);
      },
    );

    it('make delta due when some were missed', async () => {
      await postChanges(change({ changeType: undefined, lifecycleEvent: 'missed' }));
      expect([await dueIn('delta'), told]).toEqual([0, ['change']]);
    });

    it.each<[string, unknown, number]>([
      ['no JSON', '{', 400],
      ['no value', {}, 400],
      ['null', 'null', 400],
      ['a thousand times too many', { value: Array.from({ length: 6_000 }, () => 1) }, 400],
      ['5 MB', 'x'.repeat(5 * 1024 * 1024), 413],
    ])('are refused when they are none: %s', async (_, body, status) => {
      expect((await post(CHANGES_PATH, body)).status).toBe(status);
      expect(counts).toEqual({ malformed: 1 });
    });
  });

  it('leave the rest of the server as it was', async () => {
    expect(JSON.parse((await post('/other', { a: 1 })).text)).toEqual({ body: { a: 1 } });
    expect((await post('/other', 'text', { 'content-type': 'text/plain' })).status).toBe(200);
  });
});
