// What can go wrong between us and Graph.
import { GraphClientError } from '@microsoft/microsoft-graph-client';
import type { GraphAnswer } from '../errors.ts';
import { LONGEST_HOLD_MS } from './hold.ts';

/** The client passes on its own errors untouched, and wraps all others. */
abstract class ClientError extends GraphClientError {
  constructor(message: string) {
    super(message);
    // The client's class sets its own prototype on whatever extends it.
    Object.setPrototypeOf(this, new.target.prototype);
    this.name = new.target.name;
  }
}

/** What a request needs to be allowed. */
export interface Needs {
  /** As Graph names it; undefined where nobody says. */
  permission: string | undefined;
  /** Whether it is made on behalf of a user. */
  isForUser: boolean;
}

/** Graph answered, and not with success. */
export class GraphRefusal extends ClientError implements GraphAnswer {
  readonly statusCode: number;
  readonly code: string | null;
  readonly requestId: string | null;
  /** From `Retry-After`, null when Graph did not say. */
  readonly retryAfterMs: number | null;
  readonly needs: Needs;

  constructor(answer: GraphAnswer, retryAfterMs: number | null, needs: Needs) {
    const { statusCode, code, requestId } = answer;
    // Graph says 401 too when an invitation lacks its permission.
    const isMissing = (statusCode === 401 || statusCode === 403) && needs.permission !== undefined;
    const hint = isMissing ? `; the request needs ${needs.permission}` : '';
    super(`Graph answered ${statusCode}${code ? ` (${code})` : ''}${hint}`);
    this.statusCode = statusCode;
    this.code = code;
    this.requestId = requestId;
    this.retryAfterMs = retryAfterMs;
    this.needs = needs;
  }
}

/** No whole answer came: the connection failed, broke or took too long. */
export class GraphUnreachable extends ClientError {
  /** Whether Graph may have seen the request. */
  readonly sent: boolean;
  /** Whether it is Graph's or the network's doing, and not our own. */
  readonly isOutage: boolean;

  constructor(reason: string, sent: boolean, cause?: unknown, isOutage = false) {
    super(`Graph did not answer: ${reason}`);
    this.sent = sent;
    this.cause = cause;
    this.isOutage = isOutage;
  }
}

/** Graph asked us to wait, and the call could not: nothing was sent. */
export class GraphHeldBack extends ClientError {
  readonly retryAfterMs: number;

  constructor(retryAfterMs: number) {
    super(`Graph is throttling: not asked again for ${Math.ceil(retryAfterMs)} ms`);
    this.retryAfterMs = retryAfterMs;
  }
}

/**
 * Why there is no token for Graph on behalf of a user. challenge: the directory asks the user for more, as the claims say;
 * token: the user's token is not accepted; consent: nobody has allowed the gateway to act for the user.
 */
export type SignInReason = 'challenge' | 'token' | 'consent';

/** Only the user can mend it, or who administers the directory: nothing was sent. */
export class GraphSignIn extends ClientError {
  readonly reason: SignInReason;
  /** As the authority gave them. */
  readonly claims: string | undefined;

  constructor(reason: SignInReason, claims?: string) {
    super(`no token for Graph on behalf of the user: ${reason}`);
    this.reason = reason;
    this.claims = claims;
  }
}

/** Every way in which a call to Graph fails. */
export type GraphFailure = GraphRefusal | GraphUnreachable | GraphHeldBack | GraphSignIn;

/** @returns whether it is a failure between us and Graph; anything else is a bug of ours. */
export function isGraphFailure(error: unknown): error is GraphFailure {
  return [GraphRefusal, GraphUnreachable, GraphHeldBack, GraphSignIn].some((failure) => error instanceof failure);
}

/** @returns the moment `Retry-After` names as milliseconds from now, 0 to as long as it is obeyed; null when it names none. */
export function toRetryAfterMs(header: string | null | undefined, nowMs: number): number | null {
  const saidMs = toSaidMs(header, nowMs);
  return saidMs === null ? null : Math.min(saidMs, LONGEST_HOLD_MS);
}

/** @returns the same without an upper bound. */
export function toSaidMs(header: string | null | undefined, nowMs: number): number | null {
  const value = header?.trim();
  if (!value) return null;
  // Only the form that HTTP allows: what JavaScript takes for a date is far more, "5, 5" among it.
  const isDate = /^[A-Z][a-z]{2,8},? [\w :-]+ GMT$/.test(value);
  // A header that was sent twice comes joined: the longest counts.
  const waits = isDate
    ? [Date.parse(value) - nowMs]
    : value.split(',').flatMap((one) => (/^\d+(\.\d+)?$/.test(one.trim()) ? [Number(one) * 1000] : []));
  const ms = Math.max(...waits.filter((wait) => Number.isFinite(wait)));
  return Number.isFinite(ms) ? Math.max(0, Math.ceil(ms)) : null;
}

/**
 * @param header gives a header of the answer by its lower-case name, null when there is none
 * @param body the answer's JSON, whatever it is
 */
export function toRefusal(
  statusCode: number,
  header: (name: string) => string | null,
  body: unknown,
  needs: Needs,
): GraphRefusal {
  const error = (body as { error?: { code?: unknown } } | null | undefined)?.error;
  // One word: it is logged and told to clients, and nothing of what the answer says besides.
  const code = typeof error?.code === 'string' && /^[\w.-]{1,100}$/.test(error.code) ? error.code : null;
  const answer = { statusCode, code, requestId: header('request-id') };
  return new GraphRefusal(answer, toRetryAfterMs(header('retry-after'), Date.now()), needs);
}

/** @returns whether Graph knows nothing under the id. */
export function isMissing(error: unknown): boolean {
  return error instanceof GraphRefusal && error.statusCode === 404;
}

/** @returns whether a request that failed so surely had no effect, even if it was a POST. */
export function isSurelyNotDone(error: unknown): boolean {
  if (!(error instanceof GraphRefusal)) return isNeverSent(error);
  // 408 comes from gateways that lost patience with what is behind them.
  return error.statusCode >= 300 && error.statusCode < 500 && error.statusCode !== 408;
}

function isNeverSent(error: unknown): boolean {
  if (error instanceof GraphUnreachable) return !error.sent;
  return error instanceof GraphHeldBack || error instanceof GraphSignIn;
}

/** @returns whether the same request may succeed later, so that its idempotency key must stay free. */
export function isPassing(error: unknown): boolean {
  return error instanceof GraphRefusal ? error.statusCode === 429 : isNeverSent(error);
}

/** @returns what Graph said, for `extensions.graph`; undefined when it did not answer. */
export function toGraphAnswer(error: unknown): GraphAnswer | undefined {
  if (!(error instanceof GraphRefusal)) return undefined;
  const { statusCode, code, requestId } = error;
  return { statusCode, code, requestId };
}
