/** The `/admin/users` routes: make users, change them, restore them and remove them for good. */
import { AdminRefusal, optionalDate, optionalTextOrNull, requireMembers } from './admin-input.ts';
import { bodyOf, type AddAdminRoute } from './admin-route.ts';
import type { Directory, DirectoryUser } from './directory.ts';
import { toGraphDate } from './graph-answer.ts';
import { externalUser } from './invitations.ts';
import type { Members } from './member-check.ts';
import type { RandomIds } from './random-ids.ts';

export interface UserAdminOptions {
  directory: Directory;
  ids: RandomIds;
  tenantDomain: string;
  now: () => number;
}

const NEVER_INVITED = {
  creationType: null,
  externalUserState: null,
  externalUserStateChangeDateTime: null,
  otherMails: [],
  mailNickname: null,
};

const STATE_MEMBERS = ['externalUserState', 'externalUserStateChangeDateTime', 'accountEnabled', 'createdDateTime'];
const NEW_USER_MEMBERS = [...STATE_MEMBERS, 'mail', 'userType', 'displayName', 'userPrincipalName'];

export function addUserAdmin(route: AddAdminRoute, { directory, ids, tenantDomain, now }: UserAdminOptions): void {
  route('POST', '/users', (request) => {
    const user = newUser(bodyOf(request));
    directory.add(user, 0);
    return { id: user.id, userPrincipalName: user.userPrincipalName };
  });
  route('POST', '/users/:id', (request) => {
    const id = request.params.id ?? '';
    const user = directory.byId(id);
    if (!user) throw new AdminRefusal(`no user ${id}`, 404);
    const changed = { ...user, ...stateOf(requireMembers(bodyOf(request), 'user', STATE_MEMBERS)) };
    directory.update(changed);
    return changed;
  });
  route('DELETE', '/users/:id', (request) => {
    const id = request.params.id ?? '';
    if (!directory.erase(id)) throw new AdminRefusal(`no user ${id}`, 404);
    return { id };
  });
  route('POST', '/users/:id/restore', (request) => {
    const id = request.params.id ?? '';
    if (!directory.isRemoved(id)) throw new AdminRefusal(`no removed user ${id}`, 404);
    if (!directory.restore(id)) throw new AdminRefusal(`the name of user ${id} has been given to another`, 409);
    return { id };
  });

  function newUser(body: unknown): DirectoryUser {
    const members = requireMembers(body, 'user', NEW_USER_MEMBERS);
    const { mail, userType = 'Guest' } = members;
    if (typeof mail !== 'string' || !mail.includes('@')) throw new AdminRefusal('mail must be a mail address');
    if (userType !== 'Guest' && userType !== 'Member') throw new AdminRefusal("userType must be 'Guest' or 'Member'");
    const isGuest = userType === 'Guest';
    const userName = isGuest ? `${mail.replace('@', '_')}#EXT#@${tenantDomain}` : mail;
    const userPrincipalName = optionalTextOrNull(members, 'userPrincipalName') ?? userName;
    if (directory.readable(userPrincipalName, Infinity))
      throw new AdminRefusal(`userPrincipalName ${userPrincipalName} is taken`);
    return {
      ...externalUser(mail, toGraphDate(now())),
      ...(!isGuest && NEVER_INVITED),
      ...stateOf(members),
      id: ids.nextId(),
      userPrincipalName,
      displayName: optionalTextOrNull(members, 'displayName') ?? mail.slice(0, mail.indexOf('@')),
      userType,
    };
  }
}

function stateOf(members: Members): Partial<DirectoryUser> {
  const { accountEnabled } = members;
  if (accountEnabled !== undefined && typeof accountEnabled !== 'boolean')
    throw new AdminRefusal('accountEnabled must be a boolean');
  const externalUserState = optionalTextOrNull(members, 'externalUserState');
  const externalUserStateChangeDateTime = optionalTextOrNull(members, 'externalUserStateChangeDateTime');
  const createdDateTime = optionalDate(members, 'createdDateTime');
  return {
    ...(accountEnabled !== undefined && { accountEnabled }),
    ...(externalUserState !== undefined && { externalUserState }),
    ...(externalUserStateChangeDateTime !== undefined && { externalUserStateChangeDateTime }),
    ...(createdDateTime !== undefined && { createdDateTime }),
  };
}
