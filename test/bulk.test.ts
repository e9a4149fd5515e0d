import { describe, expect, it } from '@jest/globals';
import { useGateway, waitFor, type Answer, type Json } from './support/gateway.ts';
import { engines } from './support/stores.ts';

const CREATE = `mutation ($inputs: [CreateInvitationInput!]!) {
  createInvitations(inputs: $inputs) {
    bulkId
    results {
      invitation { id invitedUserEmailAddress tracking { id state revision } }
      error { code message field }
    }
  }
}`;
const WATCH = `subscription ($bulkId: ID!) {
  invitationsUpdated(bulkId: $bulkId) {
    invitation { id status invitedUserEmailAddress tracking { id state reason revision refusal { code graph { statusCode } } } }
    counts { total submitting active settled unknown refused }
  }
}`;
const ONE = 'query ($id: ID!) { invitation(id: $id) { id status tracking { state reason attempts } } }';
const to = (name: string, members: Json = {}) => ({
  invitedUserEmailAddress: `${name}@fabrikam.example`,
  inviteRedirectUrl: 'https://app.example.com',
  ...members,
});
const many = (count: number) => Array.from({ length: count }, (_, index) => to(`guest${index}`));

describe.each(engines)('a bulk of invitations on $name', ({ open }) => {
  const use = useGateway(open);
  const create = async (inputs: Json[]) => (await use.gateway.query(CREATE, { inputs })).data?.['createInvitations'];
  const watch = (bulkId: string) => use.gateway.subscribe(WATCH, { bulkId });
  const idOf = (result: Json): string => result['invitation'].tracking.id;
  const posts = async () => (await use.gateway.emulator.counts()).byRoute['POST /invitations'] ?? 0;
  /** @returns the newest state of each invitation that a subscriber saw. */
  const lastStates = (answers: Answer[]) => {
    const states = new Map<string, Json>();
    for (const { data } of answers) {
      const { invitation } = data?.['invitationsUpdated'] ?? {};
      const before = states.get(invitation.tracking.id);
      expect(invitation.tracking.revision).toBeGreaterThan(before?.['tracking'].revision ?? 0);
      states.set(invitation.tracking.id, invitation);
    }
    return states;
  };

  it('is answered with records in order, sent in batches of 20, and pushed until all are sent', async () => {
    const { bulkId, results } = await create(many(45));
    expect(results.map(({ invitation }: Json) => invitation.invitedUserEmailAddress)).toEqual(
      many(45).map(({ invitedUserEmailAddress }) => invitedUserEmailAddress),
    );
    for (const { invitation, error } of results)
      expect([invitation.tracking, error]).toMatchObject([{ state: 'submitting', revision: 1 }, null]);
    const answers = await watch(bulkId).ended;
    const states = lastStates(answers);
    expect([...states.keys()].toSorted()).toEqual(results.map(idOf).toSorted());
    for (const { tracking, status } of states.values())
      expect([status, tracking.state]).toEqual(['PendingAcceptance', 'active']);
    expect(answers.at(-1)?.data?.['invitationsUpdated'].counts).toEqual({
      total: 45,
      submitting: 0,
      active: 45,
      settled: 0,
      unknown: 0,
      refused: 0,
    });
    expect(await posts()).toBe(45);
    const batches = (await use.gateway.emulator.requests()).filter(({ parts }) =>
      parts?.some(({ method }: Json) => method === 'POST'),
    );
    expect(batches.length).toBeLessThanOrEqual(4);
  });

  it('has an error in the place of each bad item, and records the others', async () => {
    const { bulkId, results } = await create([
      to('first'),
      to('second', { inviteRedirectUrl: 'http://insecure.example.com' }),
      to('+third'),
      to('FIRST'),
      to('fifth'),
    ]);
    expect(results.map(({ error }: Json) => error && [error.code, error.field])).toEqual([
      null,
      ['BAD_USER_INPUT', 'inputs[1].inviteRedirectUrl'],
      ['BAD_USER_INPUT', 'inputs[2].invitedUserEmailAddress'],
      ['BAD_USER_INPUT', 'inputs[3].invitedUserEmailAddress'],
      null,
    ]);
    expect(results.map(({ invitation }: Json) => invitation !== null)).toEqual([true, false, false, false, true]);
    await watch(bulkId).ended;
    expect(await posts()).toBe(2);
  });

  it('is refused as a whole when it is empty or too large, and has no id when no item is good', async () => {
    for (const inputs of [[], many(501)]) {
      const { errors } = await use.gateway.query(CREATE, { inputs });
      expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', field: 'inputs' } }]);
    }
    expect(await create([to('+bad')])).toMatchObject({ bulkId: null, results: [{ invitation: null }] });
    expect(await posts()).toBe(0);
  });

  it('gives the same records for the same keys, and refuses a key with another input', async () => {
    const inputs = [to('a', { idempotencyKey: 'a' }), to('b', { idempotencyKey: 'b' })];
    const first = await create(inputs);
    const second = await create([...inputs, to('c', { idempotencyKey: 'a' }), to('d')]);
    expect(second.results.slice(0, 2).map(idOf)).toEqual(first.results.map(idOf));
    expect(second.results[2]).toMatchObject({
      invitation: null,
      error: { code: 'IDEMPOTENCY_CONFLICT', field: 'inputs[2].idempotencyKey' },
    });
    const states = lastStates(await watch(second.bulkId).ended);
    expect(states.size).toBe(3);
    expect(await posts()).toBe(3);
  });

  it('goes on when some are refused, and says why', async () => {
    const { bulkId, results } = await create([to('good'), to('member', { invitedUserEmailAddress: 'x@x.example' })]);
    expect(results).toHaveLength(2);
    await use.gateway.emulator.fault({
      method: 'POST',
      path: '^/invitations$',
      times: 1,
      effect: { kind: 'status', status: 403 },
    });
    const refused = await create([to('refused'), to('taken')]);
    const answers = await watch(refused.bulkId).ended;
    expect(answers.at(-1)?.data?.['invitationsUpdated'].counts).toMatchObject({ total: 2, submitting: 0 });
    await watch(bulkId).ended;
    const all = [...lastStates(answers).values(), ...lastStates(await watch(bulkId).ended).values()];
    const [one, ...more] = all.filter(({ tracking }) => tracking.reason === 'refused');
    expect(one).toMatchObject({
      tracking: { state: 'settled', refusal: { code: 'FORBIDDEN', graph: { statusCode: 403 } } },
    });
    expect(more).toEqual([]);
  });

  it('sends again only what Graph throttled', async () => {
    await use.gateway.emulator.fault({
      method: 'POST',
      path: '^/invitations$',
      skip: 3,
      times: 4,
      effect: { kind: 'status', status: 429, retryAfter: '0.05' },
    });
    const { bulkId } = await create(many(10));
    const states = lastStates(await watch(bulkId).ended);
    for (const { tracking } of states.values()) expect(tracking.state).toBe('active');
    expect(await posts()).toBe(14);
    expect(await use.gateway.emulator.invitations()).toHaveLength(10);
  });

  it.each([
    ['the line is cut', { kind: 'cut', when: 'after' }],
    ['a part is missing in the answer', { kind: 'dropPart' }],
    ['Graph fails after the work', { kind: 'errorAfter', status: 500 }],
  ])('never sends again what may have been done when %s, and finds the guest', async (_, effect) => {
    await use.gateway.emulator.fault({ method: 'POST', path: '^/invitations$', times: 1, effect });
    const { bulkId, results } = await create(many(3));
    await watch(bulkId).ended;
    for (const result of results)
      await waitFor('the guest to be found', async () => {
        const { data } = await use.gateway.query(ONE, { id: idOf(result) });
        return data?.['invitation'].tracking.state === 'active';
      });
    expect(await use.gateway.emulator.invitations()).toHaveLength(3);
    expect(await posts()).toBe(3);
  });

  it('refuses nobody when Graph refuses the batch as a whole, and sends it later', async () => {
    await use.gateway.emulator.fault({
      method: 'POST',
      path: '^/\\$batch$',
      times: 2,
      effect: { kind: 'status', status: 401 },
    });
    const { bulkId } = await create(many(3));
    for (const { tracking } of lastStates(await watch(bulkId).ended).values()) expect(tracking.state).toBe('active');
    expect(await posts()).toBe(3);
  });

  it('takes a doubled part once', async () => {
    await use.gateway.emulator.fault({
      method: 'POST',
      path: '^/invitations$',
      times: 1,
      effect: { kind: 'doublePart' },
    });
    const { bulkId } = await create(many(2));
    for (const { tracking } of lastStates(await watch(bulkId).ended).values()) expect(tracking.state).toBe('active');
  });

  it('is nobody else’s, and an unknown one is not found', async () => {
    expect(await watch('none').ended).toMatchObject([{ errors: [{ extensions: { code: 'NOT_FOUND' } }] }]);
  });
});
