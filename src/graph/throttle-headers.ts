// What an answer of Graph tells about its limits.
import { toRetryAfterMs, toSaidMs } from './graph-error.ts';
import { LONGEST_HOLD_MS } from './hold.ts';
import { limits, type Access, type Limit } from './scope.ts';

/** An answer, or a part of one. */
export interface Answered {
  status: number;
  /** Gives a header by its lower-case name, null when there is none. */
  header: (name: string) => string | null;
}

/** What one answer and its parts tell together. */
export interface ThrottleNews {
  /** What must pause, and how long; null when Graph did not say, or nothing that can be understood. */
  pauses: { limit: Limit; retryAfterMs: number | null }[];
  /** How many were throttled. */
  throttled: number;
  /** How much of the limit is used, from 0.8 on; null when Graph did not say. */
  percentage: number | null;
  resourceUnits: number;
}

/** @param own what the call itself is: a throttled call waits, whatever limit Graph names */
export function readThrottleNews(answers: readonly Answered[], own: Access, nowMs: number): ThrottleNews {
  const throttles = answers.flatMap((answer) => toThrottle(answer, own, nowMs) ?? []);
  const percentages = numbersOf(answers, 'x-ms-throttle-limit-percentage').filter((used) => used >= 0.8);
  return {
    pauses: limits.flatMap((limit) => {
      const pauses = throttles.filter((throttle) => throttle.limit === limit);
      const known = pauses.flatMap(({ retryAfterMs }) => retryAfterMs ?? []);
      return pauses.length > 0 ? [{ limit, retryAfterMs: known.length > 0 ? Math.max(...known) : null }] : [];
    }),
    throttled: throttles.length,
    percentage: percentages.length > 0 ? Math.max(...percentages) : null,
    resourceUnits: numbersOf(answers, 'x-ms-resource-unit').reduce((sum, units) => sum + units, 0),
  };
}

/**
 * @returns whether the answer, or each of its parts, says that nobody is there to answer. A plain 500 does not: a caller's
 *   request may provoke it.
 */
export function isOutage({ parts = [], ...answer }: Answered & { parts?: readonly Answered[] }): boolean {
  return isNobodyThere(answer) || (parts.length > 0 && parts.every(isNobodyThere));
}

function isNobodyThere({ status, header }: Answered): boolean {
  return status === 502 || status === 504 || (status === 503 && toRetryAfterMs(header('retry-after'), 0) === null);
}

function toThrottle({ status, header }: Answered, own: Access, nowMs: number) {
  const retryAfterMs = toRetryAfterMs(header('retry-after'), nowMs);
  // Without `Retry-After` a 503 is an outage, not a limit.
  const isThrottled = status === 429 || (status === 503 && retryAfterMs !== null);
  return isThrottled ? { retryAfterMs, limit: limitOf(header, own) } : null;
}

/** @returns whether its `Retry-After` cannot be understood, or is longer than any that is obeyed. */
export function isRetryAfterBad({ status, header }: Answered, nowMs: number): boolean {
  const said = status === 429 || status === 503 ? header('retry-after') : null;
  return said !== null && (toSaidMs(said, nowMs) ?? Infinity) > LONGEST_HOLD_MS;
}

/** `x-ms-throttle-scope` is `<Scope>/<Limit>/<application>/<tenant, user or resource>`. */
function limitOf(header: Answered['header'], own: Access): Limit {
  const limit = header('x-ms-throttle-scope')?.split('/')[1]?.trim().toLowerCase();
  if (limit === 'read' || limit === 'write') return limit === own ? own : 'both';
  const isOfWrites = limit === undefined && /writelimit/i.test(header('x-ms-throttle-information') ?? '');
  return isOfWrites && own === 'write' ? 'write' : 'both';
}

function numbersOf(answers: readonly Answered[], name: string): number[] {
  return answers.flatMap(({ header }) => {
    const text = header(name)?.trim();
    const number = text ? Number(text) : NaN;
    return Number.isFinite(number) && number >= 0 ? [number] : [];
  });
}
