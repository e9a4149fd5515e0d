// What one request reads more than once: batched and shared among its resolvers.
import DataLoader from 'dataloader';
import type { BatchReader } from './graph/batch.ts';
import { toPath } from './graph/client.ts';
import { isMissing, toGatewayError } from './graph/graph-error.ts';
import { toUser } from './graph/read-resources.ts';
import type { GraphUser } from './graph/resources.ts';
import { userPath } from './graph/users.ts';
import type { TrackingRecord } from './tracking/record.ts';
import type { Store } from './tracking/store.ts';

export interface LoaderOptions {
  reader: BatchReader;
  store: Pick<Store, 'histories'>;
  timeoutMs: number;
  /** Whether a key is read once only; not for a subscription, whose context lives long. */
  cache: boolean;
}

export interface Loaders {
  /** A user of the directory, null when Graph does not know it (yet). */
  user: DataLoader<string, GraphUser | null>;
  /** The newest revisions of a record, oldest first. */
  history: (recordId: string, last: number) => Promise<TrackingRecord[]>;
}

export function createLoaders({ reader, store, timeoutMs, cache }: LoaderOptions): Loaders {
  const histories = new DataLoader<{ recordId: string; last: number }, TrackingRecord[], string>(
    async (keys) => {
      const most = Math.max(...keys.map(({ last }) => last));
      const found = await store.histories(
        keys.map(({ recordId }) => recordId),
        most,
      );
      return keys.map(({ last }, index) => found[index]?.slice(-last) ?? []);
    },
    { cache, cacheKeyFn: ({ recordId, last }) => `${recordId} ${last}` },
  );
  return {
    user: new DataLoader<string, GraphUser | null>(
      async (ids) => {
        const paths = ids.map((id) => toPath(() => userPath(id)));
        return (await reader.read(paths, { timeoutMs, repeat: 'asRead' })).map((result) => {
          if (!result) return null;
          if ('body' in result) return toUser(result.body);
          return isMissing(result.error) ? null : toGatewayError(result.error);
        });
      },
      { cache },
    ),
    history: (recordId, last) => histories.load({ recordId, last }),
  };
}
