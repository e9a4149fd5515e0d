// Where users are read: by id, or by the address that was invited.
import { toSegment } from './client.ts';

const TRACKED = 'id,userPrincipalName,externalUserState,externalUserStateChangeDateTime,createdDateTime';
const ALL = `${TRACKED},displayName,mail,userType,accountEnabled`;

/** @returns the path of a guest with the members that tracking needs. */
export function guestPath(id: string): string {
  return `/users/${toSegment(id)}?$select=${TRACKED}`;
}

/** @returns the path of a user with all members of the schema. */
export function userPath(id: string): string {
  return `/users/${toSegment(id)}?$select=${ALL}`;
}

/** @returns the path of the users that have this address, the members that tracking needs. */
export function usersByMailPath(address: string): string {
  const literal = encodeURIComponent(`'${address.replaceAll("'", "''")}'`);
  const smtp = encodeURIComponent(`'SMTP:${address.replaceAll("'", "''")}'`);
  const filter = [
    `mail%20eq%20${literal}`,
    `otherMails/any(m:m%20eq%20${literal})`,
    `proxyAddresses/any(p:p%20eq%20${smtp})`,
  ].join('%20or%20');
  return `/users?$select=${TRACKED}&$filter=${filter}`;
}
