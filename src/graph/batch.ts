// Many reads in one request (`POST /$batch`), each part judged alone.
import type { ReadLimits, GraphClient } from './client.ts';
import { GraphRefusal, GraphUnreachable, toRetryAfterMs } from './graph-error.ts';

/** What Graph takes in one batch. */
export const BATCH_SIZE = 20;

/** The outcome of one read: its body, or why there is none. */
export type ReadResult = { body: unknown } | { error: GraphRefusal | GraphUnreachable };

/** Reads paths below the version; the results stand in the order of the paths. Never rejects for a part. */
export interface BatchReader {
  read(paths: readonly string[], limits: ReadLimits): Promise<ReadResult[]>;
}

interface Part {
  id: string;
  status: number;
  headers: { [name: string]: unknown };
  body: unknown;
}

/** @throws GraphRefusal or GraphUnreachable when a batch as a whole fails. */
export function createBatchReader(client: GraphClient): BatchReader {
  async function readGroup(paths: readonly string[], limits: ReadLimits): Promise<ReadResult[]> {
    const requests = paths.map((url, index) => ({ id: String(index + 1), method: 'GET', url }));
    const parts = toParts(await client.postRead('/$batch', { requests }, limits));
    return requests.map(({ id }) => {
      const part = parts.get(id);
      if (!part) return { error: new GraphUnreachable('the batch came back without this part', true) };
      return part.status >= 200 && part.status < 300 ? { body: part.body } : { error: toRefusal(part) };
    });
  }
  return {
    async read(paths, limits) {
      const groups: Promise<ReadResult[]>[] = [];
      for (let at = 0; at < paths.length; at += BATCH_SIZE)
        groups.push(readGroup(paths.slice(at, at + BATCH_SIZE), limits));
      return (await Promise.all(groups)).flat();
    },
  };
}

/** Parts come in any order; of a doubled one the first counts, and what is no part is passed over. */
function toParts(answer: unknown): Map<string, Part> {
  const responses = (answer as { responses?: unknown } | null | undefined)?.responses;
  const parts = new Map<string, Part>();
  for (const item of Array.isArray(responses) ? (responses as unknown[]) : []) {
    const { id, status, headers, body } = (item ?? {}) as Partial<Part>;
    if (typeof id !== 'string' || typeof status !== 'number' || parts.has(id)) continue;
    parts.set(id, { id, status, headers: headers ?? {}, body });
  }
  return parts;
}

function toRefusal({ status, headers, body }: Part): GraphRefusal {
  const header = (name: string) => {
    const key = Object.keys(headers).find((candidate) => candidate.toLowerCase() === name);
    const value = key === undefined ? undefined : headers[key];
    return typeof value === 'string' || typeof value === 'number' ? String(value) : null;
  };
  const error = (body as { error?: { code?: unknown } } | null | undefined)?.error;
  const code = typeof error?.code === 'string' && error.code !== '' ? error.code.slice(0, 100) : null;
  return new GraphRefusal(status, code, header('request-id'), toRetryAfterMs(header('retry-after'), Date.now()));
}
