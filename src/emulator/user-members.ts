/** Which members of a user an answer shows. */
import type { DirectoryUser } from './directory.ts';
import { badRequest, GraphRefusal, type GraphRequest } from './graph-answer.ts';

export type UserMember = Exclude<keyof DirectoryUser, 'sponsors'>;

/** What comes when nothing is selected. */
export const DEFAULT_MEMBERS: UserMember[] = [
  'businessPhones',
  'displayName',
  'givenName',
  'jobTitle',
  'mail',
  'mobilePhone',
  'officeLocation',
  'preferredLanguage',
  'surname',
  'userPrincipalName',
  'id',
];
const OTHER_MEMBERS: UserMember[] = [
  'accountEnabled',
  'companyName',
  'createdDateTime',
  'creationType',
  'department',
  'externalUserState',
  'externalUserStateChangeDateTime',
  'identities',
  'mailNickname',
  'otherMails',
  'proxyAddresses',
  'usageLocation',
  'userType',
];
const MEMBERS = new Map([...DEFAULT_MEMBERS, ...OTHER_MEMBERS].map((name) => [name.toLowerCase(), name]));

/** The user with these members only. */
export function project(user: DirectoryUser, members: UserMember[]): Record<string, unknown> {
  return Object.fromEntries(members.map((name) => [name, user[name]]));
}

/** `@odata.context` of an answer with these users. */
export function contextOf(request: GraphRequest, query = request.query): string {
  const select = query.get('$select');
  return `${request.root}/$metadata#users${select ? `(${select})` : ''}`;
}

/** What `$select` names. @throws GraphRefusal 400 for a member that users do not have. */
export function selectedMembers(query: URLSearchParams): UserMember[] {
  const select = query.get('$select');
  if (select === null) return DEFAULT_MEMBERS;
  return select.split(',').map((given) => {
    const member = MEMBERS.get(given.trim().toLowerCase());
    if (!member) throw badRequest(`Could not find a property named '${given.trim()}' on type 'microsoft.graph.user'.`);
    return member;
  });
}

/** @throws GraphRefusal 400 for an option of OData that is not known here. */
export function refuseOptions(query: URLSearchParams, known: string[]): void {
  for (const name of query.keys()) {
    if (name.startsWith('$') && !known.includes(name)) {
      throw new GraphRefusal(400, 'Request_UnsupportedQuery', `Unsupported Query: '${name}' is not supported here.`);
    }
  }
}
