// Takes a delivery of call notifications: what concerns an invitation of participants is on disk before it is acknowledged.
import { GatewayError } from '../errors.ts';
import { toKept } from '../tracking/call-notice.ts';
import type { WebhookOptions } from './webhooks.ts';

const MOST_ITEMS = 100;

/** @returns what takes the body of a delivery; throws GatewayError `BAD_REQUEST` when it holds no notifications. */
export function createCallReceiver(options: Pick<WebhookOptions, 'store' | 'count' | 'onNotification'>) {
  const { store, count, onNotification } = options;
  return async (body: unknown): Promise<void> => {
    const kept = toAllKept(readItems(body));
    const bodies = kept.filter((item) => item !== undefined);
    await store.addNotifications(bodies);
    for (const item of kept) count(item === undefined ? 'ignored' : 'accepted');
    if (bodies.length > 0) onNotification();
  };
}

function toAllKept(items: readonly { [member: string]: unknown }[]): (string | undefined)[] {
  try {
    return items.map(toKept);
  } catch (error) {
    // Nested deeper than can be written down: Graph would only send it again.
    if ((error as Error).name !== 'RangeError') throw error;
    throw new GatewayError('BAD_REQUEST', '`value` is nested too deep.');
  }
}

function readItems(body: unknown): { [member: string]: unknown }[] {
  const value = (body as { value?: unknown } | null | undefined)?.value;
  const items: unknown[] = Array.isArray(value) ? value : [];
  const isGood = items.length > 0 && items.length <= MOST_ITEMS && items.every(isObject);
  if (!isGood) throw new GatewayError('BAD_REQUEST', `\`value\` has to be an array of 1 to ${MOST_ITEMS} objects.`);
  return items;
}

function isObject(value: unknown): value is { [member: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
