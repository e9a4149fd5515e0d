import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fastify, { type FastifyInstance } from 'fastify';
import { randomUUID } from 'node:crypto';
import { createNotificationTokenCheck } from '../src/auth/notification-token.ts';
import { CALLS_PATH, serveWebhooks } from '../src/delivery/webhooks.ts';
import { createEmulator } from '../src/emulator/emulator.ts';
import { DEFAULT_APP_ID, DEFAULT_TENANT_ID } from '../src/emulator/settings.ts';
import { createGraphClient } from '../src/graph/client.ts';
import { Notifications } from '../src/tracking/notifications.ts';
import type { OperationRecord } from '../src/tracking/record.ts';
import type { Store } from '../src/tracking/store.ts';
import { createTracker } from '../src/tracking/tracker.ts';
import { administer, waitFor } from './support/gateway.ts';
import { caller, newOperation } from './support/records.ts';
import { engines, type Engine } from './support/stores.ts';

type Json = { [member: string]: any };

const PARTICIPANTS = [{ identity: { user: { id: 'u1' } } }];

describe.each(engines)('stored notifications of calls on $name', ({ open }) => {
  let engine: Engine;
  let store: Store;
  let notifications: Notifications;
  let aheadMs: number;
  let counts: { [outcome: string]: number };
  let logged: unknown[];
  const now = () => new Date(Date.now() + aheadMs);

  beforeEach(async () => {
    [aheadMs, counts, logged] = [0, {}, []];
    engine = await open();
    store = await engine.openStore();
    notifications = createNotifications();
  });
  afterEach(() => engine.close());

  function createNotifications(of: Store = store) {
    return new Notifications({
      store: of,
      now,
      pollIntervalMs: 2_000,
      leaseMs: 15_000,
      logger: { warn: (...line: unknown[]) => void logged.push(line) } as never,
      count: (outcome) => void (counts[outcome] = (counts[outcome] ?? 0) + 1),
      onError: (error) => {
        throw error;
      },
    });
  }

  /** A record as it is after the answer to its mutation. */
  async function follow(members: Partial<OperationRecord> = {}, clientContext = 'context'): Promise<OperationRecord> {
    const record = await begin(clientContext, members);
    return answer(record, { graphId: 'op', state: 'active', ...members });
  }
  async function begin(clientContext = 'context', members: Partial<OperationRecord> = {}): Promise<OperationRecord> {
    const request = { participants: PARTICIPANTS, clientContext };
    const { callId = 'call' } = members;
    const record = newOperation({ createdAt: new Date(), request, payload: { ...request, status: 'running' }, callId });
    return (await store.insert(record, randomUUID(), 60_000)) as OperationRecord;
  }
  async function answer(before: OperationRecord, members: Partial<OperationRecord>): Promise<OperationRecord> {
    const record = { ...before, ...members, revision: before.revision + 1 };
    const writes = [{ record, baseRevision: before.revision, dueInMs: 60_000, watchedDueInMs: 60_000 }];
    expect((await store.save(writes)).size).toBe(1);
    return record;
  }
  const find = async ({ id, callId }: OperationRecord) =>
    (await store.find('inviteParticipantsOperation', caller, id, callId)) as OperationRecord;

  const item = (members: Json = {}, rest: Json = {}): Json => ({
    changeType: 'deleted',
    resourceUrl: '/communications/calls/call/operations/op',
    resourceData: {
      '@odata.type': '#microsoft.graph.inviteParticipantsOperation',
      id: 'op',
      clientContext: 'context',
      status: 'completed',
      resultInfo: { code: 200, subcode: 0, message: 'done' },
      ...members,
    },
    ...rest,
  });
  const PLACE = { resourceUrl: '/communications/calls/call/operations/participants' };
  const receive = async (...items: Json[]) => {
    await store.addNotifications(items.map((one) => JSON.stringify(one)));
    await notifications.tick();
  };
  /** As if the rows had been stored earlier, and their time were over. */
  const backDate = (ms: number) =>
    engine.run('update notification set received_at = received_at - $1, due_at = due_at - $1', [ms]);
  const waiting = async () => (await engine.run('select seq from notification')).length;

  describe('find their record', () => {
    it.each<[string, Json]>([
      ['by the context', item({ id: null }, PLACE)],
      [
        'by the context, whatever call the address names',
        item({ id: null }, { resourceUrl: '/communications/calls/replaced/operations/participants' }),
      ],
      [
        'by the context, whatever operation the address names',
        item({ id: null }, { resourceUrl: '/communications/calls/other/operations/other' }),
      ],
      ['by the id', item({ clientContext: null }, PLACE)],
      ['by the id, when the context is nobody’s', item({ clientContext: 'nobody' }, PLACE)],
      ['by the id, when the context is empty', item({ clientContext: '' }, { resourceUrl: 5 })],
      ['by the address', item({ id: null, clientContext: null })],
      [
        'by an address of the older spelling',
        item({ id: null, clientContext: null }, { resourceUrl: undefined, resource: '/app/calls/call/operations/op' }),
      ],
      [
        'by an absolute address',
        item(
          { id: null, clientContext: null },
          { resourceUrl: 'https://graph.microsoft.com/v1.0/communications/calls/call/operations/op?x=1' },
        ),
      ],
      [
        'in a list of several',
        { ...PLACE, changeType: 'deleted', resourceData: [{ info: {} }, item()['resourceData']] },
      ],
      ['without a type', item({ '@odata.type': undefined })],
      [
        'with words in any case',
        item({ status: 'COMPLETED', '@odata.type': '#Microsoft.Graph.InviteParticipantsOperation' }),
      ],
    ])('%s', async (_, notification) => {
      const record = await follow();
      const other = await follow({ graphId: 'other', callId: 'other' }, 'other');
      await receive(notification);
      expect(await find(record)).toMatchObject({
        state: 'settled',
        source: 'webhook',
        revision: record.revision + 1,
        graphId: 'op',
        dueAt: null,
        payload: {
          status: 'completed',
          clientContext: expect.any(String),
          resultInfo: { code: 200 },
          participants: PARTICIPANTS,
        },
      });
      expect((await find(other)).revision).toBe(other.revision);
      expect([await waiting(), counts]).toEqual([0, { matched: 1 }]);
    });

    it.each<[string, Json]>([
      [
        'an address in another call',
        item({ id: null, clientContext: null }, { resourceUrl: '/communications/calls/b/operations/op' }),
      ],
      ['the participants only', item({ id: null, clientContext: null, participants: PARTICIPANTS }, PLACE)],
      ['a context and an id that contradict each other', item({ id: 'another' }, PLACE)],
      ['ids in other letters', item({ id: 'OP', clientContext: 'CONTEXT' }, PLACE)],
    ])('or none, for nothing is guessed: %s', async (_, notification) => {
      const record = await follow();
      await receive(notification);
      expect((await find(record)).revision).toBe(record.revision);
      expect([await waiting(), counts]).toEqual([1, {}]);
    });

    it('when a context was used several times, by the id or the call, and else not', async () => {
      const first = await follow({ graphId: 'op-1' });
      const second = await follow({ graphId: 'op-2' });
      const third = await follow({ graphId: 'op-3', callId: 'elsewhere' });
      await receive(item({ id: null }, PLACE));
      expect(await waiting()).toBe(1);
      await receive(
        item({ id: 'op-2' }),
        item({ id: null }, { resourceUrl: '/communications/calls/elsewhere/operations/participants' }),
      );
      expect((await find(first)).state).toBe('active');
      expect((await find(second)).state).toBe('settled');
      expect((await find(third)).state).toBe('settled');
    });

    it('when there are many, in a few passes over all of them', async () => {
      const records = await Promise.all(
        Array.from({ length: 250 }, (_, index) => follow({ graphId: `op-${index}` }, `context-${index}`)),
      );
      await receive(...records.map((_, index) => item({ id: null, clientContext: `context-${index}` }, PLACE)));
      const states = await Promise.all(records.map(async (record) => (await find(record)).state));
      expect([new Set(states), await waiting()]).toEqual([new Set(['settled']), 0]);
    });
  });

  describe('come in any order and number', () => {
    it('a hundred that are the same make one revision', async () => {
      const record = await follow();
      await receive(...Array.from({ length: 100 }, () => item()));
      expect((await find(record)).revision).toBe(record.revision + 1);
      await receive(item(), item({ resultInfo: { code: 500, subcode: 1, message: 'other' } }));
      expect(await find(record)).toMatchObject({
        revision: record.revision + 1,
        payload: { resultInfo: { code: 200 } },
      });
    });

    it.each(['together', 'one after the other'])('an end is not undone by what comes later: %s', async (manner) => {
      const record = await follow();
      const late = [item({ status: 'failed' }), item({ status: 'running' }), item({ status: null })];
      if (manner === 'together') await receive(...late);
      else for (const one of late) await receive(one);
      expect(await find(record)).toMatchObject({
        state: 'settled',
        revision: record.revision + 1,
        payload: { status: 'failed' },
      });
    });

    it('an end counts, wherever it stands among others', async () => {
      const record = await follow();
      await receive(item({ status: 'running' }), item(), item({ status: 'notStarted' }));
      expect(await find(record)).toMatchObject({
        state: 'settled',
        revision: record.revision + 1,
        payload: { status: 'completed' },
      });
    });

    it('one about a record that is settled already is done with, and proves that they arrive', async () => {
      const record = await follow({ state: 'settled' });
      notifications = createNotifications({ ...store, findOperations: () => Promise.resolve([record]) });
      await receive(item({ status: 'failed' }));
      expect(await find(record)).toMatchObject({ revision: record.revision, payload: { status: 'running' } });
      expect([await waiting(), counts, notifications.isHealthy()]).toEqual([0, { matched: 1 }, true]);
    });

    it.each([null, undefined, 'running', 'aNewWord'])(
      'the end of the resource is not the end of the operation: %s',
      async (status) => {
        const record = await follow();
        await receive(item({ status, resultInfo: null }), item({}, { resourceData: null }));
        expect((await find(record)).state).toBe('active');
        expect(await waiting()).toBe(0);
      },
    );

    it('a record is due again while it runs, later than without notifications', async () => {
      const record = await follow();
      await receive(item({ status: 'running' }));
      const dueInMs = Number((await find(record)).dueAt) - Date.now();
      expect(dueInMs).toBeGreaterThan(20_000);
      expect(dueInMs).toBeLessThan(35_000);
    });
  });

  describe('come before or after we know better', () => {
    it('and are tried again until the answer to the mutation is stored', async () => {
      const record = await begin('another');
      await receive(item({ clientContext: null }, PLACE));
      expect([await waiting(), (await find(record)).state]).toEqual([1, 'submitting']);
      await answer(record, { graphId: 'op', state: 'active' });
      await notifications.tick();
      expect((await find(record)).state).toBe('active');
      await backDate(1_001);
      await notifications.tick();
      expect([await waiting(), (await find(record)).state]).toEqual([0, 'settled']);
    });

    it('and wait for the answer where only that names the operation', async () => {
      const record = await begin();
      await receive(item({ id: null }, PLACE));
      expect([await waiting(), (await find(record)).state]).toEqual([1, 'submitting']);
      await answer(record, { graphId: 'op', state: 'active' });
      await backDate(1_001);
      await notifications.tick();
      expect(await find(record)).toMatchObject({ state: 'settled', graphId: 'op' });
    });

    it('and are written at once where they name it themselves', async () => {
      const [byId, byPlace] = [await begin('a'), await begin('b')];
      await receive(
        item({ clientContext: 'a', id: 'op-a' }, PLACE),
        item({ clientContext: 'b', id: null }, { resourceUrl: '/communications/calls/call/operations/op-b' }),
      );
      expect(await find(byId)).toMatchObject({ state: 'settled', graphId: 'op-a' });
      expect(await find(byPlace)).toMatchObject({ state: 'settled', graphId: 'op-b' });
    });

    it('and are written without it when the answer does not come', async () => {
      const record = await begin();
      await receive(item({ id: null }, PLACE));
      await backDate(120_001);
      await notifications.tick();
      expect(await find(record)).toMatchObject({ state: 'settled', graphId: null });
    });

    it('and are forgotten, and counted, when their time is over', async () => {
      await receive(item());
      await backDate(119_000);
      await notifications.tick();
      expect([await waiting(), counts]).toEqual([1, {}]);
      await backDate(20_000);
      await notifications.tick();
      expect([await waiting(), counts]).toEqual([0, { unmatched: 1 }]);
    });

    it('and settle what was given up', async () => {
      const lost = await follow({ state: 'unknown', reason: 'deadlineExceeded' });
      await receive(item({ status: 'running', resultInfo: null }));
      expect(await find(lost)).toMatchObject({ state: 'unknown', revision: lost.revision });
      await receive(item());
      expect(await find(lost)).toMatchObject({ state: 'settled', reason: null, revision: lost.revision + 1 });
    });

    it('and are observed anew when somebody else writes meanwhile', async () => {
      const record = await follow();
      let isFirst = true;
      const save: Store['save'] = async (writes, token) => {
        if (isFirst) {
          isFirst = false;
          await answer(record, { payload: { ...record.payload, resultInfo: { code: 100 } } });
        }
        return store.save(writes, token);
      };
      notifications = createNotifications({ ...store, save });
      await receive(item());
      expect(await find(record)).toMatchObject({ state: 'settled', revision: record.revision + 2 });
    });
  });

  it('that cannot be read are dropped, counted, and logged once', async () => {
    const record = await follow();
    await store.addNotifications(['{', 'null', '5', '[]', '{}', '{"resourceData":[5]}', JSON.stringify(item())]);
    await notifications.tick();
    expect([await waiting(), counts]).toEqual([0, { rubbish: 6, matched: 1 }]);
    expect(logged).toHaveLength(1);
    expect((await find(record)).state).toBe('settled');
  });

  describe('that cannot be worked on', () => {
    /** One whose record is damaged, between two that are fine. */
    async function receiveBroken(): Promise<OperationRecord[]> {
      const names = ['first', 'broken', 'last'];
      const records: OperationRecord[] = [];
      for (const name of names) records.push(await follow({ graphId: name }, name));
      await engine.run(`update record set payload = '{' where id = $1`, [(records[1] as OperationRecord).id]);
      await receive(...names.map((name) => item({ id: name, clientContext: name })));
      return records.filter((_, index) => index !== 1);
    }

    it('do not hold up those beside them', async () => {
      for (const record of await receiveBroken()) expect(await find(record)).toMatchObject({ state: 'settled' });
      expect([await waiting(), counts, logged.length]).toEqual([1, { matched: 2, failed: 1 }, 1]);
    });

    it('are tried again now and then, and forgotten when their time is over', async () => {
      await receiveBroken();
      await backDate(14_000);
      await notifications.tick();
      expect(counts).toMatchObject({ failed: 1 });
      await backDate(1_001);
      await notifications.tick();
      expect([await waiting(), counts, logged.length]).toEqual([1, { matched: 2, failed: 2 }, 1]);
      await backDate(120_000);
      await notifications.tick();
      expect([await waiting(), counts]).toEqual([0, { matched: 2, failed: 3 }]);
    });

    it('together are worked on one by one, each counted once', async () => {
      const save: Store['save'] = (writes) =>
        writes.length > 1 ? Promise.reject(new Error('too many')) : store.save(writes);
      notifications = createNotifications({ ...store, save });
      for (const name of ['a', 'b']) await follow({ graphId: name }, name);
      await store.addNotifications(['{']);
      await receive(...['a', 'b'].map((name) => item({ id: name, clientContext: name })));
      expect([await waiting(), counts]).toEqual([0, { matched: 2, rubbish: 1 }]);
    });

    it('for the store is down are kept, none is counted, and they are not tried one by one', async () => {
      let tries = 0;
      const fail = () => Promise.reject(new Error('down'));
      const findOperations = () => ((tries += 1), fail());
      notifications = createNotifications({ ...store, findOperations, settleNotifications: fail });
      await expect(receive(...Array.from({ length: 50 }, () => item()))).rejects.toThrow('down');
      expect([await waiting(), counts, logged, tries]).toEqual([50, {}, [], 2]);
    });
  });

  it('with ids that no store could index change nothing', async () => {
    const record = await begin();
    await receive(
      item({ id: 'x'.repeat(5_000) }, { resourceUrl: `/communications/calls/call/operations/${'y'.repeat(5_000)}` }),
    );
    await backDate(120_001);
    await notifications.tick();
    expect(await find(record)).toMatchObject({ state: 'settled', graphId: null });
  });

  it('of a replica that died are worked off by another', async () => {
    const record = await follow();
    await store.addNotifications([JSON.stringify(item())]);
    expect(await store.claimNotifications(100, 'dead', 15_000)).toHaveLength(1);
    await notifications.tick();
    expect((await find(record)).state).toBe('active');
    await engine.run('update notification set due_at = due_at - 15000');
    await notifications.tick();
    expect((await find(record)).state).toBe('settled');
  });

  it('are worked off by a loop, at once when it is poked', async () => {
    const record = await follow();
    notifications.start();
    try {
      await notifications.tick();
      await store.addNotifications([JSON.stringify(item())]);
      notifications.poke();
      await waitFor('the end', async () => (await find(record)).state === 'settled');
    } finally {
      await notifications.stop();
    }
  });

  describe('say that polling is only the backstop', () => {
    it('on every replica, for ten minutes after the last that found its record', async () => {
      const other = createNotifications(await engine.openStore());
      await follow();
      await receive(item({ clientContext: 'nobody', id: null }, PLACE));
      await other.tick();
      expect([notifications.isHealthy(), other.isHealthy()]).toEqual([false, false]);
      await receive(item());
      expect([notifications.isHealthy(), other.isHealthy()]).toEqual([true, false]);
      await other.tick();
      expect(other.isHealthy()).toBe(true);
      aheadMs = 599_000;
      expect([notifications.isHealthy(), other.isHealthy()]).toEqual([true, true]);
      aheadMs = 601_000;
      expect([notifications.isHealthy(), other.isHealthy()]).toEqual([false, false]);
    });

    it('and write so once in half a minute', async () => {
      const notes: string[] = [];
      notifications = createNotifications({ ...store, noteJob: async (name) => void notes.push(name) });
      await follow();
      for (const ms of [0, 10_000, 29_000, 31_000]) {
        aheadMs = ms;
        await receive(item({ status: 'running' }));
      }
      expect(notes).toEqual(['callNotifications', 'callNotifications']);
    });

    it('and nothing of the kind when the note cannot be read', async () => {
      for (const state of ['rubbish', '{"at":5}', 'null', '{"at":"then"}']) {
        await store.noteJob('callNotifications', state);
        await notifications.tick();
        expect(notifications.isHealthy()).toBe(false);
      }
    });
  });

  describe('of a Graph that signs them', () => {
    let emulator: ReturnType<typeof createEmulator>;
    let emulatorUrl: string;
    let app: FastifyInstance;

    beforeEach(async () => {
      emulator = createEmulator({ operationMs: 600_000, retryMs: 1 });
      emulatorUrl = await emulator.start();
      app = fastify();
      const metadataUrl = `${emulatorUrl}/v1/.well-known/OpenIdConfiguration`;
      await serveWebhooks(app, {
        store,
        tokenCheck: createNotificationTokenCheck({ metadataUrl, appId: DEFAULT_APP_ID, tenantId: DEFAULT_TENANT_ID }),
        tenantId: DEFAULT_TENANT_ID,
        logger: { warn: () => {} } as never,
        now,
        count: (outcome) => void (counts[outcome] = (counts[outcome] ?? 0) + 1),
        onNotification: () => notifications.poke(),
        onChange: () => {},
        onLifecycle: () => {},
      });
      const url = await app.listen({ port: 0, host: '127.0.0.1' });
      await administer(emulatorUrl).settings({ callbackUrl: `${url}${CALLS_PATH}` });
    });
    afterEach(async () => {
      await emulator.stop();
      await app.close();
    });

    async function invite(count: number): Promise<OperationRecord> {
      const graph = createGraphClient({
        baseUrl: emulatorUrl,
        version: 'v1.0',
        loadToken: () => Promise.resolve('token'),
        connections: 2,
      });
      const tracker = createTracker({
        store,
        unwritten: { write: (_, write) => write() },
        graph,
        now,
        timeoutMs: 5_000,
        pollIntervalMs: 2_000,
        invitationDeadlineMs: 86_400_000,
        operationDeadlineMs: 300_000,
        inviteLists: { allowedDomains: [], blockedDomains: [], ccAllowed: [], redirectOrigins: [] },
        offersCallInvitations: true,
        usersOf: null,
        onQueued: () => {},
      });
      const participants = Array.from({ length: count }, (_, index) => ({ identity: { user: { id: `u${index}` } } }));
      try {
        return await tracker.inviteParticipants('call', { participants }, caller);
      } finally {
        await graph.stop();
      }
    }
    async function send(members: Json): Promise<number> {
      const response = await fetch(`${emulatorUrl}/admin/notifications`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(members),
      });
      return ((await response.json()) as Json)['status'];
    }

    it.each([1, 3])('settle the record, with %d participants, and ask Graph nothing', async (count) => {
      const record = await invite(count);
      const admin = administer(emulatorUrl);
      await admin.clearRequests();
      await admin.endOperation(record.graphId ?? '', 'completed');
      await waitFor('the delivery', () => counts['accepted'] === 1 && counts['ignored'] === 1);
      await notifications.tick();
      expect(await find(record)).toMatchObject({
        state: 'settled',
        source: 'webhook',
        payload: { status: 'completed' },
      });
      expect((await admin.counts()).http).toBe(0);
    });

    it.each<[string, unknown]>([
      ['nothing', null],
      ['rubbish', 'rubbish'],
      ['a forged signature', { forged: true }],
      ['no signature', { alg: 'none' }],
      ['the public key as a secret', { alg: 'HS256' }],
      ['an unknown key', { kid: 'unknown' }],
      ['a past time', { expiresInMs: -120_000 }],
      ['a future time', { notBeforeMs: 120_000 }],
      ['another audience', { aud: 'other' }],
      ['another issuer', { iss: 'https://evil.example.com' }],
      ['another tenant', { tid: 'other' }],
      ['no tenant', { tid: null }],
    ])('are refused, and nothing is stored, with %s for a token', async (_, token) => {
      const record = await invite(1);
      const items = [item({ id: record.graphId, clientContext: record.request.clientContext })];
      expect(await send({ items, token })).toBe(403);
      await notifications.tick();
      expect([await waiting(), counts, (await find(record)).state]).toEqual([0, { unauthorized: 1 }, 'active']);
      expect(await send({ items })).toBe(202);
      await notifications.tick();
      expect((await find(record)).state).toBe('settled');
    });
  });
});
