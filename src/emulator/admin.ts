/** The `/admin` routes: look at what the emulator was asked, switch faults, move its things by hand. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { AdminRefusal, optionalCount, optionalDate, optionalTextOrNull, requireMembers } from './admin-input.ts';
import { usualResultOf, type CallOperations } from './call-operations.ts';
import type { Directory, DirectoryUser } from './directory.ts';
import { readFault, type Faults } from './faults.ts';
import { toGraphDate } from './graph-answer.ts';
import { externalUser, type Invitations } from './invitations.ts';
import { isMembers, type Members } from './member-check.ts';
import type { RandomIds } from './random-ids.ts';
import type { RequestLog } from './request-log.ts';

export interface Settings {
  operationMs: number;
  finishedMs: number;
  replicationMs: number;
}

export interface AdminOptions {
  settings: Settings;
  faults: Faults;
  log: RequestLog;
  directory: Directory;
  invitations: Invitations;
  operations: CallOperations;
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

type AdminHandler = (request: FastifyRequest<{ Params: { id?: string } }>) => unknown;

const SETTINGS = ['operationMs', 'finishedMs', 'replicationMs'] as const;
const STATE_MEMBERS = ['externalUserState', 'externalUserStateChangeDateTime', 'accountEnabled', 'createdDateTime'];
const NEW_USER_MEMBERS = [...STATE_MEMBERS, 'mail', 'userType', 'displayName', 'userPrincipalName'];

export function addAdminRoutes(server: FastifyInstance, options: AdminOptions): void {
  const { settings, faults, log, directory, invitations, operations, ids, tenantDomain, now } = options;
  const route = (method: 'GET' | 'PUT' | 'POST' | 'DELETE', url: string, handle: AdminHandler): void => {
    server.route<{ Params: { id?: string } }>({
      method,
      url: `/admin${url}`,
      handler: async (request, reply) => {
        try {
          return await reply.send(handle(request));
        } catch (error) {
          if (error instanceof AdminRefusal) return reply.code(error.status).send({ error: error.message });
          throw error;
        }
      },
    });
  };

  route('GET', '/requests', () => ({ requests: log.requests() }));
  route('GET', '/counts', () => log.counts());
  route('DELETE', '/requests', () => {
    log.clear();
    return { requests: [] };
  });

  route('GET', '/settings', () => settings);
  route('PUT', '/settings', (request) => {
    const members = requireMembers(bodyOf(request), 'settings', [...SETTINGS]);
    const changes = SETTINGS.map((name) => [name, optionalCount(members, name) ?? settings[name]] as const);
    return Object.assign(settings, Object.fromEntries(changes));
  });

  const faultList = (): { faults: unknown[] } => ({ faults: faults.list() });
  route('GET', '/faults', faultList);
  route('PUT', '/faults', (request) => {
    const body = bodyOf(request);
    const list = isMembers(body) && 'faults' in body ? body['faults'] : body;
    if (!Array.isArray(list))
      throw new AdminRefusal('the body must be an array of faults, or an object with the array faults');
    faults.replace(list.map(readFault));
    return faultList();
  });
  route('POST', '/faults', (request) => {
    faults.add(readFault(bodyOf(request)));
    return faultList();
  });
  route('DELETE', '/faults', () => {
    faults.replace([]);
    return faultList();
  });

  route('GET', '/invitations', () => ({ invitations: invitations.made() }));
  route('GET', '/operations', () => ({ operations: operations.all() }));
  route('POST', '/operations/:id', (request) => {
    const { status, resultInfo } = requireMembers(bodyOf(request), 'operation', ['status', 'resultInfo']);
    if (typeof status !== 'string' || !status) throw new AdminRefusal('status must be a string');
    if (resultInfo !== undefined && resultInfo !== null && !isMembers(resultInfo)) {
      throw new AdminRefusal('resultInfo must be a JSON object or null');
    }
    const id = request.params.id ?? '';
    const outcome = { status, resultInfo: resultInfo === undefined ? usualResultOf(status) : resultInfo };
    if (!operations.force(id, outcome)) throw new AdminRefusal(`no operation ${id}`, 404);
    return { id, ...outcome };
  });

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

function bodyOf(request: FastifyRequest): unknown {
  try {
    return JSON.parse(String(request.body)) as unknown;
  } catch {
    throw new AdminRefusal('the body must be JSON');
  }
}
