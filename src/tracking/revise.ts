// From what an observation says to the record's next revision, or to none when nothing visible changed.
import type { ErrorCode } from '../errors.ts';
import type { Progress, Reason, Refusal, Source, TrackingRecord } from './record.ts';
import { isFinished } from './record.ts';

/** When and from where something was learned. */
export interface Observed {
  at: Date;
  source: Source;
}

/** Observations that mean the same for both kinds of records. */
export type CommonObservation = Observed &
  (
    | { kind: 'refused'; refusal: Refusal; reason: Extract<Reason, 'refused' | 'notSent'> }
    // The request was sent, or may have been, and its answer is lost.
    | { kind: 'unanswered' }
    // Graph knows nothing under this id.
    | { kind: 'missing' }
    // A failure of ours or of the way to Graph: nothing was learned.
    | { kind: 'failed'; code: ErrorCode }
  );

type Visible<Record extends TrackingRecord> = Partial<
  Pick<Record, 'graphId' | 'payload' | 'state' | 'reason' | 'refusal' | 'idempotencyKey'>
>;

/** @returns the record with what Graph was just heard to say; the revision rises when a client can see a difference. */
export function revise<Record extends TrackingRecord>(
  record: Record,
  { at, source }: Observed,
  seen: Visible<Record>,
): Record {
  const heard = { ...record, observedAt: at, attempts: 0, lastError: null };
  const next = { ...heard, ...seen };
  const changed = changesBetween(record, next);
  if (changed.length === 0) return heard;
  return { ...next, revision: record.revision + 1, changedAt: at, source, changed };
}

/** @returns the record settled by a refusal; a request that was never sent may be made again under its key. */
export function refuse<Record extends TrackingRecord>(
  record: Record,
  observation: CommonObservation & { kind: 'refused' },
): Record {
  const { reason, refusal } = observation;
  const idempotencyKey = reason === 'notSent' ? null : record.idempotencyKey;
  return revise(record, observation, { state: 'settled', reason, refusal, idempotencyKey } as Visible<Record>);
}

/** @returns the record as unknown: the answer to its request is lost, and nothing will prove what became of it. */
export function giveUp<Record extends TrackingRecord>(record: Record, observed: Observed): Record {
  const { observedAt } = record;
  return { ...revise(record, observed, { state: 'unknown', reason: 'ambiguous' } as Visible<Record>), observedAt };
}

/** @returns the record after a read that brought nothing. */
export function failRead<Record extends TrackingRecord>(record: Record, { at }: Observed, code: ErrorCode): Record {
  return { ...record, attempts: record.attempts + 1, lastError: { code, at } };
}

/**
 * @param after what was just learned of `before`
 * @returns `after`, as unknown when the deadline has passed and no end is known; one revision above `before` at the most
 */
export function judgeDeadline<Record extends TrackingRecord>(
  before: Record,
  after: Record,
  { at, source }: Observed,
): Record {
  if (isFinished(after) || at < after.deadlineAt) return after;
  const judged: Record = { ...after, state: 'unknown', reason: 'deadlineExceeded' };
  return { ...judged, revision: before.revision + 1, changedAt: at, source, changed: changesBetween(before, judged) };
}

/** @returns paths of the members that differ, such as `status` or `invitedUser.externalUserState`. */
function changesBetween(before: Progress<object>, after: Progress<object>): string[] {
  const changed: string[] = [];
  if (before.graphId !== after.graphId) changed.push('id');
  changed.push(...memberChanges(before.payload, after.payload, ''));
  if (before.state !== after.state) changed.push('tracking.state');
  if (before.reason !== after.reason) changed.push('tracking.reason');
  return changed;
}

function memberChanges(before: object, after: object, prefix: string): string[] {
  if (before === after) return [];
  const [old, now] = [before as { [member: string]: unknown }, after as { [member: string]: unknown }];
  const differing = membersOf(old, now).filter((member) => !looksSame(old[member], now[member]));
  return differing.flatMap((member) =>
    // Into the invited user the path goes on: it is what a client follows.
    member === 'invitedUser' ? memberChanges(old[member] ?? {}, now[member] ?? {}, 'invitedUser.') : [prefix + member],
  );
}

/** For a client an absent member and a null one are the same, at any depth. */
function looksSame(one: unknown, other: unknown): boolean {
  if (one === other || (one ?? null) === (other ?? null)) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || !one || !other) return false;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  if (Array.isArray(one) && one.length !== (other as unknown[]).length) return false;
  const [before, after] = [one as { [member: string]: unknown }, other as { [member: string]: unknown }];
  return membersOf(before, after).every((member) => looksSame(before[member], after[member]));
}

/** Not by a set: nearly always both have the same ones. */
function membersOf(one: object, other: object): string[] {
  return [...Object.keys(one), ...Object.keys(other).filter((member) => !Object.hasOwn(one, member))];
}
