// The parts in the answer to a `$batch`.
import type { Answered } from './throttle-headers.ts';

export interface Part extends Answered {
  id: string;
  body: unknown;
}

/**
 * Parts come in any order; of a doubled one the first counts, and what is no part is passed over.
 * @param onDouble told of each that came again
 */
export function toParts(answer: unknown, onDouble = () => {}): Map<string, Part> {
  const responses = (answer as { responses?: unknown } | null | undefined)?.responses;
  const parts = new Map<string, Part>();
  for (const item of Array.isArray(responses) ? (responses as unknown[]) : []) {
    const { id, status, headers, body } = (item ?? {}) as { [member: string]: unknown };
    if (typeof id !== 'string' || typeof status !== 'number') continue;
    if (parts.has(id)) onDouble();
    else parts.set(id, { id, status, body, header: readHeaders(headers) });
  }
  return parts;
}

/** More than any answer has; the rest is not looked at. */
const MOST_HEADERS = 100;

/** Graph's own samples write the names of a part's headers in any case. */
function readHeaders(given: unknown): Answered['header'] {
  if (typeof given !== 'object' || given === null) return () => null;
  const headers = new Map<string, string>();
  for (const name in given) {
    const value = (given as { [name: string]: unknown })[name];
    if (typeof value === 'string' || typeof value === 'number') headers.set(name.toLowerCase(), String(value));
    if (headers.size === MOST_HEADERS) break;
  }
  return (name) => headers.get(name) ?? null;
}
