// From a caller's input to the record that is kept of it before Graph is asked.
import { createHash } from 'node:crypto';
import type { GraphInvitation } from '../graph/resources.ts';
import type { InviteLists } from '../invite-lists.ts';
import { createRecordId } from './record-id.ts';
import type { InvitationRecord, OperationRecord, Owner, Work } from './record.ts';
import {
  toInvitationRequest,
  toInviteParticipantsRequest,
  toSharedWith,
  type InvitationInput,
  type InviteParticipantsInput,
} from './requests.ts';

export interface RecordOptions {
  now: () => Date;
  invitationDeadlineMs: number;
  operationDeadlineMs: number;
  /** Whom invitations may go to and where they may lead. */
  inviteLists: InviteLists;
}

/**
 * @param position the input's place among the arguments, such as `input` or `inputs[3]`
 * @throws GatewayError `BAD_USER_INPUT` with the position of the first bad value
 */
export function toInvitationRecord(
  input: InvitationInput,
  owner: Owner,
  { position, work, options }: { position: string; work: Work; options: RecordOptions },
): InvitationRecord {
  const request = toInvitationRequest(input, { position, lists: options.inviteLists });
  return {
    ...newRecord(owner, request, toOwn(input, position), options.now(), options.invitationDeadlineMs),
    kind: 'invitation',
    work,
    callId: null,
    request,
    payload: request as GraphInvitation,
  };
}

/** @throws GatewayError `BAD_USER_INPUT` with the position of the first bad value */
export function toOperationRecord(
  callId: string,
  input: InviteParticipantsInput,
  owner: Owner,
  options: RecordOptions,
): OperationRecord {
  const request = toInviteParticipantsRequest(callId, input);
  // A client context that we made differs each time: a repetition is recognised by what the caller gave.
  const given = { callId, ...request, clientContext: input.clientContext ?? null };
  return {
    ...newRecord(owner, given, toOwn(input, 'input'), options.now(), options.operationDeadlineMs),
    kind: 'inviteParticipantsOperation',
    work: 'poll',
    callId,
    request,
    payload: request,
  };
}

/** What Graph is not told. */
function toOwn(input: InvitationInput | InviteParticipantsInput, position: string) {
  return { idempotencyKey: input.idempotencyKey ?? null, sharedWith: toSharedWith(input, position) };
}

function newRecord(
  owner: Owner,
  request: object,
  { idempotencyKey, sharedWith }: ReturnType<typeof toOwn>,
  at: Date,
  deadlineMs: number,
) {
  // Records of before have a hash without it: what is shared with nobody keeps the hash that it always had.
  const asked = sharedWith.length > 0 ? { ...request, sharedWith } : request;
  return {
    id: createRecordId(at),
    owner,
    sharedWith,
    idempotencyKey,
    requestHash: createHash('sha256').update(JSON.stringify(asked)).digest('base64url'),
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
    deadlineAt: new Date(Number(at) + deadlineMs),
    dueAt: null,
  };
}
