import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isDeepStrictEqual } from 'node:util';
import { observeInvitation, type InvitationObservation } from '../src/tracking/observe-invitation.ts';
import { observeOperation, type OperationObservation } from '../src/tracking/observe-operation.ts';
import type { InvitationRecord, OperationRecord, TrackingRecord } from '../src/tracking/record.ts';
import { createdAt, newInvitation, newOperation } from './support/records.ts';

const after = (ms: number) => new Date(Number(createdAt) + ms);
const iso = (ms: number) => after(ms).toISOString();
const poll = (ms: number) => ({ at: after(ms), source: 'poll' as const });
const mutation = { at: after(500), source: 'mutation' as const };

/** Everything of a record that a client can see and that counts as a change. */
const visible = ({ graphId, payload, state, reason }: TrackingRecord) =>
  JSON.parse(JSON.stringify({ graphId, payload, state, reason }), (_, value: unknown) =>
    value === null ? undefined : value,
  ) as unknown;

const moment = fc.integer({ min: -5_000, max: 400_000 });
const code = fc.constantFrom('THROTTLED', 'UPSTREAM_UNAVAILABLE', 'NOT_FOUND' as const);
const common = (source: 'poll' | 'mutation') =>
  fc
    .oneof(
      fc.record({ kind: fc.constant('unanswered' as const) }),
      fc.record({ kind: fc.constant('missing' as const) }),
      fc.record({ kind: fc.constant('failed' as const), code }),
      fc.record({
        kind: fc.constant('refused' as const),
        reason: fc.constantFrom('refused' as const, 'notSent' as const),
        refusal: fc.constant({ code: 'BAD_USER_INPUT' as const, message: 'no', extensions: {} }),
      }),
    )
    .chain((observation) => moment.map((ms) => ({ ...observation, at: after(ms), source })));

const operationStatus = fc.constantFrom(
  'notStarted',
  'running',
  'completed',
  'failed',
  'unknownFutureValue',
  null,
  undefined,
);
const operationObservation = fc.oneof(
  common('poll'),
  fc.record({
    kind: fc.constant('seen' as const),
    id: fc.constantFrom('operation', null),
    operation: fc.record({
      status: operationStatus,
      resultInfo: fc.constantFrom(null, undefined, { code: 200, subcode: 0 }),
      clientContext: fc.constantFrom('context', null),
    }),
    at: moment.map(after),
    source: fc.constantFrom('poll' as const, 'webhook' as const, 'mutation' as const),
  }),
) as fc.Arbitrary<OperationObservation>;

const user = fc.record(
  {
    id: fc.constant('guest'),
    externalUserState: fc.constantFrom('PendingAcceptance', 'Accepted', null, 'unknownFutureValue'),
    externalUserStateChangeDateTime: fc.constantFrom(null, iso(-100_000), iso(2_000), 'rubbish'),
    createdDateTime: fc.constantFrom(null, iso(-100_000), iso(0), 'rubbish'),
  },
  { requiredKeys: ['id'] },
);
const invitationObservation = fc.oneof(
  common('poll'),
  fc.record({ kind: fc.constant('guest' as const), user, at: moment.map(after), source: fc.constant('poll' as const) }),
  fc.record({
    kind: fc.constant('found' as const),
    users: fc.array(user, { maxLength: 3 }),
    at: moment.map(after),
    source: fc.constant('poll' as const),
  }),
  fc.record({
    kind: fc.constant('answered' as const),
    id: fc.constantFrom('invitation', null),
    invitation: fc.record({
      status: fc.constantFrom('PendingAcceptance', 'Completed', 'InProgress', 'Error', null),
      invitedUser: fc.constantFrom(null, { id: 'guest' }),
    }),
    at: moment.map(after),
    source: fc.constant('mutation' as const),
  }),
) as fc.Arbitrary<InvitationObservation>;

function holdsForAll<Record extends TrackingRecord, Observation>(
  first: Record,
  observe: (record: Record, observation: Observation) => Record,
  observations: fc.Arbitrary<Observation>,
) {
  fc.assert(
    fc.property(fc.array(observations, { maxLength: 12 }), (sequence) => {
      let record = first;
      for (const observation of sequence) {
        const before = structuredClone(record);
        const next = observe(record, observation);
        expect(record).toEqual(before);
        const hasChanged = !isDeepStrictEqual(visible(before), visible(next));
        expect(next.revision).toBe(before.revision + (hasChanged ? 1 : 0));
        if (hasChanged) expect(next.changed.length).toBeGreaterThan(0);
        if (before.state === 'settled') expect(visible(next)).toEqual(visible(before));
        if (next.state === 'unknown') expect(next.reason).not.toBeNull();
        expect(observe(next, observation).state === 'submitting' && next.state !== 'submitting').toBe(false);
        record = next;
      }
    }),
    { numRuns: 500 },
  );
}

describe('any history of an operation', () => {
  it('raises the revision by one exactly when something visible changes, and never leaves a settled state', () => {
    holdsForAll<OperationRecord, OperationObservation>(newOperation(), observeOperation, operationObservation);
  });
});

describe('any history of an invitation', () => {
  it('raises the revision by one exactly when something visible changes, and never leaves a settled state', () => {
    holdsForAll<InvitationRecord, InvitationObservation>(newInvitation(), observeInvitation, invitationObservation);
    const reset = newInvitation();
    reset.request = { ...reset.request, resetRedemption: true, invitedUser: { id: 'guest' } };
    holdsForAll<InvitationRecord, InvitationObservation>(reset, observeInvitation, invitationObservation);
  });
});

describe('an operation', () => {
  const running = () =>
    observeOperation(newOperation(), { kind: 'seen', id: 'o1', operation: { status: 'running' }, ...mutation });
  const seen = (
    record: OperationRecord,
    status: 'completed' | 'failed' | 'running' | 'unknownFutureValue' | null,
    ms = 2_000,
  ) => observeOperation(record, { kind: 'seen', id: 'o1', operation: { status }, ...poll(ms) });

  it('is active once Graph has answered that it runs', () => {
    expect(running()).toMatchObject({
      state: 'active',
      graphId: 'o1',
      revision: 2,
      changed: ['id', 'status', 'tracking.state'],
    });
  });

  it('is settled by completed and by failed', () => {
    expect(seen(running(), 'completed')).toMatchObject({
      state: 'settled',
      payload: { status: 'completed' },
      revision: 3,
    });
    expect(seen(running(), 'failed')).toMatchObject({ state: 'settled', payload: { status: 'failed' } });
  });

  it('goes on while Graph says null or a word we do not know', () => {
    expect(seen(running(), null)).toMatchObject({ state: 'active', payload: { status: 'running' }, revision: 2 });
    expect(seen(running(), 'unknownFutureValue')).toMatchObject({
      state: 'active',
      payload: { status: 'unknownFutureValue' },
    });
  });

  it('keeps what was known when Graph answers with null', () => {
    const next = observeOperation(running(), {
      kind: 'seen',
      id: null,
      operation: { status: 'running', clientContext: null, participants: null },
      ...poll(2_000),
    });
    expect(next).toMatchObject({
      graphId: 'o1',
      revision: 2,
      payload: { clientContext: 'context', participants: [{}] },
    });
  });

  it('is not changed by a null where nothing was, at any depth', () => {
    const participants = (user: object) => [{ identity: { user: { id: 'u1', ...user } } }];
    const first = observeOperation(newOperation(), {
      kind: 'seen',
      id: 'o1',
      operation: { status: 'running', participants: participants({}) },
      ...mutation,
    });
    const again = (user: object) =>
      observeOperation(first, {
        kind: 'seen',
        id: 'o1',
        operation: { status: 'running', participants: participants(user) },
        ...poll(2_000),
      });
    expect(again({ displayName: null, tenantId: null }).revision).toBe(2);
    expect(again({ displayName: 'Adele' })).toMatchObject({ revision: 3, changed: ['participants'] });
  });

  it('is gone from Graph at the second 404 in a row, not at the first', () => {
    const once = observeOperation(running(), { kind: 'missing', ...poll(2_000) });
    expect(once).toMatchObject({ state: 'active', attempts: 1, revision: 2 });
    expect(observeOperation(once, { kind: 'missing', ...poll(4_000) })).toMatchObject({
      state: 'unknown',
      reason: 'goneFromGraph',
      revision: 3,
    });
    const back = seen(once, 'running');
    expect(observeOperation(back, { kind: 'missing', ...poll(6_000) })).toMatchObject({ state: 'active' });
  });

  it('keeps its status when a read fails, and becomes unknown at its deadline', () => {
    const failed = observeOperation(running(), { kind: 'failed', code: 'UPSTREAM_UNAVAILABLE', ...poll(2_000) });
    expect(failed).toMatchObject({
      state: 'active',
      revision: 2,
      payload: { status: 'running' },
      lastError: { code: 'UPSTREAM_UNAVAILABLE' },
    });
    const late = observeOperation(failed, { kind: 'failed', code: 'UPSTREAM_UNAVAILABLE', ...poll(300_000) });
    expect(late).toMatchObject({ state: 'unknown', reason: 'deadlineExceeded', revision: 3, attempts: 2 });
  });

  it('is settled by late evidence after it became unknown', () => {
    const lost = observeOperation(newOperation(), { kind: 'unanswered', ...mutation });
    expect(lost).toMatchObject({ state: 'unknown', reason: 'ambiguous' });
    expect(seen(lost, 'completed')).toMatchObject({ state: 'settled', reason: null, revision: 3 });
    expect(seen(lost, 'running')).toMatchObject({ state: 'active', graphId: 'o1' });
    const expired = observeOperation(running(), { kind: 'failed', code: 'THROTTLED', ...poll(300_000) });
    expect(seen(expired, 'running', 300_001)).toMatchObject({
      state: 'unknown',
      reason: 'deadlineExceeded',
      revision: 3,
    });
  });
});

describe('an invitation', () => {
  const answered = (record = newInvitation()) =>
    observeInvitation(record, {
      kind: 'answered',
      id: 'i1',
      invitation: {
        status: 'PendingAcceptance',
        invitedUser: { id: 'g1', userPrincipalName: 'guest_example.com#EXT#@contoso.com' },
      },
      ...mutation,
    });
  const read = (
    record: InvitationRecord,
    state: 'PendingAcceptance' | 'Accepted',
    created: number,
    changed: number,
    ms = 3_000,
  ) =>
    observeInvitation(record, {
      kind: 'guest',
      user: {
        id: 'g1',
        externalUserState: state,
        externalUserStateChangeDateTime: iso(changed),
        createdDateTime: iso(created),
      },
      ...poll(ms),
    });
  const resetRequest = { ...newInvitation().request, resetRedemption: true, invitedUser: { id: 'g1' } };

  it('is active while the guest has not accepted, and settled when the guest has', () => {
    const pending = read(answered(), 'PendingAcceptance', 0, 0);
    expect(pending).toMatchObject({
      state: 'active',
      revision: 3,
      changed: ['invitedUser.externalUserState', 'invitedUser.externalUserStateChangeDateTime'],
    });
    expect(read(pending, 'Accepted', 0, 2_000)).toMatchObject({
      state: 'settled',
      payload: { status: 'PendingAcceptance', invitedUser: { externalUserState: 'Accepted' } },
    });
  });

  it('is settled at once when Graph answers Completed or Error', () => {
    for (const status of ['Completed', 'Error'] as const) {
      expect(
        observeInvitation(newInvitation(), { kind: 'answered', id: 'i1', invitation: { status }, ...mutation }),
      ).toMatchObject({ state: 'settled' });
    }
  });

  it('takes an answer that is written down late, and keeps what was read of the guest meanwhile', () => {
    const found = observeInvitation(newInvitation(), {
      kind: 'found',
      users: [{ id: 'g1', externalUserState: 'PendingAcceptance', createdDateTime: iso(1_000) }],
      ...poll(3_000),
    });
    expect(answered(found)).toMatchObject({
      graphId: 'i1',
      payload: { status: 'PendingAcceptance', invitedUser: { id: 'g1', externalUserState: 'PendingAcceptance' } },
      changed: ['id', 'invitedUser.userPrincipalName', 'status'],
    });
    expect(answered(newInvitation({ state: 'unknown', reason: 'ambiguous' }))).toMatchObject({
      state: 'active',
      reason: null,
      graphId: 'i1',
    });
  });

  it('takes a creation time of whole seconds for new, for Graph cuts its times', () => {
    expect(read(answered(), 'Accepted', -700, -700)).toMatchObject({ state: 'settled' });
  });

  it('does not count an acceptance older than the request, of a reset or of a guest who was here before', () => {
    expect(read(answered(), 'Accepted', -100_000, -50_000)).toMatchObject({
      state: 'active',
      payload: { invitedUser: { externalUserState: 'Accepted' } },
    });
    expect(read(answered(), 'Accepted', -100_000, 2_000)).toMatchObject({ state: 'settled' });
    const reset = answered(newInvitation({ request: resetRequest }));
    expect(read(reset, 'Accepted', 0, -50_000)).toMatchObject({ state: 'active' });
    expect(read(reset, 'Accepted', -100_000, 2_000)).toMatchObject({ state: 'settled' });
  });

  it('waits for a fresh guest that is not readable yet, and is settled when a guest that was read is gone', () => {
    let fresh = answered();
    for (let ms = 1_000; ms < 6_000; ms += 1_000) fresh = observeInvitation(fresh, { kind: 'missing', ...poll(ms) });
    expect(fresh).toMatchObject({ state: 'active', attempts: 5, revision: 2 });
    const known = read(fresh, 'PendingAcceptance', 0, 0, 6_000);
    const once = observeInvitation(known, { kind: 'missing', ...poll(7_000) });
    expect(once).toMatchObject({ state: 'active' });
    expect(observeInvitation(once, { kind: 'missing', ...poll(8_000) })).toMatchObject({
      state: 'settled',
      reason: 'guestDeleted',
    });
  });

  it('takes a guest found by mail for evidence only when made after the record', () => {
    const found = (created: number, ms = 3_000) =>
      observeInvitation(newInvitation(), {
        kind: 'found',
        users: [{ id: 'g1', externalUserState: 'PendingAcceptance', createdDateTime: iso(created) }],
        ...poll(ms),
      });
    expect(found(1_000)).toMatchObject({ state: 'active', graphId: null, payload: { invitedUser: { id: 'g1' } } });
    expect(found(-100_000)).toMatchObject({ state: 'unknown', reason: 'ambiguous' });
    const none = observeInvitation(newInvitation(), { kind: 'found', users: [], ...poll(3_000) });
    expect(none).toMatchObject({ state: 'submitting', attempts: 1 });
    expect(observeInvitation(none, { kind: 'found', users: [], ...poll(180_000) })).toMatchObject({
      state: 'unknown',
      reason: 'ambiguous',
    });
  });

  it('is unknown when the answer to a reset is lost: no new guest can prove it', () => {
    expect(
      observeInvitation(newInvitation({ request: resetRequest }), { kind: 'unanswered', ...mutation }),
    ).toMatchObject({ state: 'unknown', reason: 'ambiguous' });
    expect(observeInvitation(newInvitation(), { kind: 'unanswered', ...mutation })).toMatchObject({
      state: 'submitting',
      revision: 1,
    });
  });
});
