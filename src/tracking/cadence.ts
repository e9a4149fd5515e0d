// When a record is due next. Cadence follows interest: a watched record is read at the poll interval, others less often.
import { isFinished, type TrackingRecord } from './record.ts';

/** Milliseconds until a record is due again; null when nothing is left to do. */
export interface NextDue {
  dueInMs: number | null;
  /** While somebody watches it. */
  watchedDueInMs: number | null;
}

const UNWATCHED = 3;
const LONGEST_UNWATCHED_INVITATION_MS = 3_600_000;
const LONGEST_BACKOFF = 30;
const LONGEST_WATCHED_BACKOFF = 5;

/**
 * @param intervalMs time between two reads of a watched record
 * @param retryAfterMs what Graph asked to wait at the least
 * @param random a number from 0 to 1: spreads the reads after a failure
 */
export function nextDue(
  record: TrackingRecord,
  {
    now,
    intervalMs,
    retryAfterMs = null,
    random,
  }: { now: Date; intervalMs: number; retryAfterMs?: number | null; random: number },
): NextDue {
  if (isFinished(record)) return { dueInMs: null, watchedDueInMs: null };
  const untilDeadlineMs = Math.max(0, Number(record.deadlineAt) - Number(now));
  const bounded = (ms: number) => Math.ceil(Math.min(Math.max(ms, retryAfterMs ?? 0), untilDeadlineMs));
  if (record.attempts > 0) {
    const backoffMs = intervalMs * 2 ** Math.min(record.attempts - 1, 20) * (0.5 + random / 2);
    return {
      dueInMs: bounded(Math.min(backoffMs, LONGEST_BACKOFF * intervalMs)),
      watchedDueInMs: bounded(Math.min(backoffMs, LONGEST_WATCHED_BACKOFF * intervalMs)),
    };
  }
  return { dueInMs: bounded(unwatchedMs(record, now, intervalMs)), watchedDueInMs: bounded(intervalMs) };
}

function unwatchedMs(record: TrackingRecord, now: Date, intervalMs: number): number {
  if (record.kind === 'inviteParticipantsOperation') return UNWATCHED * intervalMs;
  // A guest may take weeks: the longer nobody redeemed, the less often we look.
  const ageMs = Number(now) - Number(record.createdAt);
  return Math.max(UNWATCHED * intervalMs, Math.min(ageMs / 20, LONGEST_UNWATCHED_INVITATION_MS));
}
