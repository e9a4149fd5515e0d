// The subscription contract, the same over each transport that pushes, on both stores.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { dataOf, startGateway, waitFor, type Json, type TestGateway } from './support/gateway.ts';
import { invite, revise, revisionsOf, span, toldOf, WATCH, WATCH_CALL, type Made } from './support/operations.ts';
import { engines, type Engine } from './support/stores.ts';
import { transports, type LiveClient, type Stream } from './support/transports.ts';

jest.setTimeout(60_000);

const BULK = `mutation ($inputs: [CreateInvitationInput!]!) { createInvitations(inputs: $inputs) { bulkId } }`;
const WATCH_BULK = `subscription ($bulkId: ID!) { told: invitationsUpdated(bulkId: $bulkId) {
  invitation { invitedUserEmailAddress tracking { id state revision } } counts { total submitting active } } }`;
const guests = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    invitedUserEmailAddress: `guest${index}@example.com`,
    inviteRedirectUrl: 'https://app.example.com',
  }));

describe.each(engines)('on $name', ({ open }) => {
  let engine: Engine;
  let gateway: TestGateway;
  let calls = 0;

  beforeAll(async () => {
    engine = await open();
    gateway = await startGateway(engine);
  });
  afterAll(async () => {
    await gateway.stop();
    await engine.close();
  });

  describe.each(transports)('a subscription over $name', (transport) => {
    let client: LiveClient;
    let callId: string;
    let made: Made;

    beforeEach(async () => {
      callId = `call-${(calls += 1)}`;
      client = transport.connect(gateway.url);
      made = await invite(gateway, { callId });
    });
    afterEach(async () => {
      await client.close();
      await gateway.emulator.clearFaults();
      await waitFor('all watches to end', () => gateway.watchCount() === 0);
    });

    const watch = (id: string, after?: number | null) =>
      client.ask({ query: WATCH, variables: { callId, id, ...(after === undefined ? {} : { after }) } });
    const end = (id: string) => gateway.emulator.endOperation(id, 'completed');
    /** @returns the revisions of a stream that completed. */
    async function revisionsTo(stream: Stream): Promise<number[]> {
      expect(await stream.ended).toBe('complete');
      return revisionsOf(stream.answers);
    }

    it('gives the current state, then every later revision in order, then the final one, and completes', async () => {
      const stream = watch(made.tracking.id);
      await stream.received(1);
      await revise(gateway, made.id, 5);
      await stream.received(6);
      await end(made.id);
      expect(await revisionsTo(stream)).toEqual(span(2, 8));
      const states = toldOf(stream.answers);
      expect(states.map(({ status }) => status)).toEqual([...Array<string>(6).fill('running'), 'completed']);
      expect(states.map(({ tracking }) => tracking.state)).toEqual([...Array<string>(6).fill('active'), 'settled']);
    });

    it('tells of a failed operation as data', async () => {
      const stream = watch(made.id);
      await stream.received(1);
      await gateway.emulator.endOperation(made.id, 'failed', { code: 404, message: 'nobody there' });
      expect(await stream.ended).toBe('complete');
      expect(stream.answers.at(-1)).toMatchObject({
        data: { told: { status: 'failed', resultInfo: { message: 'nobody there' } } },
      });
      for (const answer of stream.answers) expect(answer).not.toHaveProperty('errors');
    });

    it('accepts either id', async () => {
      const streams = [made.id, made.tracking.id].map((either) => watch(either));
      for (const stream of streams) await stream.received(1);
      await end(made.id);
      for (const stream of streams) expect(await revisionsTo(stream)).toEqual([2, 3]);
    });

    it('gives with afterRevision what was missed, then goes on', async () => {
      const first = watch(made.tracking.id);
      await first.received(1);
      await revise(gateway, made.id, 2);
      await first.received(3);
      const streams = [0, 1, 3, null, 4].map((after) => watch(made.tracking.id, after));
      for (const stream of streams.slice(0, 4)) await stream.received(1);
      await revise(gateway, made.id, 1);
      await first.received(4);
      await end(made.id);
      const expected = [span(1, 6), span(2, 6), span(4, 6), span(4, 6), span(5, 6)];
      for (const [index, stream] of streams.entries()) expect(await revisionsTo(stream)).toEqual(expected[index]);
    });

    it('gives of a finished record at least the final state, and completes', async () => {
      const first = watch(made.tracking.id);
      await end(made.id);
      await first.ended;
      for (const [after, expected] of [
        [undefined, [3]],
        [null, [3]],
        [0, [1, 2, 3]],
        [1, [2, 3]],
        [3, [3]],
        [99, [3]],
      ] as const)
        expect([after, await revisionsTo(watch(made.tracking.id, after))]).toEqual([after, expected]);
    });

    it('ends even for a client that claims to have seen more than there is', async () => {
      const stream = watch(made.tracking.id, 99);
      const isWatched = async () =>
        (await gateway.run('select watched_until from record where id = $1', [made.tracking.id]))[0]?.['watched_until'];
      await waitFor('the record to be watched', isWatched);
      await end(made.id);
      expect(await revisionsTo(stream)).toEqual([3]);
    });

    it('loses and repeats nothing when it is cut and begun again with afterRevision, however often', async () => {
      await revise(gateway, made.id, 20);
      const seen: number[] = [];
      while (seen.length < 15) {
        const other = transport.connect(gateway.url);
        const stream = other.ask({
          query: WATCH,
          variables: { callId, id: made.tracking.id, after: seen.at(-1) ?? 0 },
        });
        await stream.received(2);
        await other.close();
        seen.push(...revisionsOf(stream.answers));
      }
      const last = watch(made.tracking.id, seen.at(-1));
      await waitFor('all states to be told', () => [...seen, ...revisionsOf(last.answers)].at(-1) === 22);
      await end(made.id);
      expect([...seen, ...(await revisionsTo(last))]).toEqual(span(1, 23));
    });

    it('follows all of a call: the current ones first, then changes, new ones too, without an end', async () => {
      const second = await invite(gateway, { callId });
      await invite(gateway, { callId: `${callId}-other` });
      const stream = client.ask({ query: WATCH_CALL, variables: { callId } });
      await stream.received(2);
      const third = await invite(gateway, { callId });
      await stream.received(4);
      for (const { id } of [made, second, third]) await end(id);
      await stream.received(7);
      const told = toldOf(stream.answers);
      expect(told.slice(0, 2).map(({ id }) => id)).toEqual([made.id, second.id]);
      const revisions = (of: Made) =>
        told.filter(({ tracking }) => tracking.id === of.tracking.id).map(({ tracking }) => tracking.revision);
      expect([made, second, third].map(revisions)).toEqual([
        [2, 3],
        [2, 3],
        [1, 2, 3],
      ]);
      expect(await Promise.race([stream.ended, watch(made.id).ended])).toBe('complete');
      expect(gateway.watchCount()).toBe(1);
      stream.leave();
    });

    it('follows a bulk until all are sent, with counts', async () => {
      const { bulkId } = dataOf(await gateway.query(BULK, { inputs: guests(25) }), 'createInvitations');
      const stream = client.ask({ query: WATCH_BULK, variables: { bulkId } });
      expect(await stream.ended).toBe('complete');
      const told = toldOf(stream.answers);
      const newest = new Map<string, number>();
      for (const { invitation, counts } of told) {
        const { id, revision } = invitation.tracking as Made['tracking'];
        expect(revision).toBeGreaterThan(newest.get(id) ?? 0);
        newest.set(id, revision);
        expect([counts.total, counts.submitting + counts.active]).toEqual([25, 25]);
      }
      expect(newest.size).toBe(25);
      expect(told.at(-1)?.['counts']).toEqual({ total: 25, submitting: 0, active: 25 });
    });

    it('refuses an id that there is not, in this call or at all, and a revision before the first', async () => {
      const elsewhere = await invite(gateway, { callId: `${callId}-other` });
      const refusals = [watch('nobody'), watch(elsewhere.id), watch('nobody', -1), watch(made.id, -1)];
      for (const stream of refusals) expect(await stream.ended).toBe('complete');
      const [absent, foreign, ...negative] = refusals.map(({ answers }) => answers);
      expect(absent).toMatchObject([{ errors: [{ path: ['told'], extensions: { code: 'NOT_FOUND' } }] }]);
      expect(foreign).toEqual(absent);
      const extensions = { code: 'BAD_USER_INPUT', field: 'afterRevision' };
      for (const answers of negative) expect(answers).toMatchObject([{ errors: [{ path: ['told'], extensions }] }]);
    });

    it('gives documents that do not fit a code and a position, and goes on with the others', async () => {
      const beside = watch(made.id);
      const byDefault = 'subscription ($id: ID = "x") { invitationUpdated(id: $id) { id } }';
      const cases: [string, Json, Json][] = [
        ['subscription {', {}, { code: 'GRAPHQL_PARSE_FAILED' }],
        ['subscription { nothing }', {}, { code: 'GRAPHQL_VALIDATION_FAILED' }],
        [WATCH, { callId }, { code: 'BAD_USER_INPUT', field: 'id' }],
        [byDefault, { id: null }, { code: 'BAD_USER_INPUT', field: 'id' }],
        [WATCH, { callId, id: 'x', after: 'y' }, { code: 'BAD_USER_INPUT', field: 'after' }],
        ['query A { __typename } query B { __typename }', {}, { code: 'BAD_REQUEST' }],
      ];
      for (const [query, variables, extensions] of cases) {
        const stream = client.ask({ query, variables });
        expect(await stream.ended).toBe('complete');
        expect(stream.answers).toMatchObject([{ errors: [{ message: expect.any(String), extensions }] }]);
      }
      await end(made.id);
      expect(await revisionsTo(beside)).toEqual([2, 3]);
    });

    it('carries queries and mutations too, several at once', async () => {
      const query = `mutation ($callId: ID!) { told: inviteParticipants(callId: $callId, input: { participants: [{ identity: { user: { id: "u" } } }] }) { id } }`;
      const streams = [
        client.ask({ query, variables: { callId } }),
        client.ask({ query: '{ told: gateway { mode } }' }),
        client.ask({ query: '{ told: nothing }' }),
      ];
      for (const stream of streams) expect(await stream.ended).toBe('complete');
      expect(streams.map(({ answers }) => answers)).toMatchObject([
        [{ data: { told: { id: expect.any(String) } } }],
        [{ data: { told: { mode: 'emulator' } } }],
        [{ errors: [{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }] }],
      ]);
    });

    it('is never mixed up with another of the same document: by variables, conditions, or name', async () => {
      const second = await invite(gateway, { callId });
      const query = `subscription A($id: ID!, $more: Boolean!, $callId: ID!) { told: inviteParticipantsOperationUpdated(callId: $callId, id: $id) { id tracking { revision } status @include(if: $more) } }
        subscription B($id: ID!, $more: Boolean!, $callId: ID!) { told: inviteParticipantsOperationUpdated(callId: $callId, id: $id) { name: id tracking { revision } participants @skip(if: $more) { hidden } } }`;
      const asked = [made, second].flatMap(({ id }) =>
        [true, false].flatMap((more) => ['A', 'B'].map((operationName) => ({ id, more, operationName }))),
      );
      const streams = asked.map(({ id, more, operationName }) =>
        client.ask({ query, operationName, variables: { id, more, callId } }),
      );
      for (const stream of streams) await stream.received(1);
      await revise(gateway, made.id, 2);
      for (const stream of streams.slice(0, 4)) await stream.received(3);
      for (const { id } of [second, made]) await end(id);
      for (const [index, { id, more, operationName }] of asked.entries()) {
        const stream = streams[index] as Stream;
        expect(await revisionsTo(stream)).toEqual(span(2, id === made.id ? 5 : 3));
        const members = {
          A: ['id', 'tracking', ...(more ? ['status'] : [])],
          B: ['name', 'tracking', ...(more ? [] : ['participants'])],
        }[operationName];
        for (const told of toldOf(stream.answers)) {
          expect(Object.keys(told)).toEqual(members);
          expect(told['id'] ?? told['name']).toBe(id);
        }
      }
    });

    it('gives texts as they are, long ones too', async () => {
      const text = 'Grüße 👋🏽 \u2028\u2029\u0001 "\\ data: x\n\nevent: complete\r\n: '.repeat(10_000);
      const stream = watch(made.id);
      await stream.received(1);
      await revise(gateway, made.id, 1, text);
      const { resultInfo } = toldOf(await stream.received(2))[1] as Json;
      expect(resultInfo.message.slice(36) === text).toBe(true);
      const read = `query ($callId: ID!, $id: ID!) { told: inviteParticipantsOperation(callId: $callId, id: $id) { resultInfo { message } } }`;
      const overHttp = dataOf(await gateway.query(read, { callId, id: made.id }), 'told');
      expect(resultInfo.message === overHttp['resultInfo'].message).toBe(true);
      stream.leave();
    });

    it('leaves no watch behind, whether the client leaves it or goes away', async () => {
      const [left, gone] = [watch(made.id), watch(made.id)];
      const call = client.ask({ query: WATCH_CALL, variables: { callId } });
      for (const stream of [left, gone, call]) await stream.received(1);
      left.leave();
      call.leave();
      await revise(gateway, made.id, 1);
      await gone.received(2);
      await client.close();
      await waitFor('no watch', () => gateway.watchCount() === 0);
      expect(left.answers).toHaveLength(1);
    });

    it('is refused when its request is larger than 1 MiB', async () => {
      const stream = client.ask({ query: WATCH, variables: { callId, id: 'x'.repeat(1024 * 1024) } });
      expect([await stream.ended, stream.answers]).toEqual([transport.ends.tooLarge, []]);
    });
  });
});
