/** The subscriptions, as rows: an expired one is as good as none. */
import type { State } from './state.ts';

export interface Subscription {
  id: string;
  changeType: string;
  resource: string;
  notificationUrl: string;
  lifecycleNotificationUrl: string | null;
  clientState: string | null;
  /** Milliseconds since 1970. */
  expiresAt: number;
}

export interface SubscriptionRows {
  live(): Subscription[];
  byId(id: string): Subscription | undefined;
  add(subscription: Subscription): void;
  setExpiry(id: string, expiresAt: number): void;
  remove(id: string): void;
}

export function createSubscriptionRows({ db }: State, now: () => number): SubscriptionRows {
  const live = db.prepare('SELECT data, expiresAt FROM subscriptions WHERE expiresAt > ? ORDER BY seq');
  const byId = db.prepare('SELECT data, expiresAt FROM subscriptions WHERE id = ? AND expiresAt > ?');
  const insert = db.prepare('INSERT INTO subscriptions (id, expiresAt, data) VALUES (?, ?, ?)');
  const setExpiry = db.prepare('UPDATE subscriptions SET expiresAt = ?2 WHERE id = ?1');
  const remove = db.prepare('DELETE FROM subscriptions WHERE id = ?');
  const removeExpired = db.prepare('DELETE FROM subscriptions WHERE expiresAt <= ?');

  return {
    live: () => live.all(now()).map(toSubscription),
    byId(id) {
      const row = byId.get(id, now());
      return row && toSubscription(row);
    },
    add(subscription) {
      removeExpired.run(now());
      insert.run(subscription.id, subscription.expiresAt, JSON.stringify(subscription));
    },
    setExpiry: (id, expiresAt) => void setExpiry.run(id, expiresAt),
    remove: (id) => void remove.run(id),
  };
}

function toSubscription(row: Record<string, unknown>): Subscription {
  return { ...(JSON.parse(String(row['data'])) as Subscription), expiresAt: Number(row['expiresAt']) };
}
