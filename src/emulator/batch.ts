/** `POST /$batch`: takes the envelope apart, runs its parts, and puts the answers together in no particular order. */
import type { Effect } from './fault-effects.ts';
import {
  badRequest,
  deliver,
  errorAnswer,
  json,
  type Delivery,
  type GraphAnswer,
  type GraphRequest,
} from './graph-answer.ts';
import { isMembers, textOf, type Members } from './member-check.ts';
import type { RandomIds } from './random-ids.ts';
import { hideToken, type LoggedPart } from './request-log.ts';

export interface BatchOptions {
  ids: RandomIds;
  takeEffect: (method: string, path: string) => Effect | undefined;
  serve: (request: GraphRequest, effect: Effect | undefined) => Promise<Delivery>;
}

/** Answers an envelope and says what became of each part. */
export type Batch = (envelope: GraphRequest) => Promise<{ delivery: Delivery; parts: LoggedPart[] }>;

interface Part {
  id: string;
  url: string;
  headers: Record<string, string>;
  dependsOn: string[];
  request: GraphRequest;
}

const MOST_PARTS = 20;

export function createBatch({ ids, takeEffect, serve }: BatchOptions): Batch {
  return async (envelope) => {
    const parts = readParts(envelope, ids);
    // All effects first: a line cut before the work must find none of it done.
    const effects = new Map(parts.map((part) => [part, takeEffect(part.request.method, part.request.path)]));
    const cutBefore = [...effects.values()].some((effect) => effect?.kind === 'cut' && effect.when === 'before');
    const done = cutBefore
      ? new Map<Part, Delivery>()
      : await runAll(parts, (part) => serve(part.request, effects.get(part)));

    const responses = [...done].flatMap(([part, { answer, copies }]) =>
      Array.from({ length: copies }, () => toResponse(part.id, answer)),
    );
    const deliveries = [...done.values()];
    const cut = cutBefore || deliveries.some(({ by }) => by === 'cut');
    const hangs = deliveries.some(({ by }) => by === 'hang');
    return {
      delivery: {
        ...deliver(json(200, { responses: shuffled(responses, ids) })),
        by: cut ? 'cut' : hangs ? 'hang' : 'send',
        delayMs: Math.max(0, ...deliveries.map(({ delayMs }) => delayMs)),
      },
      parts: parts.map((part) => {
        const delivery = done.get(part);
        const answered = !cut && !hangs && delivery !== undefined && delivery.copies > 0;
        return toLogged(part, answered ? delivery.answer.status : null);
      }),
    };
  };
}

function readParts(envelope: GraphRequest, ids: RandomIds): Part[] {
  const requests = isMembers(envelope.body) ? envelope.body['requests'] : undefined;
  if (!Array.isArray(requests)) throw badRequest('Invalid batch payload format.');
  if (requests.length < 1 || requests.length > MOST_PARTS) {
    throw badRequest(`Number of batch request steps must be between 1 and ${MOST_PARTS}, found ${requests.length}.`);
  }
  const parts = requests.map((item: unknown) => readPart(item, envelope, ids));
  const keys = new Set(parts.map(({ id }) => id.toLowerCase()));
  if (keys.size < parts.length) throw badRequest('Request ids in a batch must be unique.');
  for (const { id, dependsOn } of parts) {
    const unknown = dependsOn.find((key) => !keys.has(key));
    if (unknown !== undefined) throw badRequest(`Request '${id}' depends on '${unknown}', which is not in the batch.`);
  }
  return parts;
}

function readPart(item: unknown, envelope: GraphRequest, ids: RandomIds): Part {
  const members: Members = isMembers(item) ? item : {};
  const id = textOf(members, 'id');
  const method = textOf(members, 'method')?.toUpperCase();
  const url = textOf(members, 'url');
  if (!id || !method || !url) throw badRequest('Every request of a batch needs the text members id, method and url.');
  if (/^([a-z][a-z0-9+.-]*:|\/\/)/i.test(url))
    throw badRequest(`The url of request '${id}' must be relative to the version root.`);
  const [path = '', ...search] = (url.startsWith('/') ? url : `/${url}`).split('?');
  if (path.toLowerCase() === '/$batch') throw badRequest('A batch cannot hold another batch.');
  const headers = readHeaders(members['headers'], id);
  const unread = members['body'] !== undefined && !headers['content-type'];
  return {
    id,
    url,
    headers,
    dependsOn: readDependsOn(members['dependsOn'], id),
    request: {
      ...envelope,
      method,
      path,
      query: new URLSearchParams(search.join('?')),
      headers: { authorization: envelope.headers['authorization'] ?? '', ...headers },
      body: members['body'],
      bodyRefusal: unread
        ? badRequest('Write requests (excluding DELETE) must contain the Content-Type header declaration.')
        : undefined,
      requestId: ids.passingId(),
    },
  };
}

function readHeaders(value: unknown, id: string): Record<string, string> {
  if (value === undefined || value === null) return {};
  if (!isMembers(value)) throw badRequest(`The headers of request '${id}' must be an object.`);
  return Object.fromEntries(Object.entries(value).map(([name, text]) => [name.toLowerCase(), String(text)]));
}

function readDependsOn(value: unknown, id: string): string[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw badRequest(`dependsOn of request '${id}' must be an array of ids.`);
  return value.map((key) => String(key).toLowerCase());
}

/** Runs every part after those it depends on. @throws GraphRefusal 400 before any part ran when they wait for each other. */
async function runAll(parts: Part[], run: (part: Part) => Promise<Delivery>): Promise<Map<Part, Delivery>> {
  const done = new Map<Part, Delivery>();
  const byKey = new Map(parts.map((part) => [part.id.toLowerCase(), part]));
  for (const part of inOrder(parts, byKey)) {
    const failed = part.dependsOn.some((key) => {
      const needed = byKey.get(key);
      return needed !== undefined && (done.get(needed)?.answer.status ?? 0) >= 400;
    });
    done.set(part, failed ? deliver(errorAnswer(part.request, FAILED_DEPENDENCY)) : await run(part));
  }
  return done;
}

const FAILED_DEPENDENCY = {
  status: 424,
  code: 'FailedDependency',
  message: 'A request that this one depends on has failed.',
};

function inOrder(parts: Part[], byKey: Map<string, Part>): Set<Part> {
  const ordered = new Set<Part>();
  const visit = (part: Part, waiting: Part[]): void => {
    if (ordered.has(part)) return;
    if (waiting.includes(part)) throw badRequest(`Request '${part.id}' depends on itself.`);
    for (const key of part.dependsOn) {
      const needed = byKey.get(key);
      if (needed) visit(needed, [...waiting, part]);
    }
    ordered.add(part);
  };
  for (const part of parts) visit(part, []);
  return ordered;
}

function toLogged({ id, url, headers, request }: Part, status: number | null): LoggedPart {
  const { method, body } = request;
  return { id, method, url, headers: hideToken(headers), ...(method === 'POST' && { body }), status };
}

function toResponse(id: string, answer: GraphAnswer): Record<string, unknown> {
  if (answer.text !== undefined) {
    return { id, status: answer.status, headers: answer.headers, body: Buffer.from(answer.text).toString('base64') };
  }
  if (answer.body === undefined) return { id, status: answer.status, headers: answer.headers };
  return {
    id,
    status: answer.status,
    headers: { ...answer.headers, 'Content-Type': 'application/json' },
    body: answer.body,
  };
}

function shuffled<T>(items: T[], ids: RandomIds): T[] {
  return items
    .map((item) => ({ item, rank: ids.chance() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item);
}
