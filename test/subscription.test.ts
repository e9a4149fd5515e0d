import { describe, expect, it } from '@jest/globals';
import { connect, useGateway, waitFor, type Answer, type Json } from './support/gateway.ts';
import { engines } from './support/stores.ts';

const INVITE = `mutation ($callId: ID!) { inviteParticipants(callId: $callId, input: { participants: [{ identity: { user: { id: "u1" } } }] }) { id tracking { id } } }`;
const WATCH = `subscription ($callId: ID!, $id: ID!, $after: Int) { inviteParticipantsOperationUpdated(callId: $callId, id: $id, afterRevision: $after) { status tracking { id state revision } } }`;
const WATCH_CALL = `subscription ($callId: ID!) { inviteParticipantsOperationsUpdated(callId: $callId) { id status tracking { id state revision } } }`;
const callId = 'call-1';

describe.each(engines)('a subscription on $name', ({ open }) => {
  const used = useGateway(open);

  const invite = async (call = callId) =>
    (await used.gateway.query(INVITE, { callId: call })).data?.['inviteParticipants'] as Json;
  const revisionsOf = (answers: readonly Answer[]) =>
    answers.map(({ data }) => data?.['inviteParticipantsOperationUpdated']?.tracking.revision as number);
  const watch = (id: string, after?: number) =>
    used.gateway.subscribe(WATCH, { callId, id, ...(after === undefined ? {} : { after }) });
  /** Makes Graph show another status at the next read, and waits until a subscriber was told. */
  async function change(id: string, status: string, watching: { answers: Answer[] }) {
    const before = watching.answers.length;
    await used.gateway.emulator.clearFaults();
    await used.gateway.emulator.fault({ path: `/operations/${id}$`, effect: { kind: 'merge', body: { status } } });
    await waitFor(`the status ${status}`, () => watching.answers.length > before);
  }

  it('gives the current state, then every later revision in order, then the final one, and completes', async () => {
    const { id, tracking } = await invite();
    const watching = watch(tracking.id);
    await watching.received(1);
    for (const status of ['notStarted', 'running', 'Somewhere', 'running']) await change(id, status, watching);
    await used.gateway.emulator.clearFaults();
    await used.gateway.emulator.endOperation(id, 'completed');
    const answers = await watching.ended;
    expect(revisionsOf(answers)).toEqual([2, 3, 4, 5, 6, 7]);
    expect(answers.map(({ data }) => data?.['inviteParticipantsOperationUpdated'].status)).toEqual([
      'running',
      'notStarted',
      'running',
      'unknownFutureValue',
      'running',
      'completed',
    ]);
  });

  it('accepts either id and tells many subscribers the same', async () => {
    const { id, tracking } = await invite();
    const all = [id, tracking.id, id, tracking.id].map((either) => watch(either));
    for (const each of all) await each.received(1);
    await used.gateway.emulator.endOperation(id, 'failed');
    for (const each of all) expect(revisionsOf(await each.ended)).toEqual([2, 3]);
  });

  it('replays the revisions after the one that was seen last, then goes on', async () => {
    const { id, tracking } = await invite();
    const first = watch(tracking.id);
    await first.received(1);
    await change(id, 'notStarted', first);
    first.cancel();
    const second = watch(tracking.id, 2);
    await second.received(1);
    expect(revisionsOf(second.answers)).toEqual([3]);
    const caughtUp = watch(tracking.id, 3);
    await change(id, 'running', second);
    await used.gateway.emulator.clearFaults();
    await used.gateway.emulator.endOperation(id, 'completed');
    expect(revisionsOf(await second.ended)).toEqual([3, 4, 5]);
    expect(revisionsOf(await caughtUp.ended)).toEqual([4, 5]);
    expect(revisionsOf(await watch(tracking.id, 0).ended)).toEqual([1, 2, 3, 4, 5]);
  });

  it('of a finished record gives at least the final state, and completes', async () => {
    const { id, tracking } = await invite();
    await used.gateway.emulator.endOperation(id, 'completed');
    await watch(tracking.id).ended;
    expect(revisionsOf(await watch(tracking.id).ended)).toEqual([3]);
    expect(revisionsOf(await watch(tracking.id, 3).ended)).toEqual([3]);
    expect(revisionsOf(await watch(tracking.id, 99).ended)).toEqual([3]);
    expect(revisionsOf(await watch(tracking.id, 1).ended)).toEqual([2, 3]);
  });

  it('ends even for a client that claims to have seen more than there is', async () => {
    const { id, tracking } = await invite();
    const watching = watch(tracking.id, 99);
    await waitFor(
      'the record to be watched',
      async () => (await used.gateway.run('select watched_until from record', []))[0]?.['watched_until'],
    );
    await used.gateway.emulator.endOperation(id, 'completed');
    expect(revisionsOf(await watching.ended)).toEqual([3]);
  });

  it('follows all of a call: the current ones first, then changes, new ones too, without an end', async () => {
    const first = await invite();
    const second = await invite();
    await invite('call-2');
    const watching = used.gateway.subscribe(WATCH_CALL, { callId });
    await watching.received(2);
    const third = await invite();
    await watching.received(4);
    for (const { id } of [first, second, third]) await used.gateway.emulator.endOperation(id, 'completed');
    await watching.received(7);
    const seen = watching.answers.map(({ data }) => data?.['inviteParticipantsOperationsUpdated'] as Json);
    expect(seen.slice(0, 2).map(({ id }) => id)).toEqual([first['id'], second['id']]);
    for (const made of [first, second, third]) {
      const revisions = seen
        .filter(({ tracking }) => tracking.id === made['tracking'].id)
        .map(({ tracking }) => tracking.revision);
      expect(revisions).toEqual(made === third ? [1, 2, 3] : [2, 3]);
    }
    watching.cancel();
  });

  it('refuses an id that there is not, and a revision before the first', async () => {
    for (const [variables, extensions] of [
      [{ callId, id: 'nobody' }, { code: 'NOT_FOUND' }],
      [
        { callId, id: 'nobody', after: -1 },
        { code: 'BAD_USER_INPUT', field: 'afterRevision' },
      ],
    ]) {
      const answers = await used.gateway.subscribe(WATCH, variables).ended;
      expect(answers).toMatchObject([{ errors: [{ path: ['inviteParticipantsOperationUpdated'], extensions }] }]);
    }
  });

  it('gives documents that do not fit a code and a position, as over HTTP', async () => {
    const refusal = async (document: string, variables: Json = {}) => {
      try {
        return (await used.gateway.subscribe(document, variables).ended)[0]?.errors?.[0];
      } catch (errors) {
        return (errors as { extensions: Json }[])[0];
      }
    };
    expect(await refusal('subscription {')).toMatchObject({ extensions: { code: 'GRAPHQL_PARSE_FAILED' } });
    expect(await refusal('subscription { nothing }')).toMatchObject({
      extensions: { code: 'GRAPHQL_VALIDATION_FAILED' },
    });
    expect(await refusal(WATCH, { callId })).toMatchObject({ extensions: { code: 'BAD_USER_INPUT' } });
    expect(
      await refusal('subscription ($id: ID = "x") { invitationUpdated(id: $id) { id } }', { id: null }),
    ).toMatchObject({ extensions: { code: 'BAD_USER_INPUT', field: 'id' } });
    expect(await refusal(WATCH, { callId, id: 'x', after: 'y' })).toMatchObject({
      extensions: { code: 'BAD_USER_INPUT', field: 'after' },
    });
  });

  it('leaves no watch behind when a client cancels or goes away', async () => {
    const { tracking } = await invite();
    const cancelled = watch(tracking.id);
    await cancelled.received(1);
    cancelled.cancel();
    const client = connect(used.gateway.url);
    const gone = new Promise((resolve) =>
      client.subscribe(
        { query: WATCH_CALL, variables: { callId } },
        { next: resolve, error: resolve, complete: () => {} },
      ),
    );
    await gone;
    await client.dispose();
    await waitFor('no watch', () => used.gateway.watchCount() === 0);
  });

  it('carries queries and mutations too', async () => {
    const answers = await used.gateway.subscribe(INVITE, { callId }).ended;
    expect(answers).toMatchObject([{ data: { inviteParticipants: { id: expect.any(String) } } }]);
  });
});
