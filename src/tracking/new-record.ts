// From a caller's input to the record that is kept of it before Graph is asked.
import { createHash, randomUUID } from 'node:crypto';
import type { GraphInvitation } from '../graph/resources.ts';
import type { InvitationRecord, OperationRecord, Owner, Work } from './record.ts';
import {
  toInvitationRequest,
  toInviteParticipantsRequest,
  type InvitationInput,
  type InviteParticipantsInput,
} from './requests.ts';

export interface RecordOptions {
  now: () => Date;
  invitationDeadlineMs: number;
  operationDeadlineMs: number;
  /** The origins that a redirect may lead to; empty = any. */
  redirectOrigins: readonly string[];
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
  const request = toInvitationRequest(input, { position, redirectOrigins: options.redirectOrigins });
  return {
    ...newRecord(owner, request, input.idempotencyKey, options.now(), options.invitationDeadlineMs),
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
    ...newRecord(owner, given, input.idempotencyKey, options.now(), options.operationDeadlineMs),
    kind: 'inviteParticipantsOperation',
    work: 'poll',
    callId,
    request,
    payload: request,
  };
}

function newRecord(
  owner: Owner,
  request: object,
  idempotencyKey: string | null | undefined,
  at: Date,
  deadlineMs: number,
) {
  return {
    id: randomUUID(),
    owner,
    idempotencyKey: idempotencyKey ?? null,
    requestHash: createHash('sha256').update(JSON.stringify(request)).digest('base64url'),
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
