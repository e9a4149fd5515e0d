// What can go wrong between us and Graph, and the one place that turns it into an error for a client.
import { GraphClientError } from '@microsoft/microsoft-graph-client';
import { GatewayError, type ErrorCode, type GraphAnswer } from '../errors.ts';
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

/** Graph answered, and not with success. */
export class GraphRefusal extends ClientError implements GraphAnswer {
  readonly statusCode: number;
  readonly code: string | null;
  readonly requestId: string | null;
  /** From `Retry-After`, null when Graph did not say. */
  readonly retryAfterMs: number | null;

  constructor(statusCode: number, code: string | null, requestId: string | null, retryAfterMs: number | null) {
    super(`Graph answered ${statusCode}${code ? ` (${code})` : ''}`);
    this.statusCode = statusCode;
    this.code = code;
    this.requestId = requestId;
    this.retryAfterMs = retryAfterMs;
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

/** Every way in which a call to Graph fails. */
export type GraphFailure = GraphRefusal | GraphUnreachable | GraphHeldBack;

/** @returns whether it is a failure between us and Graph; anything else is a bug of ours. */
export function isGraphFailure(error: unknown): error is GraphFailure {
  return error instanceof GraphRefusal || error instanceof GraphUnreachable || error instanceof GraphHeldBack;
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
export function toRefusal(statusCode: number, header: (name: string) => string | null, body: unknown): GraphRefusal {
  const error = (body as { error?: { code?: unknown } } | null | undefined)?.error;
  const code = typeof error?.code === 'string' && error.code !== '' ? error.code.slice(0, 100) : null;
  return new GraphRefusal(statusCode, code, header('request-id'), toRetryAfterMs(header('retry-after'), Date.now()));
}

/** @returns whether Graph knows nothing under the id. */
export function isMissing(error: unknown): boolean {
  return error instanceof GraphRefusal && error.statusCode === 404;
}

const codesByStatus: { [status: number]: ErrorCode } = {
  // Our own token was refused: nothing that the caller can mend.
  401: 'INTERNAL_SERVER_ERROR',
  402: 'FORBIDDEN',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  405: 'INTERNAL_SERVER_ERROR',
  409: 'CONFLICT',
  410: 'NOT_FOUND',
  // A matching guest exists and is blocked from signing in.
  412: 'CONFLICT',
  415: 'INTERNAL_SERVER_ERROR',
  423: 'CONFLICT',
  429: 'THROTTLED',
};

const messages: { [code in ErrorCode]?: string } = {
  BAD_USER_INPUT:
    'Graph refused the request as invalid. Correct the input; `extensions.graph.code` says what Graph found.',
  FORBIDDEN: 'Graph does not allow this. The application or the caller lacks a permission that the request needs.',
  NOT_FOUND: 'Graph knows no such resource. Check the ids that you gave.',
  CONFLICT: 'The request conflicts with what is in the directory. Look at the existing resource before you try again.',
  THROTTLED: 'Graph is throttling. Nothing was done; repeat the request after `extensions.retryAfterSeconds`.',
  UPSTREAM_UNAVAILABLE: 'Graph could not be reached and did nothing. Repeat the request later.',
};

/** @returns whether a request that failed so surely had no effect, even if it was a POST. */
export function isSurelyNotDone(error: unknown): boolean {
  if (!(error instanceof GraphRefusal)) return isNeverSent(error);
  // 408 comes from gateways that lost patience with what is behind them.
  return error.statusCode >= 300 && error.statusCode < 500 && error.statusCode !== 408;
}

function isNeverSent(error: unknown): boolean {
  return error instanceof GraphHeldBack || (error instanceof GraphUnreachable && !error.sent);
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

function toCode(statusCode: number): ErrorCode {
  const known = codesByStatus[statusCode];
  if (known) return known;
  if (statusCode >= 500) return 'UPSTREAM_UNAVAILABLE';
  // A redirect is nothing that the caller can mend.
  return statusCode >= 400 ? 'BAD_USER_INPUT' : 'INTERNAL_SERVER_ERROR';
}

/** What a client is told to wait when Graph did not say. */
const USUAL_WAIT_MS = 10_000;

function toWait(retryAfterMs: number): { retryAfterSeconds: number } {
  return { retryAfterSeconds: Math.max(1, Math.ceil(retryAfterMs / 1000)) };
}

/** @returns what a client is told about a failed call to Graph that surely had no effect (a read, a refusal). */
export function toGatewayError(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  if (error instanceof GraphHeldBack) {
    return new GatewayError('THROTTLED', messages.THROTTLED ?? '', toWait(error.retryAfterMs), error);
  }
  if (error instanceof GraphRefusal) {
    const code = toCode(error.statusCode);
    const wait = code === 'THROTTLED' ? toWait(error.retryAfterMs ?? USUAL_WAIT_MS) : {};
    const graph = toGraphAnswer(error);
    return new GatewayError(code, messages[code] ?? 'Internal server error', { graph, ...wait }, error);
  }
  if (error instanceof GraphUnreachable) {
    return new GatewayError('UPSTREAM_UNAVAILABLE', messages.UPSTREAM_UNAVAILABLE ?? '', {}, error);
  }
  return new GatewayError('INTERNAL_SERVER_ERROR', 'Internal server error', {}, error);
}
