// One HTTP answer of Graph, taken apart.
import { toParts } from './batch-parts.ts';
import type { RawAnswer } from './exchange.ts';
import type { GovernedAnswer } from './scope-governor.ts';

export interface Answer extends GovernedAnswer {
  /** The JSON; undefined when there is none. */
  body: unknown;
  /** Whether the body is JSON, or there is none. */
  isReadable: boolean;
}

export function toAnswer({ status, headers, text }: RawAnswer, { isBatch }: { isBatch: boolean }): Answer {
  const json = toJson(text);
  return {
    status,
    header(name) {
      const value = headers[name];
      return Array.isArray(value) ? value.join(', ') : (value ?? null);
    },
    body: json?.value,
    isReadable: json !== undefined || text === '',
    parts: isBatch ? [...toParts(json?.value).values()] : [],
  };
}

/** Gateways in front of Graph answer with HTML or nothing: then the status is all there is. */
function toJson(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}
