// Records to begin with.
import { randomUUID } from 'node:crypto';
import { developer, type Caller } from '../../src/auth/caller.ts';
import type { InvitationRecord, OperationRecord } from '../../src/tracking/record.ts';

export const owner = { tenantId: 'tenant', subject: 'subject' };
export const caller: Caller = { ...developer, ...owner };
export const createdAt = new Date('2026-01-01T12:00:00.700Z');

function base(at: Date) {
  return {
    id: randomUUID(),
    owner,
    sharedWith: [],
    idempotencyKey: null,
    requestHash: 'hash',
    graphId: null,
    state: 'submitting' as const,
    reason: null,
    refusal: null,
    revision: 1,
    changedAt: at,
    source: 'mutation' as const,
    changed: ['tracking.state'],
    observedAt: null,
    attempts: 0,
    lastError: null,
    createdAt: at,
    dueAt: null,
  };
}

export function newInvitation(members: Partial<InvitationRecord> = {}): InvitationRecord {
  const request = { invitedUserEmailAddress: 'guest@example.com', inviteRedirectUrl: 'https://app.example.com' };
  const at = members.createdAt ?? createdAt;
  return {
    ...base(at),
    kind: 'invitation',
    work: 'sweep',
    callId: null,
    request,
    payload: request,
    deadlineAt: new Date(Number(at) + 86_400_000),
    ...members,
  };
}

export function newOperation(members: Partial<OperationRecord> = {}): OperationRecord {
  const request = { participants: [{ identity: { user: { id: 'u1' } } }], clientContext: 'context' };
  const at = members.createdAt ?? createdAt;
  return {
    ...base(at),
    kind: 'inviteParticipantsOperation',
    work: 'poll',
    callId: 'call',
    request,
    payload: request,
    deadlineAt: new Date(Number(at) + 300_000),
    ...members,
  };
}

/** An invitation whose guest was read before and has not redeemed yet. */
export function newPending(guestId: string, members: Partial<InvitationRecord> = {}): InvitationRecord {
  const record = newInvitation({ state: 'active', source: 'poll', ...members });
  const invitedUser = { id: guestId, externalUserState: 'PendingAcceptance' as const };
  return { ...record, payload: { ...record.payload, invitedUser }, observedAt: record.createdAt };
}
