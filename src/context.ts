// Everything that a resolver may touch.
import type { Caller } from './auth/caller.ts';
import { createLoaders, type LoaderOptions, type Loaders } from './loaders.ts';
import type { Feed } from './tracking/feed.ts';
import type { Store } from './tracking/store.ts';
import type { Tracker } from './tracking/tracker.ts';

export interface GraphQLContext {
  caller: Caller;
  loaders: Loaders;
  tracker: Tracker;
  feed: Pick<Feed, 'watchRecord' | 'watchCall'>;
  records: Pick<Store, 'find' | 'list'>;
}

/** What lives as long as the gateway. */
export interface Services extends Omit<LoaderOptions, 'cache' | 'store'> {
  store: Store;
  tracker: Tracker;
  feed: Feed;
}

/** @param isLong whether the context outlives one answer, as that of a socket does */
export function createContext(services: Services, caller: Caller, { isLong }: { isLong: boolean }): GraphQLContext {
  const { store, tracker, feed, reader, timeoutMs } = services;
  return {
    caller,
    tracker,
    feed,
    records: store,
    loaders: createLoaders({ reader, store, timeoutMs, cache: !isLong }),
  };
}
