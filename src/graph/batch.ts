// Many requests in one (`POST /$batch`), each part judged alone.
import { toParts, type Part } from './batch-parts.ts';
import type { CallLimits, GraphClient, ReadLimits } from './client.ts';
import { GraphUnreachable, isGraphFailure, toRefusal, type GraphFailure } from './graph-error.ts';
import { neededPermission } from './needed-permission.ts';
import type { ReportOddity } from './oddity.ts';
import { PRIORITY_HEADER, priorityWords, scopeOf, scopes, type Scope } from './scope.ts';

/** What Graph takes in one batch. */
export const BATCH_SIZE = 20;

/** The outcome of one part: its body, or why there is none. */
export type PartResult = { body: unknown } | { error: GraphFailure };
export type ReadResult = PartResult;

/**
 * Reads paths below the version; each result stands in the place of its path. Where there is no path nothing is asked, and
 * there is no result. Never rejects for a part.
 */
export interface BatchReader {
  /** @throws GraphFailure when no batch was answered; where others were, the parts of one that was not have its error. */
  read(paths: readonly (string | undefined)[], limits: ReadLimits): Promise<(ReadResult | undefined)[]>;
}

/** A path and its place among the others. */
interface Asked {
  path: string;
  at: number;
}

export function createBatchReader(client: GraphClient): BatchReader {
  async function readGroup(group: readonly Asked[], scope: Scope, limits: ReadLimits): Promise<PartResult[]> {
    const headers = { [PRIORITY_HEADER]: priorityWords[limits.priority] };
    const requests = group.map(({ path }, index) => ({ id: String(index + 1), method: 'GET', url: path, headers }));
    const answer = await client.postRead('/$batch', { requests }, { ...limits, scope });
    return toResults(requests, answer, client.report);
  }
  return {
    async read(paths, limits) {
      const asked = paths.flatMap((path, at) => (path === undefined ? [] : [{ path, at }]));
      const groups = scopes.flatMap((scope) =>
        toGroups(asked.filter(({ path }) => scopeOf(path) === scope)).map((group) => ({ scope, group })),
      );
      const answers = await Promise.allSettled(groups.map(({ scope, group }) => readGroup(group, scope, limits)));
      const failures = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason as unknown] : []));
      const bug = failures.find((reason) => !isGraphFailure(reason));
      if (bug || (failures.length > 0 && failures.length === answers.length)) throw bug ?? failures[0];
      const results = paths.map((): ReadResult | undefined => undefined);
      for (const [index, answer] of answers.entries()) {
        for (const [place, { at }] of (groups[index]?.group ?? []).entries())
          results[at] = answer.status === 'fulfilled' ? answer.value[place] : { error: answer.reason as GraphFailure };
      }
      return results;
    },
  };
}

/** One request with an effect; its path is below the version. */
export interface BatchPart {
  path: string;
  body: unknown;
}

/**
 * Sends at most `BATCH_SIZE` POSTs of one scope; each result stands in the place of its part.
 * @throws GraphFailure when the batch as a whole fails; `isSurelyNotDone` then speaks for every part
 */
export async function sendBatch(
  client: GraphClient,
  parts: readonly BatchPart[],
  limits: CallLimits,
): Promise<PartResult[]> {
  const [first] = parts;
  if (!first) return [];
  if (parts.length > BATCH_SIZE) throw new RangeError(`a batch holds ${BATCH_SIZE} parts`);
  const headers = { 'Content-Type': 'application/json', [PRIORITY_HEADER]: priorityWords.mutation };
  const requests = parts.map(({ path, body }, index) => ({
    id: String(index + 1),
    method: 'POST',
    url: path,
    headers,
    body,
  }));
  const { body } = await client.post('/$batch', { requests }, { ...limits, scope: scopeOf(first.path) });
  return toResults(requests, body, client.report);
}

function toResults(
  requests: readonly { id: string; url: string }[],
  answer: unknown,
  report: ReportOddity,
): PartResult[] {
  const parts = toParts(answer, () => report('partDoubled'));
  return requests.map(({ id, url }) => {
    const part = parts.get(id);
    if (part) return toResult(part, url);
    report('partMissing');
    return { error: new GraphUnreachable('the batch came back without this part', true) };
  });
}

function toResult(part: Part, path: string): PartResult {
  // Batches are the application's own.
  const needs = { permission: neededPermission(path), isForUser: false };
  if (part.status < 200 || part.status >= 300) return { error: toRefusal(part.status, part.header, part.body, needs) };
  // Whatever is not JSON comes as base64 text: then something on the way answered, and not the resource.
  if (typeof part.body === 'string') return { error: new GraphUnreachable('the part is no JSON', true) };
  return { body: part.body };
}

function toGroups<Item>(items: readonly Item[]): Item[][] {
  const groups: Item[][] = [];
  for (let at = 0; at < items.length; at += BATCH_SIZE) groups.push(items.slice(at, at + BATCH_SIZE));
  return groups;
}
