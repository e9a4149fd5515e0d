// Reads users together: those of whom the same is asked in one filter, all filters in one batch.
import type { GatewayError } from '../errors.ts';
import type { BatchReader, ReadResult } from './batch.ts';
import { toPath, type ReadLimits } from './client.ts';
import { toGatewayError } from './gateway-error.ts';
import { GraphUnreachable, isMissing } from './graph-error.ts';
import { toUser } from './read-resources.ts';
import type { GraphUser } from './resources.ts';
import { isGuid, toFilterGroups, toUserKey, userPath, usersPath, type UserMember } from './users.ts';

export interface WantedUser {
  id: string;
  /** What is asked for; `id` always comes along. */
  members: ReadonlySet<UserMember>;
}

/** Null: Graph does not know the user (yet). */
export type UserResult = GraphUser | null | GatewayError;

export interface UserReader {
  /**
   * Each result stands in the place of its wish; what fails is an error there. A read that is under way already, for
   * whomever, is not made again: nobody can abort one.
   */
  read(wanted: readonly WantedUser[], limits: Pick<ReadLimits, 'timeoutMs'>): Promise<UserResult[]>;
}

/** One path to read, and which ids it is for. */
interface Lookup {
  ids: readonly string[];
  path: string | undefined;
  isList: boolean;
}

export function createUserReader(reader: BatchReader): UserReader {
  const underWay = new Map<string, Promise<UserResult>>();
  return {
    async read(wanted, { timeoutMs }) {
      const fresh = new Map<string, { select: string; id: string; settle: (result: UserResult) => void }>();
      const results = wanted.map(({ id, members }) => {
        const select = toSelect(members);
        const key = `${select} ${toUserKey(id)}`;
        const shared = underWay.get(key);
        if (shared) return shared;
        const { promise, resolve } = Promise.withResolvers<UserResult>();
        underWay.set(key, promise);
        fresh.set(key, { select, id, settle: resolve });
        return promise;
      });
      if (fresh.size > 0) {
        const found = await readAll(reader, [...fresh.values()], timeoutMs);
        for (const [key, { settle }] of fresh) {
          underWay.delete(key);
          settle(found(key));
        }
      }
      return Promise.all(results);
    },
  };
}

/** Never rejects: a failure is the result of the keys that it concerns. */
async function readAll(
  reader: BatchReader,
  wanted: readonly { select: string; id: string }[],
  timeoutMs: number,
): Promise<(key: string) => UserResult> {
  const bySelect = Map.groupBy(wanted, ({ select }) => select);
  const lookups = [...bySelect].flatMap(([select, items]) =>
    toLookups(
      items.map(({ id }) => id),
      select,
    ).map((lookup) => ({ ...lookup, select })),
  );
  const found = new Map<string, UserResult>();
  try {
    const paths = lookups.map(({ path }) => path);
    const results = await reader.read(paths, { timeoutMs, priority: 'read' });
    for (const [index, { ids, isList, select }] of lookups.entries()) {
      for (const id of ids) found.set(`${select} ${toUserKey(id)}`, toResult(results[index], id, isList));
    }
    return (key) => found.get(key) ?? null;
  } catch (error) {
    const failure = toGatewayError(error);
    return () => failure;
  }
}

function toLookups(ids: readonly string[], select: string): Lookup[] {
  const { groups, alone } = toFilterGroups(ids.filter(isGuid));
  return [
    ...groups.map((group) => ({ ids: group, path: usersPath(group, select), isList: true })),
    ...[...ids.filter((id) => !isGuid(id)), ...alone].map((id) => ({
      ids: [id],
      path: toPath(() => userPath(id, select)),
      isList: false,
    })),
  ];
}

function toResult(result: ReadResult | undefined, id: string, isList: boolean): UserResult {
  if (!result) return null;
  if ('error' in result) return !isList && isMissing(result.error) ? null : toGatewayError(result.error);
  if (!isList) {
    const user = toUser(result.body);
    return user.id ? user : toGatewayError(new GraphUnreachable('the answer is no user', true));
  }
  const list = (result.body as { value?: unknown } | null | undefined)?.value;
  if (!Array.isArray(list)) return toGatewayError(new GraphUnreachable('the answer is no list', true));
  return list.map(toUser).find((user) => user.id && toUserKey(user.id) === toUserKey(id)) ?? null;
}

/** The same members give the same text, in whatever order they were asked for. */
function toSelect(members: ReadonlySet<UserMember>): string {
  return ['id', ...[...members].filter((member) => member !== 'id').sort()].join(',');
}
