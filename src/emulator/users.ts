/** `GET /users`, `GET` and `DELETE /users/{id}` and a guest's sponsors. */
import type { Directory, DirectoryUser } from './directory.ts';
import { badRequest, json, resourceNotFound } from './graph-answer.ts';
import type { GraphHandler } from './graph-routes.ts';
import { parseUserFilter } from './user-filter.ts';
import { contextOf, DEFAULT_MEMBERS, project, refuseOptions, selectedMembers } from './user-members.ts';

export interface Users {
  get: GraphHandler;
  list: GraphHandler;
  remove: GraphHandler;
  sponsors: GraphHandler;
}

export interface UsersOptions {
  directory: Directory;
  settings: { replicationMs: number };
  now: () => number;
}

const DEFAULT_PAGE = 100;
const LARGEST_PAGE = 999;

export function createUsers({ directory, settings, now }: UsersOptions): Users {
  const visibleUntil = (): number => now() - settings.replicationMs;
  const readable = (key: string): DirectoryUser => {
    const user = directory.readable(key, visibleUntil());
    if (!user) throw resourceNotFound(key);
    return user;
  };

  return {
    get(request, key) {
      refuseOptions(request.query, ['$select']);
      const members = selectedMembers(request.query);
      return json(200, { '@odata.context': `${contextOf(request)}/$entity`, ...project(readable(key), members) });
    },

    list(request) {
      const { query, after } = pageQuery(request.query);
      refuseOptions(query, ['$select', '$top', '$filter', '$count']);
      const members = selectedMembers(query);
      const limit = pageSize(query);
      const filterText = query.get('$filter');
      const page = {
        filter: filterText === null ? undefined : parseUserFilter(filterText),
        visibleUntil: visibleUntil(),
      };
      // Without the header Graph ignores $count silently.
      const counted =
        request.headers['consistencylevel'] === 'eventual' && query.get('$count') === 'true' && after === 0;
      const found = directory.page({ ...page, after, limit: limit + 1 });
      const shown = found.slice(0, limit);
      const last = shown.at(-1)?.seq ?? 0;
      return json(200, {
        '@odata.context': contextOf(request, query),
        ...(counted && { '@odata.count': directory.count(page) }),
        ...(found.length > limit && {
          '@odata.nextLink': `${request.root}/users?$skiptoken=${skipToken(query, last)}`,
        }),
        value: shown.map(({ user }) => project(user, members)),
      });
    },

    remove(_request, key) {
      directory.remove(readable(key).id);
      return { status: 204, headers: {} };
    },

    sponsors(request, key) {
      const value = readable(key).sponsors.map((id) => {
        const sponsor = directory.byId(id);
        return sponsor
          ? { '@odata.type': '#microsoft.graph.user', ...project(sponsor, DEFAULT_MEMBERS) }
          : { '@odata.type': '#microsoft.graph.group', id };
      });
      return json(200, { '@odata.context': `${request.root}/$metadata#directoryObjects`, value });
    },
  };
}

function pageSize(query: URLSearchParams): number {
  const top = query.get('$top');
  if (top === null) return DEFAULT_PAGE;
  const size = Number(top);
  if (!/^\d+$/.test(top) || size < 1 || size > LARGEST_PAGE) {
    throw badRequest(`Invalid page size specified: '${top}'. Must be between 1 and ${LARGEST_PAGE} inclusive.`);
  }
  return size;
}

/** A next link carries the whole question in its token: nothing needs to be added to it. */
function skipToken(query: URLSearchParams, after: number): string {
  return Buffer.from(JSON.stringify([after, query.toString()])).toString('base64url');
}

function pageQuery(query: URLSearchParams): { query: URLSearchParams; after: number } {
  const token = query.get('$skiptoken');
  if (token === null) return { query, after: 0 };
  try {
    const parts: unknown = JSON.parse(Buffer.from(token, 'base64url').toString());
    if (Array.isArray(parts) && Number.isSafeInteger(parts[0]) && typeof parts[1] === 'string') {
      return { query: new URLSearchParams(parts[1]), after: Number(parts[0]) };
    }
  } catch {
    // Not a token of ours; refused below like every other.
  }
  throw badRequest('The skip token is invalid.');
}
