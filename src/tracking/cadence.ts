// When a record is due next. Cadence follows interest: a watched operation is read at the poll interval, others less often.
import { isFinished, type TrackingRecord } from './record.ts';

/** Milliseconds until a record is due again; null when nothing is left to do. */
export interface NextDue {
  dueInMs: number | null;
  /** While somebody watches it. */
  watchedDueInMs: number | null;
}

export interface CadenceOptions {
  now: Date;
  /** Time between two reads of a watched record. */
  intervalMs: number;
  /** Whether Graph tells us of changes by itself (delta, notifications), so that reading is only the backstop. */
  isTold: boolean;
  /** What Graph asked to wait at the least. */
  retryAfterMs?: number | null;
  /** A number from 0 to 1: spreads the reads. */
  random: number;
}

const UNWATCHED = 3;
/** How much less often operations are read while notifications tell of them. */
const TOLD = 5;
/** Between two reads of an invitation that delta follows: to prove that nothing was missed. */
const BACKSTOP_MS = 3_600_000;
/** Such reads are due at common moments: one request reads hundreds of guests. */
const BACKSTOP_GRID_MS = 300_000;
const LONGEST_BACKOFF = 30;
const LONGEST_WATCHED_BACKOFF = 5;

export function nextDue(record: TrackingRecord, options: CadenceOptions): NextDue {
  if (isFinished(record)) return { dueInMs: null, watchedDueInMs: null };
  const { now, intervalMs, retryAfterMs, random } = options;
  const untilDeadlineMs = Math.max(0, Number(record.deadlineAt) - Number(now));
  const bounded = (ms: number) => Math.ceil(Math.min(Math.max(ms, retryAfterMs ?? 0), untilDeadlineMs));
  if (record.attempts > 0) {
    const backoffMs = intervalMs * 2 ** Math.min(record.attempts - 1, 20) * (0.5 + random / 2);
    return {
      dueInMs: bounded(Math.min(backoffMs, LONGEST_BACKOFF * intervalMs)),
      watchedDueInMs: bounded(Math.min(backoffMs, LONGEST_WATCHED_BACKOFF * intervalMs)),
    };
  }
  const { unwatchedMs, watchedMs } = pace(record, options);
  return { dueInMs: bounded(unwatchedMs), watchedDueInMs: bounded(watchedMs) };
}

function pace(record: TrackingRecord, { now, intervalMs, isTold, random }: CadenceOptions) {
  const usual = { unwatchedMs: UNWATCHED * intervalMs, watchedMs: intervalMs };
  if (record.kind === 'inviteParticipantsOperation') {
    return isTold ? { unwatchedMs: TOLD * usual.unwatchedMs, watchedMs: TOLD * usual.watchedMs } : usual;
  }
  // Delta tells what changes from when it began; how things stand is read once, soon.
  if (record.payload.invitedUser?.externalUserState === undefined)
    return { unwatchedMs: intervalMs, watchedMs: intervalMs };
  if (isTold) {
    const at = Number(now);
    const dueAt = at + BACKSTOP_MS * (0.5 + random / 2);
    const backstopMs = Math.floor(dueAt / BACKSTOP_GRID_MS) * BACKSTOP_GRID_MS - at;
    return { unwatchedMs: backstopMs, watchedMs: backstopMs };
  }
  // A guest may take weeks: the longer nobody redeemed, the less often we look.
  const ageMs = Number(now) - Number(record.createdAt);
  return { ...usual, unwatchedMs: Math.max(usual.unwatchedMs, Math.min(ageMs / 20, BACKSTOP_MS)) };
}
