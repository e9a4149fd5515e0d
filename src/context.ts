// Everything that a resolver may touch.
import type { Caller } from './auth/caller.ts';
import type { Availability } from './graph/scope-state.ts';
import { createLoaders, type LoaderOptions, type Loaders } from './loaders.ts';
import type { Feed } from './tracking/feed.ts';
import type { Store } from './tracking/store.ts';
import type { Tracker } from './tracking/tracker.ts';

/** What the gateway tells about itself. */
export interface GatewayStatus {
  version: string;
  mode: 'emulator' | 'live';
  graph: () => Availability;
  pollLagMs: () => Promise<number>;
}

export interface GraphQLContext {
  caller: Caller;
  status: GatewayStatus;
  loaders: Loaders;
  tracker: Tracker;
  feed: Pick<Feed, 'watchRecord' | 'watchCall' | 'watchBulk'>;
  records: Pick<Store, 'find' | 'list'>;
}

/** What lives as long as the gateway. */
export interface Services extends Omit<LoaderOptions, 'cache' | 'store'> {
  store: Store;
  tracker: Tracker;
  feed: Feed;
  status: GatewayStatus;
}

/** @param isLong whether the context outlives one answer, as that of a socket does */
export function createContext(services: Services, caller: Caller, { isLong }: { isLong: boolean }): GraphQLContext {
  const { store, tracker, feed, status, users, timeoutMs } = services;
  return {
    caller,
    tracker,
    feed,
    status,
    records: store,
    loaders: createLoaders({ users, store, timeoutMs, cache: !isLong }),
  };
}
