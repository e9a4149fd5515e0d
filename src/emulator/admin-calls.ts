/** The `/admin/operations` and `/admin/notifications` routes: end invites, and play the sender of call notifications. */
import { AdminRefusal, optionalCount, optionalText, optionalTextOrNull, requireMembers } from './admin-input.ts';
import { bodyOf, type AddAdminRoute } from './admin-route.ts';
import type { CallNotifications } from './call-notifications.ts';
import { usualResultOf, type CallOperations } from './call-operations.ts';
import type { CallbackTokens, TokenWish } from './callback-tokens.ts';
import { isMembers, type Members } from './member-check.ts';
import type { Settings } from './settings.ts';
import type { WebhookSender } from './webhook-sender.ts';

export interface CallAdminOptions {
  operations: CallOperations;
  notifications: CallNotifications;
  tokens: CallbackTokens;
  sender: WebhookSender;
  settings: Settings;
}

const DELIVERY_MEMBERS = ['operationId', 'url', 'items', 'times', 'token'];
const WISH_MEMBERS = ['alg', 'iss', 'aud', 'tid', 'expiresInMs', 'notBeforeMs', 'kid', 'forged'];
const ALGORITHMS = ['RS256', 'none', 'HS256'] as const;

export function addCallAdmin(route: AddAdminRoute, options: CallAdminOptions): void {
  const { operations, notifications, tokens, sender, settings } = options;

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
    const finished = operations.takeFinished(id);
    if (finished) notifications.announce(finished);
    return { id, ...outcome };
  });

  route('GET', '/notifications', () => ({ notifications: sender.sent() }));
  route('DELETE', '/notifications', () => {
    sender.clear();
    return { notifications: [] };
  });
  route('POST', '/notifications', async (request) => {
    const members = requireMembers(bodyOf(request), 'notification', DELIVERY_MEMBERS);
    const url = optionalText(members, 'url') ?? settings.callbackUrl;
    if (!url) throw new AdminRefusal('url is required while the setting callbackUrl is null');
    const items = itemsOf(members);
    const statuses: (number | null)[] = [];
    for (let left = optionalCount(members, 'times') ?? 1; left > 0; left--) {
      statuses.push(await notifications.send(url, items, await authorizationOf(members['token'])));
    }
    return { status: statuses.at(-1) ?? null, statuses };
  });

  function itemsOf(members: Members): unknown[] {
    const { items } = members;
    if (Array.isArray(items)) return items;
    if (items !== undefined) throw new AdminRefusal('items must be an array');
    const id = optionalText(members, 'operationId');
    if (id === undefined) throw new AdminRefusal('operationId or items is required');
    const operation = operations.byId(id);
    if (!operation) throw new AdminRefusal(`no operation ${id}`, 404);
    return notifications.itemsOf(operation);
  }

  async function authorizationOf(token: unknown): Promise<string | null> {
    if (token === null) return null;
    if (typeof token === 'string') return `Bearer ${token}`;
    return `Bearer ${await tokens.mint(token === undefined ? {} : readWish(token))}`;
  }
}

function readWish(value: unknown): TokenWish {
  const members = requireMembers(value, 'token', WISH_MEMBERS);
  const alg = ALGORITHMS.find((known) => known === members['alg']);
  if (members['alg'] !== undefined && !alg) throw new AdminRefusal(`token.alg must be one of ${ALGORITHMS.join(', ')}`);
  return {
    alg,
    iss: optionalTextOrNull(members, 'iss'),
    aud: optionalTextOrNull(members, 'aud'),
    tid: optionalTextOrNull(members, 'tid'),
    expiresInMs: optionalSpan(members, 'expiresInMs'),
    notBeforeMs: optionalSpan(members, 'notBeforeMs'),
    kid: optionalText(members, 'kid'),
    forged: members['forged'] === true,
  };
}

/** Milliseconds, back or ahead, or undefined when absent. */
function optionalSpan(members: Members, name: string): number | undefined {
  const value = members[name];
  if (value === undefined || (typeof value === 'number' && Number.isSafeInteger(value))) return value;
  throw new AdminRefusal(`token.${name} must be a whole number`);
}
