// Sees to it that Graph has our one subscription to changes of users: renews it, or makes it when it is not there.
import { randomBytes } from 'node:crypto';
import type { GraphClient, ReadLimits } from '../graph/client.ts';
import { GraphRefusal, isMissing } from '../graph/graph-error.ts';
import {
  createSubscription,
  deleteSubscription,
  listSubscriptions,
  renewSubscription,
  type GraphSubscription,
} from '../graph/subscriptions.ts';
import type { SubscriptionState } from './subscription-state.ts';

export interface SubscriptionKeeperOptions {
  graph: Pick<GraphClient, 'get' | 'post' | 'patch' | 'delete' | 'toOwnPath'>;
  notificationUrl: string;
  limits: ReadLimits;
  now: () => Date;
}

/** Graph has the only one that there may be, for another receiver: not ours to delete. */
export class ForeignSubscription extends Error {}

/** Writes down how things stand. */
type Save = (state: SubscriptionState) => Promise<void>;

/**
 * @param save called before Graph is asked for a new one
 * @returns how things stand then; throws a `GraphFailure` or `ForeignSubscription`
 */
export type KeepSubscription = (state: SubscriptionState, save: Save) => Promise<SubscriptionState>;

/** Calls to Graph that keeping it takes at the most. */
export const MOST_CALLS = 7;

const RESOURCE = '/users';
/** For users these are all there are: an update may be a creation. */
const CHANGE_TYPE = 'updated,deleted';
/** Graph allows 29 days; one that nobody renews is gone sooner. */
const LIFE_MS = 3 * 86_400_000;

export function createSubscriptionKeeper(options: SubscriptionKeeperOptions): KeepSubscription {
  const { graph, notificationUrl, limits, now } = options;
  const newEnd = () => new Date(Number(now()) + LIFE_MS);
  // Whatever Graph may say, it is renewed in the time that we asked for.
  const toEndMs = (end: Date | null) => Math.min(Number(end ?? Infinity), Number(newEnd()));

  function ask(clientState: string): Promise<GraphSubscription> {
    const address = { notificationUrl, lifecycleNotificationUrl: notificationUrl };
    const request = { changeType: CHANGE_TYPE, resource: RESOURCE, ...address, clientState, expiresAt: newEnd() };
    return createSubscription(graph, request, limits);
  }

  /** Deletes what is ours: the end of its making was never heard, and its secret cannot be learned. */
  async function clear(): Promise<void> {
    const ours = (await listSubscriptions(graph, limits)).find(
      (one) =>
        /^\/?users\/?$/i.test(one.resource ?? '') && URL.parse(one.notificationUrl ?? '')?.href === notificationUrl,
    );
    if (!ours) throw new ForeignSubscription('the application has such a subscription already, for another address');
    await deleteSubscription(graph, ours.id, limits);
  }

  async function create(failures: number, save: Save): Promise<SubscriptionState> {
    // Notifications may come before the answer, and the answer may not come at all.
    const state = { id: null, clientState: newSecret(), expiresAtMs: null, notificationUrl, failures };
    await save(state);
    let created: GraphSubscription;
    try {
      created = await ask(state.clientState);
    } catch (error) {
      if (!(error instanceof GraphRefusal) || error.statusCode !== 409) throw error;
      await clear();
      created = await ask(state.clientState);
    }
    return { ...state, id: created.id, expiresAtMs: toEndMs(created.expiresAt), failures: 0 };
  }

  return async (state, save) => {
    const { id, expiresAtMs, failures } = state;
    if (id === null) return create(failures, save);
    if (state.notificationUrl !== notificationUrl || (expiresAtMs ?? 0) <= Number(now())) {
      await deleteSubscription(graph, id, limits);
      return create(failures, save);
    }
    try {
      return { ...state, expiresAtMs: toEndMs(await renewSubscription(graph, id, newEnd(), limits)), failures: 0 };
    } catch (error) {
      if (!isMissing(error)) throw error;
      return create(failures, save);
    }
  };
}

function newSecret(): string {
  return randomBytes(32).toString('base64url');
}
