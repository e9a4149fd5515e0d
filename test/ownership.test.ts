/** Who sees a record: its owner, those it is shared with, admins of the tenant; to all others it is as if there were none. */
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { execute, parse, type ExecutionResult } from 'graphql';
import pg from 'pg';
import type { Caller } from '../src/auth/caller.ts';
import { GraphQLContext, type ContextOptions } from '../src/context.ts';
import { createDeadline } from '../src/deadline.ts';
import { createDocumentGate } from '../src/delivery/documents.ts';
import { createLiveDocuments } from '../src/delivery/live-documents.ts';
import { Subscriber } from '../src/delivery/subscriber.ts';
import { toClientError } from '../src/errors.ts';
import { createSchema } from '../src/schema.ts';
import { Feed } from '../src/tracking/feed.ts';
import { isVisibleTo, type TrackingRecord } from '../src/tracking/record.ts';
import type { Store } from '../src/tracking/store.ts';
import { waitFor, type Json } from './support/gateway.ts';
import { json, startGraphServer, type GraphServer } from './support/graph-server.ts';
import { caller, newInvitation, newOperation } from './support/records.ts';
import { engines, type Engine } from './support/stores.ts';
import { createUpstream } from './support/upstream.ts';

const sight = {
  owner: caller,
  grantee: { ...caller, subject: 'grantee' },
  admin: { ...caller, subject: 'boss', isAdmin: true },
};
const blindness = {
  'a stranger': { ...caller, subject: 'stranger' },
  'the same subject in another tenant': { ...caller, tenantId: 'other' },
  'the grantee’s subject in another tenant': { ...caller, tenantId: 'other', subject: 'grantee' },
  'an admin of another tenant': { ...caller, tenantId: 'other', subject: 'boss', isAdmin: true },
};
const seeing = Object.entries<Caller>(sight);
const blind = Object.entries<Caller>(blindness);
const nobody: Caller = { ...caller, subject: 'nobody' };

const TRACKING =
  'tracking { id callId state reason revision refusal { message } history { revision source changed state } }';
const INVITATION = `id status inviteRedeemUrl invitedUserEmailAddress invitedUser { id } ${TRACKING}`;
const OPERATION = `id status clientContext participants { identity { user { id } } } ${TRACKING}`;
const CREATE = `mutation ($input: CreateInvitationInput!) { createInvitation(input: $input) { ${INVITATION} } }`;
const CREATE_MANY = `mutation ($inputs: [CreateInvitationInput!]!) { createInvitations(inputs: $inputs) { bulkId results { invitation { ${INVITATION} } } } }`;
const INVITE = `mutation ($input: InviteParticipantsInput!) { inviteParticipants(callId: "call", input: $input) { ${OPERATION} } }`;
const READ = `query ($id: ID!) { record: invitation(id: $id) { ${INVITATION} } }`;
const READ_OPERATION = `query ($id: ID!) { record: inviteParticipantsOperation(callId: "call", id: $id) { ${OPERATION} } }`;
const LIST = `query ($filter: InvitationFilter, $first: Int, $after: String) { list: invitations(filter: $filter, first: $first, after: $after) { edges { cursor } nodes { ${INVITATION} } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`;
const LIST_OPERATIONS = `query ($filter: InviteParticipantsOperationFilter) { list: inviteParticipantsOperations(filter: $filter) { edges { cursor } nodes { ${OPERATION} } pageInfo { hasNextPage startCursor endCursor } } }`;
const WATCH = `subscription ($id: ID!, $after: Int) { seen: invitationUpdated(id: $id, afterRevision: $after) { ${INVITATION} } }`;
const WATCH_OPERATION = `subscription ($id: ID!, $after: Int) { seen: inviteParticipantsOperationUpdated(callId: "call", id: $id, afterRevision: $after) { ${OPERATION} } }`;
const WATCH_CALL = `subscription { seen: inviteParticipantsOperationsUpdated(callId: "call") { ${OPERATION} } }`;
const WATCH_BULK = `subscription ($bulkId: ID!) { seen: invitationsUpdated(bulkId: $bulkId) { invitation { ${INVITATION} } counts { total active } } }`;

const to = (name: string, members: Json = {}) => ({
  invitedUserEmailAddress: `${name}@fabrikam.example`,
  inviteRedirectUrl: 'https://app.example.com',
  ...members,
});
const USER = { identity: { user: { id: 'u1' } } };
const SHARED = { sharedWith: ['grantee'] };

describe.each(engines)('a record on $name', ({ open }) => {
  const schema = createSchema();
  let engine: Engine;
  let store: Store;
  let graph: GraphServer;
  let upstream: ReturnType<typeof createUpstream>;
  let feed: Feed;
  let ends: (() => unknown)[];

  beforeEach(async () => {
    ends = [];
    engine = await open();
    store = await engine.openStore();
    graph = await startGraphServer();
    graph.usual = (response, request) => {
      const made = (body: Json, number: string) => ({
        ...body,
        id: `i-${number}`,
        status: 'PendingAcceptance',
        inviteRedeemUrl: `https://login.example.com/redeem?rd=${number}`,
        invitedUser: { id: `u-${number}` },
      });
      const body = JSON.parse(request.body) as Json;
      if (request.url?.endsWith('/$batch')) {
        const responses = body['requests'].map((part: Json) => ({
          id: part['id'],
          status: 201,
          body: made(part['body'] as Json, `b${part['id']}`),
        }));
        return json(200, { responses })(response, request);
      }
      const answer = request.url?.endsWith('/invite')
        ? { id: `op-${graph.seen.length}`, status: 'running', clientContext: body['clientContext'] }
        : made(body, `${graph.seen.length}`);
      return json(201, answer)(response, request);
    };
    const now = () => new Date();
    upstream = createUpstream({ store, baseUrl: graph.baseUrl, now, timeoutMs: 5_000, intervalMs: 60_000 });
    feed = createFeed();
    await feed.start();
  });
  afterEach(async () => {
    for (const end of ends) await end();
    await feed.stop();
    await upstream.stop();
    await graph.stop();
    await engine.close();
  });

  function createFeed(): Feed {
    const ignore = () => {};
    return new Feed({ store, pollIntervalMs: 60_000, onWatch: ignore, onInvitationWatch: ignore, onError: ignore });
  }
  const sessionOf = (who: Caller) => ({ caller: who, expiresAt: null });
  const createContext = (options: ContextOptions) => {
    const status = {
      version: '1',
      mode: 'emulator' as const,
      graph: () => 'available' as const,
      pollLagMs: () => Promise.resolve(0),
    };
    const users = { read: (wanted: readonly unknown[]) => Promise.resolve(wanted.map(() => null)) };
    return new GraphQLContext({ store, tracker: upstream.tracker, feed, status, users, timeoutMs: 5_000 }, options);
  };
  const contextOf = (who: Caller) =>
    createContext({ findSession: () => sessionOf(who), deadline: createDeadline(5_000) });
  const explain = (error: unknown) =>
    toClientError(error, (unexpected) => {
      throw unexpected;
    });
  const live = createLiveDocuments({
    schema,
    documents: createDocumentGate({ schema, isIntrospectable: false, trustedDocuments: null }),
    createContext,
    mutationMs: 5_000,
    toClientError: explain,
  });
  const toAnswer = ({ data, errors }: ExecutionResult): Json => ({
    data: JSON.parse(JSON.stringify(data ?? null)) as Json | null,
    ...(errors ? { errors: errors.map(explain) } : {}),
  });
  /** @returns the answer as a client gets it. */
  const ask = async (who: Caller, document: string, variableValues: Json = {}): Promise<Json> =>
    toAnswer(await execute({ schema, document: parse(document), variableValues, contextValue: contextOf(who) }));
  /** @returns the answers as they come; only one when it is refused. */
  async function watch(who: Caller, document: string, variableValues: Json = {}): Promise<Json[]> {
    const args = live.prepare({ query: document, variables: variableValues }, () => sessionOf(who));
    if (!('document' in args)) throw args[0];
    const answers: Json[] = [];
    const send = (answer: string) => void answers.push(JSON.parse(answer) as Json);
    const result = await live.run(args, { isFull: false, onceDrained: () => {}, send });
    if (!(result instanceof Subscriber)) return [toAnswer(result)];
    ends.push(() => result.return());
    void result.next();
    return answers;
  }
  const create = async (who: Caller, input: Json): Promise<Json> =>
    (await ask(who, CREATE, { input }))['data'].createInvitation;
  const invite = async (who: Caller, input: Json = {}): Promise<Json> =>
    (await ask(who, INVITE, { input: { participants: [USER], ...input } }))['data'].inviteParticipants;
  const recordIds = (records: Json[]) => records.map(({ tracking }) => tracking.id as string);
  const revisionsOf = (answers: Json[]) => answers.map(({ data }) => data?.seen.tracking.revision as number);
  /** Raises the revision of an invitation, as a sweep would. */
  async function raise(recordId: string): Promise<void> {
    const record = (await store.find('invitation', caller, recordId)) as TrackingRecord;
    const next = { ...record, revision: record.revision + 1, source: 'poll' as const };
    await store.save([{ record: next, baseRevision: record.revision, dueInMs: 60_000, watchedDueInMs: 60_000 }]);
  }
  const complete = async (operation: Json) => {
    await store.addNotifications([
      JSON.stringify({
        changeType: 'deleted',
        resourceUrl: `/communications/calls/call/operations/${operation['id']}`,
        resourceData: {
          '@odata.type': '#microsoft.graph.inviteParticipantsOperation',
          id: operation['id'],
          clientContext: operation['clientContext'],
          status: 'completed',
        },
      }),
    ]);
    await upstream.notifications.tick();
  };

  describe('read by id', () => {
    it.each(seeing)('is shown whole to its %s, with its history', async (_, viewer) => {
      const [invitation, operation] = [await create(caller, to('guest', SHARED)), await invite(caller, SHARED)];
      for (const [made, document] of [
        [invitation, READ],
        [operation, READ_OPERATION],
      ] as const) {
        for (const id of [made['id'], made['tracking'].id]) {
          const { record } = (await ask(viewer, document, { id }))['data'];
          expect({ ...record, inviteRedeemUrl: null }).toEqual({ ...made, inviteRedeemUrl: null });
          expect(record.tracking.history).toHaveLength(2);
        }
      }
    });

    it.each(blind)('is for %s as if there were none', async (_, viewer) => {
      const [invitation, operation] = [await create(caller, to('guest', SHARED)), await invite(caller, SHARED)];
      for (const [made, document] of [
        [invitation, READ],
        [operation, READ_OPERATION],
      ] as const) {
        const absent = await ask(viewer, document, { id: 'absent' });
        expect(absent).toEqual({ data: { record: null } });
        for (const id of [made['id'], made['tracking'].id]) expect(await ask(viewer, document, { id })).toEqual(absent);
      }
    });

    it('is the newest that the viewer sees of those with one id of Graph’s', async () => {
      const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 12, minute));
      const shared = newInvitation({ graphId: 'g', sharedWith: ['grantee'], createdAt: at(1) });
      const hidden = newInvitation({ graphId: 'g', createdAt: at(2) });
      for (const record of [shared, hidden]) await store.insert(record, 'lease', 60_000);
      expect((await store.find('invitation', sight.grantee, 'g'))?.id).toBe(shared.id);
      expect((await store.find('invitation', sight.owner, 'g'))?.id).toBe(hidden.id);
    });
  });

  describe('in lists', () => {
    it('is among the viewer’s own, newest first, in stable pages and through every filter', async () => {
      const made: Json[] = [];
      for (const [index, who] of [caller, sight.grantee, caller, sight.grantee, caller, caller].entries())
        made.unshift(await create(who, to(`guest${index % 2}`, index === 4 ? {} : SHARED)));
      const [, unshared] = made;
      const visible = {
        owner: recordIds(made.filter((_, index) => ![2, 4].includes(index))),
        grantee: recordIds(made.filter((invitation) => invitation !== unshared)),
        admin: recordIds(made),
      };
      for (const [name, viewer] of seeing) {
        const expected = visible[name as keyof typeof visible];
        const seen: string[] = [];
        for (let after: string | null = null, more = true; more;) {
          const { list } = (await ask(viewer, LIST, { first: 2, after }))['data'] as Json;
          seen.push(...recordIds(list.nodes));
          expect(list.pageInfo.hasPreviousPage).toBe(after !== null);
          [after, more] = [list.pageInfo.endCursor, list.pageInfo.hasNextPage];
          await create(sight.grantee, to('newer', { sharedWith: [caller.subject] }));
        }
        expect(seen.slice(-expected.length)).toEqual(expected);
        const filtered = async (filter: Json) =>
          recordIds((await ask(viewer, LIST, { filter, first: 100 }))['data'].list.nodes);
        const ofGuest = made.filter(({ invitedUserEmailAddress }) => invitedUserEmailAddress.startsWith('guest1'));
        expect(await filtered({ invitedUserEmailAddress: 'GUEST1@fabrikam.example' })).toEqual(
          recordIds(ofGuest).filter((id) => expected.includes(id)),
        );
        expect((await filtered({ state: ['active'] })).filter((id) => recordIds(made).includes(id))).toEqual(expected);
        expect(await filtered({ state: ['settled', 'unknown'] })).toEqual([]);
        await engine.run(`delete from record where mail like 'newer%'`);
      }
    });

    it('is found by its call', async () => {
      const [shared, hidden] = [await invite(caller, SHARED), await invite(caller)];
      const listed = async (viewer: Caller, callId: string) =>
        recordIds((await ask(viewer, LIST_OPERATIONS, { filter: { callId } }))['data'].list.nodes);
      expect(await listed(sight.owner, 'call')).toEqual(recordIds([hidden, shared]));
      expect(await listed(sight.admin, 'call')).toEqual(recordIds([hidden, shared]));
      expect(await listed(sight.grantee, 'call')).toEqual(recordIds([shared]));
      expect(await listed(sight.grantee, 'other')).toEqual([]);
    });

    it('is there once when its owner is among those it is shared with', async () => {
      const made = await create(caller, to('guest', { sharedWith: [caller.subject, 'grantee'] }));
      expect(recordIds((await ask(caller, LIST))['data'].list.nodes)).toEqual(recordIds([made]));
    });

    it('is not there when it was refused, whoever looks', async () => {
      await store.insert(newInvitation({ sharedWith: ['grantee'], state: 'settled', reason: 'refused' }), 'lease', 1);
      for (const [, viewer] of seeing) expect((await ask(viewer, LIST))['data'].list.nodes).toEqual([]);
    });

    it.each(blind)('leaves those of %s empty', async (_, viewer) => {
      const empty = [await ask(viewer, LIST), await ask(viewer, LIST_OPERATIONS)];
      const cursor = Buffer.from(`${Date.now() + 60_000} z`).toString('base64url');
      await create(caller, to('guest', SHARED));
      await invite(caller, SHARED);
      expect([await ask(viewer, LIST), await ask(viewer, LIST_OPERATIONS)]).toEqual(empty);
      const filter = { invitedUserEmailAddress: 'guest@fabrikam.example', state: ['active'] };
      expect(await ask(viewer, LIST, { filter })).toEqual(empty[0]);
      expect((await ask(viewer, LIST, { after: cursor }))['data'].list.nodes).toEqual([]);
      expect(await ask(viewer, LIST_OPERATIONS, { filter: { callId: 'call' } })).toEqual(empty[1]);
    });
  });

  describe('when it changes', () => {
    it.each(seeing)('is pushed to its %s by either id, also what was missed', async (_, viewer) => {
      const made = await create(caller, to('guest', SHARED));
      const streams = await Promise.all(
        [{ id: made['id'] }, { id: made['tracking'].id }, { id: made['id'], after: 0 }].map((variables) =>
          watch(viewer, WATCH, variables),
        ),
      );
      await waitFor('the states so far', () => streams.map(({ length }) => length).join() === '1,1,2');
      await raise(made['tracking'].id);
      await waitFor('the next state', () => streams.map(({ length }) => length).join() === '2,2,3');
      expect(streams.map(revisionsOf)).toEqual([
        [2, 3],
        [2, 3],
        [1, 2, 3],
      ]);
    });

    it.each(blind)('is not pushed to %s: the refusal is that of an absent record', async (_, viewer) => {
      const [invitation, operation] = [await create(caller, to('guest', SHARED)), await invite(caller, SHARED)];
      for (const [made, document] of [
        [invitation, WATCH],
        [operation, WATCH_OPERATION],
      ] as const) {
        for (const after of [null, 0]) {
          const absent = await watch(viewer, document, { id: 'absent', after });
          expect(absent).toMatchObject([{ errors: [{ extensions: { code: 'NOT_FOUND' } }] }]);
          for (const id of [made['id'], made['tracking'].id])
            expect(await watch(viewer, document, { id, after })).toEqual(absent);
        }
      }
      expect(feed.watchCount).toBe(0);
    });

    it('is pushed to those who watch its call and may see it: what is there, what is new, and what Graph notifies of', async () => {
      const [shared, hidden] = [await invite(caller, SHARED), await invite(caller)];
      const streams = new Map<string, Json[]>();
      for (const [name, viewer] of [...seeing, ...blind]) streams.set(name, await watch(viewer, WATCH_CALL));
      const [newShared, newHidden] = [await invite(caller, SHARED), await invite(caller)];
      for (const operation of [shared, hidden, newShared, newHidden]) await complete(operation);
      // What comes last: whoever has got it got everything before.
      const marks = new Map<string, string>();
      for (const [name, viewer] of [...seeing, ...blind]) marks.set(name, (await invite(viewer))['tracking'].id);
      for (const [name, answers] of streams)
        await waitFor(`the own one of ${name}`, () =>
          answers.some(({ data }) => data.seen.tracking.id === marks.get(name)),
        );
      const all = recordIds([shared, hidden, newShared, newHidden]);
      const seenBy = (name: string) => {
        const states = (streams.get(name) ?? [])
          .map(({ data }) => data.seen as Json)
          .filter(({ tracking }) => all.includes(tracking.id));
        const settled = states.filter(({ tracking }) => tracking.state === 'settled');
        expect(settled.map(({ tracking }) => tracking.history.at(-1).source)).toEqual(settled.map(() => 'webhook'));
        expect(new Set(recordIds(settled))).toEqual(new Set(recordIds(states)));
        return all.filter((id) => recordIds(states).includes(id));
      };
      expect(seenBy('owner')).toEqual(all);
      expect(seenBy('admin')).toEqual(all);
      expect(seenBy('grantee')).toEqual(recordIds([shared, newShared]));
      for (const [name] of blind) expect([name, seenBy(name)]).toEqual([name, []]);
    });

    it('brings the reads of others’ records forward for nobody who may not see them', async () => {
      await invite(caller);
      const before = await engine.run('select due_at, watched_until from record');
      for (const [, viewer] of blind) await watch(viewer, WATCH_CALL);
      expect(await engine.run('select due_at, watched_until from record')).toEqual(before);
    });

    it('is seen after a restore of the store by those only who may see it', async () => {
      const operation = await invite(caller, SHARED);
      const [shown, hidden] = [
        await watch(sight.grantee, WATCH_CALL),
        await watch(blindness['a stranger'], WATCH_CALL),
      ];
      await invite(caller, SHARED);
      await waitFor('what is there, and what is new', () => shown.length >= 2);
      await engine.run('update record set revision = 9 where id = $1', [operation['tracking'].id]);
      await engine.run('delete from change');
      await waitFor('the newer state', () => shown.at(-1)?.['data'].seen.tracking.revision === 9, 15_000);
      expect(hidden).toEqual([]);
    });
  });

  describe('in a bulk', () => {
    it('is pushed to the owner and admins; for others, also those it is shared with, there is no bulk', async () => {
      const { bulkId, results } = (await ask(caller, CREATE_MANY, { inputs: [to('a', SHARED), to('b', SHARED)] }))[
        'data'
      ].createInvitations as Json;
      const streams = [
        await watch(sight.owner, WATCH_BULK, { bulkId }),
        await watch(sight.admin, WATCH_BULK, { bulkId }),
      ];
      await upstream.sender.tick();
      for (const answers of streams) {
        await waitFor('the end', () => answers.at(-1)?.['data'].seen.counts.active === 2);
        expect(answers).toHaveLength(4);
      }
      for (const viewer of [sight.grantee, ...Object.values(blindness)]) {
        const absent = await watch(viewer, WATCH_BULK, { bulkId: 'absent' });
        expect(absent).toMatchObject([{ errors: [{ extensions: { code: 'NOT_FOUND' } }] }]);
        expect(await watch(viewer, WATCH_BULK, { bulkId })).toEqual(absent);
      }
      const ids = recordIds(results.map(({ invitation }: Json) => invitation));
      expect(recordIds((await ask(sight.grantee, LIST))['data'].list.nodes).toSorted()).toEqual(ids.toSorted());
    });

    it('has its grants, 500 at once', async () => {
      const records = Array.from({ length: 500 }, (_, index) =>
        newInvitation({ work: 'send', sharedWith: ['grantee', `s${index}`] }),
      );
      await store.insertBulk('bulk', records);
      expect(await engine.run('select count(*) as n from record_grant')).toEqual([{ n: 1_000 }]);
      expect(await store.list({ kind: 'invitation', viewer: sight.grantee, first: 501 })).toHaveLength(500);
      expect(
        await store.list({ kind: 'invitation', viewer: { ...sight.grantee, subject: 's7' }, first: 9 }),
      ).toMatchObject([{ id: records[7]?.id, sharedWith: ['grantee', 's7'] }]);
    });
  });

  describe('with an address to redeem it', () => {
    it('gives that address to its owner only, wherever the record is shown', async () => {
      const { bulkId } = (await ask(caller, CREATE_MANY, { inputs: [to('bulk', SHARED)] }))['data']
        .createInvitations as Json;
      await upstream.sender.tick();
      const made = await create(caller, to('guest', SHARED));
      expect(made['inviteRedeemUrl']).toMatch(/^https:/);
      for (const [name, viewer] of seeing) {
        const shown: Json[] = [
          (await ask(viewer, READ, { id: made['id'] }))['data'].record,
          ...(await ask(viewer, LIST))['data'].list.nodes,
        ];
        const stream = await watch(viewer, WATCH, { id: made['id'], after: 0 });
        await waitFor('the states', () => stream.length === 2);
        shown.push(stream.at(-1)?.['data'].seen);
        if (name !== 'grantee') {
          const bulk = await watch(viewer, WATCH_BULK, { bulkId });
          await waitFor('the state', () => bulk.length === 1);
          shown.push(bulk[0]?.['data'].seen.invitation);
        }
        expect(shown).toHaveLength(name === 'grantee' ? 4 : 5);
        for (const { inviteRedeemUrl } of shown)
          expect(inviteRedeemUrl).toEqual(name === 'owner' ? expect.stringMatching(/^https:/) : null);
      }
    });
  });

  describe('under an idempotency key', () => {
    it.each([...seeing.slice(1), ...blind])('stands in the way of its owner only, not of %s', async (_, other) => {
      const key = { idempotencyKey: 'key' };
      const first = await create(caller, to('guest', { ...key, ...SHARED }));
      const theirs = await create(other, to('else', key));
      expect(theirs['tracking'].id).not.toBe(first['tracking'].id);
      expect((await create(caller, to('guest', { ...key, ...SHARED })))['tracking'].id).toBe(first['tracking'].id);
      expect((await create(other, to('else', key)))['tracking'].id).toBe(theirs['tracking'].id);
      const { results } = (await ask(other, CREATE_MANY, { inputs: [to('else', key), to('more')] }))['data']
        .createInvitations as Json;
      expect(results[0].invitation.tracking.id).toBe(theirs['tracking'].id);
      const operations = [await invite(caller, { ...key, ...SHARED }), await invite(other, key)];
      expect(new Set(recordIds(operations)).size).toBe(2);
      expect(graph.seen).toHaveLength(4);
    });

    it('is the same for the same subjects in any order, and no other for others', async () => {
      const input = (...sharedWith: string[]) => to('guest', { idempotencyKey: 'key', sharedWith });
      const first = await create(caller, input('a', 'b'));
      expect((await create(caller, input('b', 'a', 'b')))['tracking'].id).toBe(first['tracking'].id);
      const { errors } = await ask(caller, CREATE, { input: input('a') });
      expect(errors).toMatchObject([{ extensions: { code: 'IDEMPOTENCY_CONFLICT' } }]);
    });
  });

  it('keeps from Graph whom it is shared with', async () => {
    await create(caller, to('guest', { sharedWith: ['secret-subject'] }));
    await invite(caller, { sharedWith: ['secret-subject'] });
    await ask(caller, CREATE_MANY, { inputs: [to('bulk', { sharedWith: ['secret-subject'] })] });
    await upstream.sender.tick();
    expect(graph.seen).toHaveLength(3);
    expect(graph.seen.map(({ body, url }) => `${url} ${body}`).join()).not.toMatch(/sharedWith|secret-subject/);
    const kept = await engine.run('select request, payload from record');
    expect(kept).toHaveLength(3);
    expect(JSON.stringify(kept)).not.toMatch(/sharedWith|secret-subject/);
  });

  it('compares GUIDs without regard to case, and other subjects exactly', async () => {
    const guid = 'AAAAAAAA-BBBB-4CCC-8DDD-EEEEEEEEEEEE';
    const made = await create(caller, to('guest', { sharedWith: [guid, 'Grantee'] }));
    const sees = async (subject: string) =>
      (await ask({ ...caller, subject }, READ, { id: made['id'] }))['data'].record !== null;
    expect([await sees(guid.toLowerCase()), await sees(guid), await sees('Grantee')]).toEqual([true, true, true]);
    expect(await sees('grantee')).toBe(false);
  });

  it('takes the longest ids that the checks let through', async () => {
    const [subject, callId] = ['\u4e2d'.repeat(255), '\u4e2d'.repeat(512)];
    const record = newOperation({ callId, sharedWith: [subject] });
    await store.insert(record, 'lease', 60_000);
    const viewer = { ...caller, subject };
    expect(await store.list({ kind: 'inviteParticipantsOperation', viewer, callId, first: 1 })).toHaveLength(1);
  });

  it('is on disk with its grants or not at all, and takes them with it', async () => {
    const record = newInvitation({ sharedWith: ['grantee'], state: 'settled' });
    await store.insert(record, 'lease', 60_000);
    await engine.run('delete from record');
    expect(await engine.run('select * from record_grant')).toEqual([]);
    await engine.run('drop table record_grant');
    await expect(store.insert(newInvitation({ sharedWith: ['grantee'] }), 'lease', 60_000)).rejects.toThrow(
      'record_grant',
    );
    const bulk = [newInvitation({ work: 'send' }), newInvitation({ work: 'send', sharedWith: ['grantee'] })];
    await expect(store.insertBulk('bulk', bulk)).rejects.toThrow('record_grant');
    expect(await engine.run('select id from record')).toEqual([]);
    expect(await engine.run('select seq from change')).toEqual([]);
  });

  describe('of somebody else', () => {
    /** @returns the statements that the store runs meanwhile. */
    async function statementsOf(work: () => Promise<unknown>): Promise<string[]> {
      const texts: string[] = [];
      const onWorker = jest.spyOn(Worker.prototype, 'postMessage');
      const onClient = jest.spyOn(pg.Client.prototype, 'query');
      await work();
      for (const [message] of onWorker.mock.calls) texts.push((message as { sql: string }).sql);
      for (const [query] of onClient.mock.calls as unknown as { text: string }[][]) texts.push(query?.text ?? '');
      onWorker.mockRestore();
      onClient.mockRestore();
      return texts;
    }

    it('takes the same statements as none', async () => {
      const [invitation, operation] = [await create(caller, to('guest', SHARED)), await invite(caller, SHARED)];
      const { bulkId } = (await ask(caller, CREATE_MANY, { inputs: [to('bulk')] }))['data'].createInvitations as Json;
      // One that is not started asks for nothing by itself.
      await feed.stop();
      feed = createFeed();
      const asked: [string, (viewer: Caller, id: string) => Promise<unknown>, string][] = [
        ['invitation', (viewer, id) => ask(viewer, READ, { id }), invitation['id']],
        ['invitation', (viewer, id) => ask(viewer, READ, { id }), invitation['tracking'].id],
        ['operation', (viewer, id) => ask(viewer, READ_OPERATION, { id }), operation['id']],
        ['watched invitation', (viewer, id) => watch(viewer, WATCH, { id }), invitation['id']],
        ['watched operation', (viewer, id) => watch(viewer, WATCH_OPERATION, { id, after: 0 }), operation['id']],
        ['watched bulk', (viewer, id) => watch(viewer, WATCH_BULK, { bulkId: id }), bulkId],
      ];
      for (const [what, look, id] of asked) {
        for (const viewer of [...Object.values(blindness), nobody]) {
          const [foreign, absent] = [
            await statementsOf(() => look(viewer, id)),
            await statementsOf(() => look(viewer, 'absent')),
          ];
          expect([what, foreign]).toEqual([what, absent]);
          expect(foreign).toHaveLength(1);
        }
      }
    });
  });

  it('is found and listed for whom the one rule says, whoever owns it and whomever it is shared with', async () => {
    const name = fc.constantFrom('a', 'b', 'c');
    const person = fc.record({ tenantId: fc.constantFrom('t', 'u'), subject: name, isAdmin: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ owner: person, sharedWith: fc.uniqueArray(name), isCall: fc.boolean() }), {
          minLength: 1,
          maxLength: 6,
        }),
        fc.array(person, { minLength: 1, maxLength: 4 }),
        async (made, viewers) => {
          await engine.run('delete from record');
          const records: TrackingRecord[] = [];
          for (const {
            owner: { tenantId, subject },
            sharedWith,
            isCall,
          } of made) {
            const members = { owner: { tenantId, subject }, sharedWith };
            records.push(await store.insert(isCall ? newOperation(members) : newInvitation(members), 'lease', 60_000));
          }
          for (const viewer of viewers) {
            const visible = records.filter((record) => isVisibleTo(record, viewer)).map(({ id }) => id);
            const found = await Promise.all(
              records.map(({ kind, id, callId }) => store.find(kind, viewer, id, callId ?? undefined)),
            );
            expect(found.flatMap((record) => record?.id ?? [])).toEqual(visible);
            const listed = await Promise.all(
              (['invitation', 'inviteParticipantsOperation'] as const).map((kind) =>
                store.list({ kind, viewer, first: 9 }),
              ),
            );
            expect(
              listed
                .flat()
                .map(({ id }) => id)
                .toSorted(),
            ).toEqual(visible.toSorted());
          }
        },
      ),
      { numRuns: 25 },
    );
  });
});
