// Many reads in one request (`POST /$batch`), each part judged alone.
import type { ReadLimits, GraphClient } from './client.ts';
import { GraphUnreachable, toRefusal, type GraphRefusal } from './graph-error.ts';

/** What Graph takes in one batch. */
export const BATCH_SIZE = 20;

/** The outcome of one read: its body, or why there is none. */
export type ReadResult = { body: unknown } | { error: GraphRefusal | GraphUnreachable };

/**
 * Reads paths below the version; each result stands in the place of its path. Where there is no path nothing is asked, and
 * there is no result. Never rejects for a part.
 */
export interface BatchReader {
  read(paths: readonly (string | undefined)[], limits: ReadLimits): Promise<(ReadResult | undefined)[]>;
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
      return part.status >= 200 && part.status < 300
        ? { body: part.body }
        : { error: toRefusal(part.status, (name) => headerOf(part, name), part.body) };
    });
  }
  return {
    async read(paths, limits) {
      const asked = paths.filter((path) => path !== undefined);
      const groups: Promise<ReadResult[]>[] = [];
      for (let at = 0; at < asked.length; at += BATCH_SIZE)
        groups.push(readGroup(asked.slice(at, at + BATCH_SIZE), limits));
      const results = (await Promise.all(groups)).flat().values();
      return paths.map((path) => (path === undefined ? undefined : results.next().value));
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

/** Graph's own samples write the names of a part's headers in any case. */
function headerOf({ headers }: Part, name: string): string | null {
  const key = Object.keys(headers).find((candidate) => candidate.toLowerCase() === name);
  const value = key === undefined ? undefined : headers[key];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : null;
}
