// What SQLite's failures mean for those who asked: by its result codes (https://sqlite.org/rescode.html).
import { StoreUnavailable, StoreUncertain } from './store-failure.ts';

/** An error on its way between the threads. */
export interface Failure {
  message: string;
  code: string | undefined;
  /** SQLite's own, when it was SQLite that failed. */
  resultCode: number | undefined;
}

/** Somebody else writes for long, the file may not be written, the disk is full: it can be read. */
const NO_WRITES: ReadonlySet<number> = new Set([5, 8, 13]);
/** The disk fails, or the file cannot be opened. */
const NO_ANSWER: ReadonlySet<number> = new Set([10, 14]);
/** All was written, but perhaps not to last: after a crash it may be there or not. */
const NOT_SYNCED = 1034;

/** @returns what to tell; `StoreUnavailable` when the same may succeed in a while. */
export function toStoreFailure({ message, code, resultCode }: Failure): Error {
  const error = Object.assign(new Error(`SQLite: ${message}`), { code, resultCode });
  if (resultCode === undefined) return error;
  if (resultCode === NOT_SYNCED) return new StoreUncertain(error);
  // The low byte is the primary code, the others say more about it.
  const primaryCode = resultCode & 0xff;
  if (NO_WRITES.has(primaryCode)) return new StoreUnavailable(error, true);
  return NO_ANSWER.has(primaryCode) ? new StoreUnavailable(error) : error;
}
