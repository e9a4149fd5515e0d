// One page of the directory's changes, checked before anything of it is believed.
import type { GraphClient } from '../graph/client.ts';
import { GraphUnreachable } from '../graph/graph-error.ts';
import { toUser } from '../graph/read-resources.ts';
import type { GraphUser } from '../graph/resources.ts';

/** What the directory tells of one user. */
export interface DeltaItem {
  user: GraphUser & { id: string };
  /** Deleted, for good or so that it can be restored. */
  isRemoved: boolean;
}

export interface DeltaPage {
  /** Each user once. */
  items: DeltaItem[];
  /** Where to go on, below the version: a gateway that reaches Graph by another address goes on too. */
  link: string;
  /** Whether the round ends here; the link then leads to what changes from now on. */
  isLast: boolean;
}

/** In characters; servers take 8 to 16 KB with all headers. */
const LONGEST_LINK = 8_000;

type Json = { [member: string]: unknown };

/**
 * @param toOwnPath gives a link below Graph's root, undefined when it leads elsewhere: kept, it would lead nowhere for ever
 * @param asked where the page is from
 * @throws GraphUnreachable when it is no page of changes: then none of it may be skipped over
 */
export function toPage(body: unknown, toOwnPath: GraphClient['toOwnPath'], asked: string): DeltaPage {
  if (!isObject(body)) throw rubbish('is no object');
  const { value } = body;
  if (!Array.isArray(value)) throw rubbish('has no list of users');
  const items = (value as unknown[]).filter(isItem);
  // One that is no user must not stop all others for good.
  if (value.length > 0 && items.length === 0) throw rubbish('has no list of users');
  const [next, last] = [body['@odata.nextLink'] ?? null, body['@odata.deltaLink'] ?? null];
  if ((next === null) === (last === null)) throw rubbish('has not exactly one link');
  const given = next ?? last;
  if (typeof given === 'string' && given.length > LONGEST_LINK) throw rubbish('has a link that no server takes');
  const link = typeof given === 'string' ? toOwnPath(given) : undefined;
  if (link === undefined) throw rubbish('has a link that leads elsewhere');
  if (last === null && link === asked) throw rubbish('leads back to itself');
  return { items: toItems(items), link, isLast: last !== null };
}

function rubbish(why: string): GraphUnreachable {
  return new GraphUnreachable(`the page of changes ${why}`, true);
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isItem(value: unknown): value is Json & { id: string } {
  return isObject(value) && typeof value['id'] === 'string' && value['id'] !== '';
}

/** Graph repeats users, in any order: a deletion counts more than all else, then the newest state. */
function toItems(values: readonly (Json & { id: string })[]): DeltaItem[] {
  const items = values.map((value) => ({
    user: { ...toUser(value), id: value.id },
    isRemoved: isObject(value['@removed']),
  }));
  return [...Map.groupBy(items, ({ user }) => user.id.toLowerCase()).values()].map((same) =>
    same.reduce((best, item) => (rankOf(item) >= rankOf(best) ? item : best)),
  );
}

function rankOf({ user, isRemoved }: DeltaItem): number {
  return isRemoved ? Infinity : changeTimeOf(user);
}

/** @returns when the guest's state changed last, as far as it is told; 0 when it is not. */
export function changeTimeOf(user: GraphUser | null | undefined): number {
  return Date.parse(user?.externalUserStateChangeDateTime ?? '') || 0;
}
