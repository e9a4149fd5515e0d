// The upstream side of a gateway without its server: what asks Graph, on a store and an emulator, one pass at a time.
import { createBatchReader } from '../../src/graph/batch.ts';
import { createGraphClient } from '../../src/graph/client.ts';
import { createGovernor } from '../../src/graph/governor.ts';
import type { LoadToken } from '../../src/graph/token.ts';
import { Notifications } from '../../src/tracking/notifications.ts';
import { Poller } from '../../src/tracking/poller.ts';
import { Sender } from '../../src/tracking/sender.ts';
import type { Store } from '../../src/tracking/store.ts';
import { Sweeper } from '../../src/tracking/sweeper.ts';
import { createTracker } from '../../src/tracking/tracker.ts';
import { Unwritten } from '../../src/tracking/unwritten.ts';

export interface UpstreamOptions {
  store: Store;
  baseUrl: string;
  now: () => Date;
  timeoutMs: number;
  intervalMs: number;
  operationDeadlineMs?: number;
  loadToken?: LoadToken;
  usersOf?: string;
}

/** Nothing runs by itself: call `tick`. */
export function createUpstream(options: UpstreamOptions) {
  const { store, baseUrl, now, timeoutMs, intervalMs } = options;
  const governor = createGovernor({ now: () => Number(now()) });
  const { loadToken = () => Promise.resolve('token') } = options;
  const connection = { baseUrl, version: 'v1.0', loadToken, connections: 16 };
  const client = createGraphClient({ ...connection, governor });
  const onError = (error: unknown) => {
    throw error;
  };
  const common = { store, now, intervalMs, leaseMs: 15_000, pauseMs: () => 0, onError };
  const reader = createBatchReader(client);
  const unwritten = new Unwritten({ onLost: onError, onError });
  return {
    unwritten,
    tracker: createTracker({
      store,
      unwritten,
      graph: client,
      now,
      timeoutMs,
      pollIntervalMs: intervalMs,
      invitationDeadlineMs: 3_600_000,
      operationDeadlineMs: options.operationDeadlineMs ?? 3_600_000,
      inviteLists: { allowedDomains: [], blockedDomains: [], ccAllowed: [], redirectOrigins: [] },
      offersCallInvitations: true,
      usersOf: options.usersOf ?? null,
      onQueued: () => {},
    }),
    sender: new Sender({ ...common, unwritten, client, timeoutMs }),
    poller: new Poller({ ...common, reader, isTold: () => false }),
    sweeper: new Sweeper({ ...common, reader, isFollowed: () => false, onMissed: () => {} }),
    notifications: new Notifications({
      ...common,
      pollIntervalMs: intervalMs,
      logger: { warn: () => {} },
      count: () => {},
    }),
    async stop() {
      await governor.stop();
      await client.stop();
    },
  };
}
