/** `GET /users/delta`: all users first, then, round by round, those that changed. */
import { randomInt } from 'node:crypto';
import type { ChangeJournal } from './change-journal.ts';
import { createDeltaTokens, refuseAdditions, type DeltaQuestion, type DeltaRound } from './delta-token.ts';
import type { Directory } from './directory.ts';
import { GraphRefusal, json, type GraphAnswer, type GraphRequest } from './graph-answer.ts';
import type { GraphHandler } from './graph-routes.ts';
import type { Settings } from './settings.ts';
import type { State } from './state.ts';
import { contextOf, project, refuseOptions, selectedMembers, type UserMember } from './user-members.ts';

export interface UserDelta {
  get: GraphHandler;
  /** From now on no link that was given out is valid. */
  expireTokens: () => void;
}

export interface UserDeltaOptions {
  state: State;
  journal: ChangeJournal;
  directory: Directory;
  settings: Settings;
  now: () => number;
}

/** One user who is told about; `members` undefined: all that are selected. */
interface Told {
  id: string;
  /** Where a round goes on that has told this. */
  at: number;
  members: Set<string> | undefined;
}

const GENERATION = 'deltaGeneration';
const MOST_IDS = 50;
const ID_FILTER = /^\s*id\s+eq\s+'(?:[^']|'')*'(?:\s+or\s+id\s+eq\s+'(?:[^']|'')*')*\s*$/i;

export function createUserDelta({ state, journal, directory, settings, now }: UserDeltaOptions): UserDelta {
  const visibleUntil = (): number => now() - settings.replicationMs;
  const generation = (): number => state.loadCount(GENERATION);
  const tokens = createDeltaTokens({ settings, generation, now });
  // Chance, for a token must not fit a state that was begun anew.
  const expireTokens = (): void => state.saveCount(GENERATION, randomInt(1, 2 ** 40));
  if (generation() === 0) expireTokens();

  function* listed(ids: string[] | undefined, after: number, limit: number): Iterable<Told> {
    const filter = ids && { sql: 'id IN (SELECT value FROM json_each(?))', values: [JSON.stringify(ids)] };
    const page = directory.page({ filter, visibleUntil: visibleUntil(), after, limit });
    for (const { seq, user } of page) yield { id: user.id, at: seq, members: undefined };
  }

  function* changed(round: DeltaRound, ids: string[] | undefined, selected: UserMember[]): Iterable<Told> {
    for (const { userId, last, members } of journal.read({ ...round, ids })) {
      // Who changed only where nobody looks is not told about.
      if (!members || selected.some((name) => members.has(name))) yield { id: userId, at: last, members };
    }
  }

  function toItem({ id, members }: Told, selected: UserMember[], minimal: boolean): Record<string, unknown> {
    const user = directory.byId(id);
    if (!user) return { id, '@removed': { reason: directory.isRemoved(id) ? 'changed' : 'deleted' } };
    const shown = minimal && members ? selected.filter((name) => members.has(name)) : selected;
    return { id: user.id, ...project(user, shown) };
  }

  function answer(request: GraphRequest, round: DeltaRound): GraphAnswer {
    const { select, filter, minimal, lists } = round;
    const question = new URLSearchParams(select === null ? {} : { $select: select });
    const selected = selectedMembers(question);
    const ids = idsOf(filter);
    const limit = settings.deltaPageSize;
    const empty = round.empty > 0;
    const found: Told[] = [];
    const source = lists ? listed(ids, round.after, limit + 1) : changed(round, ids, selected);
    for (const told of empty ? [] : source) if (found.push(told) > limit) break;

    const shown = found.slice(0, limit);
    const repeated = empty ? [] : round.repeat.map((id) => ({ id, at: 0, members: undefined }));
    const repeat = settings.deltaRepeats > 0 ? shown.slice(-settings.deltaRepeats).map(({ id }) => id) : [];
    const next = empty
      ? { ...round, empty: round.empty - 1 }
      : { ...round, after: shown.at(-1)?.at ?? round.after, repeat };
    const more = empty || found.length > limit;
    return json(200, {
      '@odata.context': contextOf(request, question),
      ...(more
        ? { '@odata.nextLink': tokens.linkOf(request, 'next', next) }
        : { '@odata.deltaLink': tokens.linkOf(request, 'delta', { ...next, repeat: [] }) }),
      value: [...repeated, ...shown].map((told) => toItem(told, selected, minimal)),
    });
  }

  function firstRound(question: DeltaQuestion): DeltaRound {
    const until = journal.position(visibleUntil());
    return { ...question, lists: true, since: 0, until, after: 0, empty: settings.deltaEmptyPages, repeat: [] };
  }

  function nextRound(before: DeltaRound): DeltaRound {
    const { until: since, ...rest } = before;
    const until = Math.max(since, journal.position(visibleUntil()));
    return { ...rest, lists: false, since, until, after: since, empty: settings.deltaEmptyPages };
  }

  return {
    get(request) {
      const { query } = request;
      const skipToken = query.get('$skiptoken');
      const deltaToken = query.get('$deltatoken');
      if (skipToken !== null) {
        refuseAdditions(query, '$skiptoken');
        return answer(request, tokens.read(request, 'next', skipToken));
      }
      if (deltaToken && deltaToken !== 'latest') {
        refuseAdditions(query, '$deltatoken');
        return answer(request, nextRound(tokens.read(request, 'delta', deltaToken)));
      }
      refuseOptions(query, ['$select', '$filter', '$deltatoken']);
      const question = readQuestion(request);
      const round = firstRound(question);
      if (!deltaToken) return answer(request, round);
      return json(200, {
        '@odata.context': contextOf(request),
        '@odata.deltaLink': tokens.linkOf(request, 'delta', round),
        value: [],
      });
    },
    expireTokens,
  };
}

/** @throws GraphRefusal 400 that says what is wrong. */
function readQuestion({ query, headers }: GraphRequest): DeltaQuestion {
  selectedMembers(query);
  const filter = query.get('$filter');
  idsOf(filter);
  return {
    select: query.get('$select'),
    filter,
    minimal: /\breturn\s*=\s*minimal\b/i.test(headers['prefer'] ?? ''),
  };
}

/** The only filter of delta names users by their ids. */
function idsOf(filter: string | null): string[] | undefined {
  if (filter === null) return undefined;
  if (!ID_FILTER.test(filter)) {
    throw new GraphRefusal(400, 'Request_UnsupportedQuery', `Unsupported or invalid query filter clause: ${filter}`);
  }
  const ids = [...filter.matchAll(/'((?:[^']|'')*)'/g)].map(([, id = '']) => id.replaceAll("''", "'"));
  if (ids.length <= MOST_IDS) return ids;
  throw new GraphRefusal(
    400,
    'Request_UnsupportedQuery',
    `The filter of delta names at most ${MOST_IDS} users, found ${ids.length}.`,
  );
}
