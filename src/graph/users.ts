// Where users are read: by id, many at once, by the address that was invited, or as changes.
import { toSegment } from './client.ts';
import type { GraphUser } from './resources.ts';

export type UserMember = keyof GraphUser;

/** The members that tracking needs. */
const TRACKED = 'id,userPrincipalName,externalUserState,externalUserStateChangeDateTime,createdDateTime';
/** What Graph takes in one `in (...)`. */
export const FILTER_SIZE = 15;

/** @returns the path of a guest with the members that tracking needs. */
export function guestPath(id: string): string {
  return userPath(id, TRACKED);
}

/** @returns the path of at most `FILTER_SIZE` guests with the members that tracking needs. */
export function guestsPath(ids: readonly string[]): string {
  return usersPath(ids, TRACKED);
}

/** @param select names of members, separated by commas */
export function userPath(id: string, select: string): string {
  return `/users/${toSegment(id)}?$select=${select}`;
}

/** @returns the path of at most `FILTER_SIZE` users; those that Graph does not know are not in the list. */
export function usersPath(ids: readonly string[], select: string): string {
  if (ids.length > FILTER_SIZE) throw new RangeError(`a filter holds ${FILTER_SIZE} ids`);
  return `/users?$select=${select}&$filter=id%20in%20(${ids.map(toLiteral).join(',')})`;
}

/** @returns the path of the users that have this address, the members that tracking needs. */
export function usersByMailPath(address: string): string {
  const literal = toLiteral(address);
  const filter = [
    `mail%20eq%20${literal}`,
    `otherMails/any(m:m%20eq%20${literal})`,
    `proxyAddresses/any(p:p%20eq%20${toLiteral(`SMTP:${address}`)})`,
  ].join('%20or%20');
  return `/users?$select=${TRACKED}&$filter=${filter}`;
}

/** @returns where following the changes of users begins: the answer holds no user, and the link to what changes from now on. */
export function deltaPath(): string {
  return '/users/delta?$select=id,userPrincipalName,externalUserState,externalUserStateChangeDateTime,createdDateTime,mail&$deltatoken=latest';
}

function toLiteral(text: string): string {
  return encodeURIComponent(`'${text.replaceAll("'", "''")}'`).replaceAll("'", '%27');
}

const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** @returns whether an id may stand in a filter with others: one that Graph dislikes spoils the whole list. */
export function isGuid(id: string): boolean {
  return GUID.test(id);
}

/** @returns the form in which ids are compared: GUIDs are the same in any case; of other ids nobody knows. */
export function toUserKey(id: string): string {
  return isGuid(id) ? id.toLowerCase() : id;
}

/** @returns what is read by one filter each, and what alone: a list of one costs more than the one. */
export function toFilterGroups<Item>(items: readonly Item[]): { groups: Item[][]; alone: Item[] } {
  const groups = Array.from({ length: Math.ceil(items.length / FILTER_SIZE) }, (_, index) =>
    items.slice(index * FILTER_SIZE, (index + 1) * FILTER_SIZE),
  );
  return {
    groups: groups.filter(({ length }) => length > 1),
    alone: groups.filter(({ length }) => length === 1).flat(),
  };
}
