/** The `/admin/subscriptions` routes: see them whole, move their end, drop them, and play their lifecycle. */
import { AdminRefusal, optionalDate, requireMembers } from './admin-input.ts';
import { bodyOf, type AddAdminRoute } from './admin-route.ts';
import type { Subscription, SubscriptionRows } from './subscription-rows.ts';
import type { Subscriptions } from './subscriptions.ts';

export interface SubscriptionAdminOptions {
  rows: SubscriptionRows;
  subscriptions: Subscriptions;
}

const EVENTS = ['reauthorizationRequired', 'subscriptionRemoved', 'missed'];

export function addSubscriptionAdmin(route: AddAdminRoute, { rows, subscriptions }: SubscriptionAdminOptions): void {
  const requireLive = (id = ''): Subscription => {
    const subscription = rows.byId(id);
    if (!subscription) throw new AdminRefusal(`no subscription ${id}`, 404);
    return subscription;
  };

  route('GET', '/subscriptions', () => ({ subscriptions: rows.live() }));
  route('POST', '/subscriptions/:id', (request) => {
    const { id } = requireLive(request.params.id);
    const given = optionalDate(
      requireMembers(bodyOf(request), 'subscription', ['expirationDateTime']),
      'expirationDateTime',
    );
    if (given === undefined) throw new AdminRefusal('expirationDateTime is required');
    rows.setExpiry(id, Date.parse(given));
    return { id, expiresAt: Date.parse(given) };
  });
  route('DELETE', '/subscriptions/:id', (request) => {
    const { id } = requireLive(request.params.id);
    rows.remove(id);
    return { id };
  });
  route('POST', '/subscriptions/:id/lifecycle', async (request) => {
    const subscription = requireLive(request.params.id);
    const { lifecycleEvent } = requireMembers(bodyOf(request), 'lifecycle', ['lifecycleEvent']);
    if (typeof lifecycleEvent !== 'string' || !EVENTS.includes(lifecycleEvent)) {
      throw new AdminRefusal(`lifecycleEvent must be one of ${EVENTS.join(', ')}`);
    }
    const url = subscription.lifecycleNotificationUrl;
    if (url === null) throw new AdminRefusal('the subscription has no lifecycleNotificationUrl');
    if (lifecycleEvent === 'subscriptionRemoved') rows.remove(subscription.id);
    return { status: await subscriptions.sendLifecycle(subscription, url, lifecycleEvent) };
  });
}
