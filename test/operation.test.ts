import { describe, expect, it } from '@jest/globals';
import { useGateway, waitFor, type Json } from './support/gateway.ts';
import { engines } from './support/stores.ts';

const INVITE = `mutation ($callId: ID!, $input: InviteParticipantsInput!) { inviteParticipants(callId: $callId, input: $input) { ...All } }
  fragment All on InviteParticipantsOperation {
    id clientContext status createdDateTime lastActionDateTime resultInfo { code subcode message }
    participants { hidden participantId replacesCallId removeFromDefaultAudioRoutingGroup endpointType identity { user { id displayName tenantId } phone { id } guest { id email } application { id } } }
    tracking { id callId state reason revision attempts lastError { code } history { revision source changed state } }
  }`;
const READ = `query ($callId: ID!, $id: ID!) { inviteParticipantsOperation(callId: $callId, id: $id) { id status resultInfo { code } tracking { id state reason revision attempts lastError { code } } } }`;
const WATCH = `subscription ($callId: ID!, $id: ID!) { inviteParticipantsOperationUpdated(callId: $callId, id: $id) { status resultInfo { code message } tracking { state reason revision } } }`;
const LIST = `query ($filter: InviteParticipantsOperationFilter) { inviteParticipantsOperations(filter: $filter) { nodes { id tracking { callId } } } }`;
const callId = 'call-1';
const user = { identity: { user: { id: 'u1', displayName: 'Adele' } } };

describe.each(engines)('an invitation of participants on $name', ({ open }) => {
  const used = useGateway(open);

  const attempt = (input: Json, call = callId) => used.gateway.query(INVITE, { callId: call, input });
  const invite = async (input: Json = { participants: [user] }, call = callId): Promise<Json> => {
    const answer = await attempt(input, call);
    if (!answer.data) throw new Error(JSON.stringify(answer));
    return answer.data['inviteParticipants'] as Json;
  };
  const read = async (id: string, call = callId) =>
    (await used.gateway.query(READ, { callId: call, id })).data?.['inviteParticipantsOperation'] as Json;
  const watch = (id: string) => used.gateway.subscribe(WATCH, { callId, id });
  const states = (answers: { data?: Json | null }[]) =>
    answers.map(({ data }) => data?.['inviteParticipantsOperationUpdated']);

  it('is answered as Graph answers, with what the gateway tracks beside it', async () => {
    const operation = await invite({
      participants: [
        user,
        { identity: { phone: { id: '+12065550100' } } },
        { identity: { guest: { id: 'g', email: 'g@example.com' } }, hidden: true },
      ],
    });
    expect(operation).toMatchObject({
      id: expect.any(String),
      clientContext: expect.stringMatching(/^[0-9a-f-]{36}$/),
      status: 'running',
      resultInfo: null,
      createdDateTime: null,
      lastActionDateTime: null,
      participants: [
        { identity: { user: { id: 'u1', displayName: 'Adele' }, phone: null, application: null }, endpointType: null },
        { identity: { user: null, phone: { id: '+12065550100' } } },
        { identity: { guest: { id: 'g', email: 'g@example.com' } }, hidden: true },
      ],
      tracking: { callId, state: 'active', revision: 2, reason: null },
    });
  });

  it('names the set that knows the kind of identity', async () => {
    await invite({ participants: [{ identity: { azureCommunicationServicesUser: { id: '8:acs:x' } } }] });
    const [request] = await used.gateway.emulator.requests();
    expect(request?.['body'].participants[0].identity['@odata.type']).toBe(
      '#microsoft.graph.communicationsIdentitySet',
    );
  });

  it('sends the type on all three levels and only the members that were given', async () => {
    await invite({ participants: [{ ...user, replacesCallId: 'call-0', participantId: 'p' }], clientContext: 'mine' });
    const [request] = await used.gateway.emulator.requests();
    expect(request).toMatchObject({ method: 'POST', path: `/v1.0/communications/calls/${callId}/participants/invite` });
    expect(request?.['body']).toEqual({
      participants: [
        {
          '@odata.type': '#microsoft.graph.invitationParticipantInfo',
          replacesCallId: 'call-0',
          participantId: 'p',
          identity: {
            '@odata.type': '#microsoft.graph.identitySet',
            user: { '@odata.type': '#microsoft.graph.communicationsUserIdentity', id: 'u1', displayName: 'Adele' },
          },
        },
      ],
      clientContext: 'mine',
    });
  });

  it('is read by either id within its call only', async () => {
    const { id, tracking } = await invite();
    expect((await read(id))['tracking'].id).toBe(tracking.id);
    expect((await read(tracking.id))['id']).toBe(id);
    expect(await read(id, 'call-2')).toBeNull();
    await invite({ participants: [user] }, 'call-2');
    const list = async (filter: Json) =>
      (await used.gateway.query(LIST, { filter })).data?.['inviteParticipantsOperations'].nodes as Json[];
    expect(await list({})).toHaveLength(2);
    expect(await list({ callId })).toMatchObject([{ id, tracking: { callId } }]);
    expect(await list({ callId: '' })).toEqual([]);
  });

  it.each(['completed', 'failed'] as const)('is pushed until it is %s, then the stream ends', async (status) => {
    const { id, tracking } = await invite();
    const watching = watch(tracking.id);
    await watching.received(1);
    await used.gateway.emulator.endOperation(id, status, {
      code: status === 'failed' ? 408 : 200,
      subcode: 0,
      message: 'the end',
    });
    expect(states(await watching.ended)).toMatchObject([
      { status: 'running', resultInfo: null, tracking: { state: 'active', revision: 2 } },
      {
        status,
        resultInfo: { code: status === 'failed' ? 408 : 200, message: 'the end' },
        tracking: { state: 'settled', revision: 3 },
      },
    ]);
  });

  it('understands the older answer that wraps the operation', async () => {
    await used.gateway.emulator.fault({ path: '/participants/invite$', times: 1, effect: { kind: 'wrap' } });
    const { id, status } = await invite();
    expect([id, status]).toEqual([expect.any(String), 'running']);
  });

  it.each([
    ['unknown when Graph forgets it before the end was seen', true, { state: 'unknown', reason: 'goneFromGraph' }],
    [
      'settled when Graph forgets it, but all who were invited are in the call',
      false,
      { state: 'settled', reason: 'joined' },
    ],
  ])('is %s', async (_, hidden, end) => {
    const { id, tracking } = await invite({ participants: [hidden ? { ...user, hidden } : user] });
    await used.gateway.emulator.fault({ path: '/operations/', effect: { kind: 'vanish' } });
    const watching = watch(tracking.id);
    await watching.received(1);
    await used.gateway.emulator.endOperation(id, 'completed');
    expect(states(await watching.ended).at(-1)).toMatchObject({
      status: 'running',
      tracking: { ...end, revision: 3 },
    });
  });

  it('is unknown when its deadline passes', async () => {
    const { tracking } = await invite();
    await used.gateway.run(`update record set deadline_at = deadline_at - 300000 where id = '${tracking.id}'`, []);
    expect(states(await watch(tracking.id).ended).at(-1)).toMatchObject({
      status: 'running',
      tracking: { state: 'unknown', reason: 'deadlineExceeded' },
    });
  });

  it.each([
    ['503 with HTML', { path: '^/\\$batch$', effect: { kind: 'html', status: 503 } }, 'UPSTREAM_UNAVAILABLE'],
    ['a cut connection', { path: '^/\\$batch$', effect: { kind: 'cut', when: 'before' } }, 'UPSTREAM_UNAVAILABLE'],
    ['a part missing from the batch', { path: '/operations/', effect: { kind: 'dropPart' } }, 'UPSTREAM_UNAVAILABLE'],
    [
      'a throttled part',
      { path: '/operations/', effect: { kind: 'status', status: 429, retryAfter: '0.05' } },
      'THROTTLED',
    ],
    [
      'a refused part',
      { path: '/operations/', effect: { kind: 'status', status: 403, code: 'Forbidden' } },
      'FORBIDDEN',
    ],
    [
      'a batch that is no batch',
      {
        path: '^/\\$batch$',
        effect: { kind: 'body', status: 200, contentType: 'application/json', text: '{"responses":{"1":[null]}}' },
      },
      'UPSTREAM_UNAVAILABLE',
    ],
  ])('keeps its status through %s, and goes on after it', async (_, fault, code) => {
    const { id, tracking } = await invite();
    const watching = watch(tracking.id);
    await used.gateway.emulator.fault(fault);
    await waitFor('failed reads', async () => (await read(tracking.id))['tracking'].attempts >= 2);
    expect(await read(tracking.id)).toMatchObject({
      status: 'running',
      tracking: { state: 'active', revision: 2, lastError: { code } },
    });
    await used.gateway.emulator.clearFaults();
    await used.gateway.emulator.endOperation(id, 'completed');
    expect(states(await watching.ended).map((state) => [state.status, state.tracking.revision])).toEqual([
      ['running', 2],
      ['completed', 3],
    ]);
  });

  it('takes a status word that it does not know for running', async () => {
    const { id, tracking } = await invite();
    const watching = watch(tracking.id);
    await used.gateway.emulator.fault({
      path: '/operations/',
      effect: { kind: 'merge', body: { status: 'Reticulating' } },
    });
    await watching.received(2);
    expect(await read(tracking.id)).toMatchObject({ status: 'unknownFutureValue', tracking: { state: 'active' } });
    await used.gateway.emulator.clearFaults();
    await used.gateway.emulator.endOperation(id, 'completed');
    expect(states(await watching.ended).at(-1)).toMatchObject({ status: 'completed', tracking: { state: 'settled' } });
  });

  it('reads 45 operations in three batches, and one failed part does not touch the others', async () => {
    const made = await Promise.all(Array.from({ length: 45 }, () => invite()));
    await used.gateway.emulator.fault({
      path: `/operations/${made[7]?.['id']}$`,
      effect: { kind: 'status', status: 500 },
    });
    for (const { id } of made) await used.gateway.emulator.endOperation(id, 'completed');
    await used.gateway.emulator.clearRequests();
    await used.gateway.run('update record set due_at = due_at - 60000 where lease_token is null', []);
    const nodes = async () =>
      (
        await used.gateway.query(
          '{ inviteParticipantsOperations(first: 100) { nodes { id tracking { state attempts } } } }',
        )
      ).data?.['inviteParticipantsOperations'].nodes as Json[];
    await waitFor(
      'the others to settle',
      async () => (await nodes()).filter(({ tracking }) => tracking.state === 'settled').length === 44,
    );
    expect((await nodes()).filter(({ tracking }) => tracking.state === 'active')).toMatchObject([
      { id: made[7]?.['id'] },
    ]);
  });

  it.each([
    ['cut after Graph did it', { kind: 'cut', when: 'after' }],
    ['500', { kind: 'errorAfter', status: 500 }],
    ['an answer without an operation', { kind: 'body', status: 200, contentType: 'application/json', text: '{}' }],
  ])('says OUTCOME_UNKNOWN and never sends again: %s', async (_, effect) => {
    await used.gateway.emulator.fault({ path: '/participants/invite$', times: 1, effect });
    const error = (await attempt({ participants: [user], idempotencyKey: 'key' })).errors?.[0];
    expect(error).toMatchObject({ extensions: { code: 'OUTCOME_UNKNOWN', recordId: expect.any(String) } });
    expect(await read(error?.extensions?.['recordId'] as string)).toMatchObject({
      id: null,
      status: null,
      tracking: { state: 'unknown', reason: 'ambiguous' },
    });
    expect(await attempt({ participants: [user], idempotencyKey: 'key' })).toMatchObject({
      data: { inviteParticipants: { tracking: { id: error?.extensions?.['recordId'] } } },
    });
    expect((await used.gateway.emulator.requests()).filter(({ path }) => path.endsWith('/invite'))).toHaveLength(1);
  });

  it('passes on what Graph refuses', async () => {
    await used.gateway.emulator.fault({ path: '/participants/invite$', times: 1, effect: { kind: 'unknownCall' } });
    expect((await attempt({ participants: [user] })).errors?.[0]).toMatchObject({
      path: ['inviteParticipants'],
      extensions: { code: 'NOT_FOUND', graph: { statusCode: 404, code: '8522' } },
    });
    await used.gateway.emulator.fault({
      path: '/participants/invite$',
      times: 1,
      effect: { kind: 'status', status: 401, code: 'InvalidAuthenticationToken' },
    });
    expect((await attempt({ participants: [user] })).errors?.[0]).toMatchObject({
      message: 'Internal server error',
      extensions: { code: 'INTERNAL_SERVER_ERROR', graph: { statusCode: 401, code: 'InvalidAuthenticationToken' } },
    });
    // Nobody but the operator can mend our own token.
    expect(used.gateway.errors.splice(0)).toHaveLength(1);
  });

  it.each([
    ['six participants', { participants: Array.from({ length: 6 }, () => user) }, 'input.participants'],
    [
      'two identities in one',
      { participants: [user, { identity: { user: { id: 'u1' }, phone: { id: '+12065550100' } } }] },
      'input.participants[1].identity',
    ],
    ['no identity', { participants: [{ identity: {} }] }, 'input.participants[0].identity'],
    [
      'a client context of 257 characters',
      { participants: [user], clientContext: 'c'.repeat(257) },
      'input.clientContext',
    ],
    [
      'several with replacesCallId',
      { participants: [{ ...user, replacesCallId: 'c' }, user] },
      'input.participants[0].replacesCallId',
    ],
  ])('is not sent and not stored for %s', async (_, input, field) => {
    const { errors } = await attempt(input);
    expect(errors?.[0]).toMatchObject({ extensions: { code: 'BAD_USER_INPUT', field } });
    expect((await used.gateway.emulator.counts()).http).toBe(0);
    expect(await used.gateway.run('select id from record', [])).toEqual([]);
  });
});
