// Between records and rows: structured members are JSON text, times are milliseconds.
import type {
  GraphInvitation,
  GraphOperation,
  InvitationRequest,
  InviteParticipantsRequest,
} from '../graph/resources.ts';
import type { Progress, Reason, ReadError, Refusal, Source, State, TrackingRecord, Work } from './record.ts';
import type { Row, Value } from './sql-driver.ts';
import type { Write } from './store.ts';

/** @returns text that every engine can hold: what is no Unicode, and NUL, becomes U+FFFD. */
export function toText(value: string): string {
  return value.toWellFormed().replaceAll('\0', '\ufffd');
}

export function toNullableText(value: string | null | undefined): string | null {
  return value === null || value === undefined ? null : toText(value);
}

/** @returns the form in which mail addresses are compared. */
export function toMail(address: string): string {
  return toText(address.toLowerCase());
}

/** @returns the form in which the ids of guests are compared: those of the directory are the same in any case. */
export function toGuestId(id: string): string {
  return toText(id.toLowerCase());
}

function toSubjects(subjects: readonly string[]): string {
  return JSON.stringify(subjects.map((subject) => ({ subject: toText(subject) })));
}

/** @returns the columns of a new row, the lease aside. */
export function toRow(record: TrackingRecord): Row {
  return {
    id: record.id,
    kind: record.kind,
    tenant_id: toText(record.owner.tenantId),
    subject: toText(record.owner.subject),
    call_id: toNullableText(record.callId),
    idempotency_key: toNullableText(record.idempotencyKey),
    request_hash: record.requestHash,
    request: JSON.stringify(record.request),
    // As a list of objects both engines read it the same way.
    shared_with: record.sharedWith.length === 0 ? null : toSubjects(record.sharedWith),
    client_context: record.kind === 'invitation' ? null : toText(record.request.clientContext),
    created_at: Number(record.createdAt),
    deadline_at: Number(record.deadlineAt),
    ...toProgressRow(record),
  };
}

/** @returns the same for a write, with what guards it. */
export function toWriteRow(write: Write): Row {
  return { ...toGuardRow(write), ...toProgressRow(write.record) };
}

/** @returns what a write that raises no revision changes, with what guards it. */
export function toSettleRow(write: Write): Row {
  return { ...toGuardRow(write), ...toReadingRow(write.record) };
}

function toGuardRow({ record, baseRevision, dueInMs, watchedDueInMs }: Write): Row {
  return {
    id: record.id,
    base_revision: baseRevision,
    due_in_ms: dueInMs === null ? null : Math.ceil(dueInMs),
    watched_due_in_ms: watchedDueInMs === null ? null : Math.ceil(watchedDueInMs),
    frees_key: record.idempotencyKey === null ? 1 : 0,
  };
}

/** How the reading of it goes: nothing of this raises a revision. */
function toReadingRow({ work, observedAt, attempts, lastError }: TrackingRecord): Row {
  return {
    work,
    observed_at: observedAt && Number(observedAt),
    attempts,
    last_error: lastError && JSON.stringify(lastError),
  };
}

function toProgressRow(record: TrackingRecord): Row {
  return {
    ...toReadingRow(record),
    mail: toMailOf(record),
    guest_id: toGuestIdOf(record),
    graph_id: toNullableText(record.graphId),
    payload: JSON.stringify(record.payload),
    state: record.state,
    reason: record.reason,
    refusal: record.refusal && JSON.stringify(record.refusal),
    revision: record.revision,
    changed_at: Number(record.changedAt),
    source: record.source,
    changed: JSON.stringify(record.changed),
  };
}

function toGuestIdOf(record: TrackingRecord): string | null {
  const id = record.kind === 'invitation' ? record.payload.invitedUser?.id : null;
  return typeof id === 'string' ? toGuestId(id) : null;
}

function toMailOf(record: TrackingRecord): string | null {
  const address = record.kind === 'invitation' ? record.payload.invitedUserEmailAddress : null;
  return typeof address === 'string' ? toMail(address) : null;
}

export function toRecord(row: Row): TrackingRecord {
  const constant = {
    id: row['id'] as string,
    owner: { tenantId: row['tenant_id'] as string, subject: row['subject'] as string },
    sharedWith:
      row['shared_with'] === null ? [] : parse<{ subject: string }[]>(row['shared_with']).map(({ subject }) => subject),
    idempotencyKey: row['idempotency_key'] as string | null,
    requestHash: row['request_hash'] as string,
    createdAt: toDate(row['created_at']),
    deadlineAt: toDate(row['deadline_at']),
    dueAt: toNullableDate(row['due_at']),
  };
  if (row['kind'] === 'invitation') {
    const request = parse<InvitationRequest>(row['request']);
    return { kind: 'invitation', ...constant, callId: null, request, ...toProgress<GraphInvitation>(row) };
  }
  const request = parse<InviteParticipantsRequest>(row['request']);
  const callId = row['call_id'] as string;
  return { kind: 'inviteParticipantsOperation', ...constant, callId, request, ...toProgress<GraphOperation>(row) };
}

function toProgress<Payload>(row: Row): Progress<Payload> {
  return {
    graphId: row['graph_id'] as string | null,
    payload: parse<Payload>(row['payload']),
    state: row['state'] as State,
    reason: row['reason'] as Reason | null,
    refusal: row['refusal'] === null ? null : parse<Refusal>(row['refusal']),
    revision: row['revision'] as number,
    changedAt: toDate(row['changed_at']),
    source: row['source'] as Source,
    changed: parse<string[]>(row['changed']),
    observedAt: toNullableDate(row['observed_at']),
    attempts: row['attempts'] as number,
    lastError: row['last_error'] === null ? null : toReadError(row['last_error']),
    work: row['work'] as Work,
  };
}

function toReadError(text: Value | undefined): ReadError {
  const { code, at } = parse<Omit<ReadError, 'at'> & { at: string }>(text);
  return { code, at: new Date(at) };
}

function parse<Parsed>(text: Value | undefined): Parsed {
  return JSON.parse(text as string) as Parsed;
}

function toDate(ms: Value | undefined): Date {
  return new Date(ms as number);
}

function toNullableDate(ms: Value | undefined): Date | null {
  return ms === null ? null : toDate(ms);
}
