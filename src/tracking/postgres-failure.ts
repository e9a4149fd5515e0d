// What may go wrong between us and PostgreSQL: what passes, and after what a statement may have been carried out unseen.

/** The server can be read, but is a standby, or was told to take no writes. */
export const READ_ONLY = '25006';
export const LOCK_NOT_AVAILABLE = '55P03';
/** Deadlock, serialization, a lock or a statement that took too long, a server that is starting, full or out of room. */
const PASSING_CODE = /^(40P01|40001|55P03|57014|57P0[345]|53...|25006|E(CONNREFUSED|HOST|NET|AI_AGAIN|NOTFOUND).*)$/;
/** The connection broke, or was ended by the server: perhaps between the commit and its answer. */
const BROKEN_CODE = /^(08...|57P0[12]|E(CONN(RESET|ABORTED)|PIPE|TIMEDOUT).*)$/;
/** What pg throws without a code. */
const PASSING_MESSAGE = /^timeout exceeded when trying to connect/;
const BROKEN_MESSAGE = /^(Connection terminated|Query read timeout|Client has encountered a connection error)/;

/** @returns whether the same may succeed in a while. */
export function isPassing(error: unknown): boolean {
  const { code, message } = toFacts(error);
  return PASSING_CODE.test(code) || PASSING_MESSAGE.test(message) || isUnseenBy(error);
}

/** @returns whether a statement that was sent may have been carried out, though it failed so. */
export function isUnseenBy(error: unknown): boolean {
  const { code, message } = toFacts(error);
  return BROKEN_CODE.test(code) || BROKEN_MESSAGE.test(message);
}

function toFacts(error: unknown): { code: string; message: string } {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return { code: String(code), message: String(message) };
}
