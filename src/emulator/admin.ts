/** The `/admin` routes: look at what the emulator was asked, switch faults, move its things by hand. */
import { addCallAdmin, type CallAdminOptions } from './admin-calls.ts';
import { AdminRefusal } from './admin-input.ts';
import { bodyOf, type AddAdminRoute } from './admin-route.ts';
import { addSubscriptionAdmin, type SubscriptionAdminOptions } from './admin-subscriptions.ts';
import { addUserAdmin, type UserAdminOptions } from './admin-users.ts';
import { readFault, type Faults } from './faults.ts';
import type { Invitations } from './invitations.ts';
import { isMembers } from './member-check.ts';
import type { RequestLog } from './request-log.ts';
import { readSettings, type Settings } from './settings.ts';
import type { UserDelta } from './user-delta.ts';

export interface AdminOptions extends UserAdminOptions, CallAdminOptions, SubscriptionAdminOptions {
  settings: Settings;
  faults: Faults;
  log: RequestLog;
  invitations: Invitations;
  delta: UserDelta;
}

export function addAdminRoutes(route: AddAdminRoute, options: AdminOptions): void {
  const { settings, faults, log, invitations, delta } = options;

  route('GET', '/requests', () => ({ requests: log.requests() }));
  route('GET', '/counts', () => log.counts());
  route('DELETE', '/requests', () => {
    log.clear();
    return { requests: [] };
  });

  route('GET', '/settings', () => settings);
  route('PUT', '/settings', (request) => Object.assign(settings, readSettings(bodyOf(request))));

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
  route('POST', '/delta/expire', () => {
    delta.expireTokens();
    return {};
  });
  addUserAdmin(route, options);
  addCallAdmin(route, options);
  addSubscriptionAdmin(route, options);
}
