// The composition root: builds the gateway from its configuration, starts its parts in order and stops them in reverse.
import { readFileSync } from 'node:fs';
import { createNotificationTokenCheck } from './auth/notification-token.ts';
import type { Config } from './config.ts';
import { createCounters } from './counters.ts';
import { isLoopback } from './environment.ts';
import { createBatchReader } from './graph/batch.ts';
import { createGraphClient } from './graph/client.ts';
import { isGraphFailure } from './graph/graph-error.ts';
import { createGovernor, GOVERNED_CONNECTIONS } from './graph/governor.ts';
import { createUserReader } from './graph/user-reader.ts';
import type { Logger } from './logger.ts';
import { createSeldomLog } from './seldom-log.ts';
import { createServer } from './server.ts';
import { ChangeSubscription } from './tracking/change-subscription.ts';
import { Delta } from './tracking/delta.ts';
import { Feed } from './tracking/feed.ts';
import { Loop } from './tracking/loop.ts';
import { Notifications } from './tracking/notifications.ts';
import { Poller } from './tracking/poller.ts';
import { createPostgresStore } from './tracking/postgres.ts';
import { Sender } from './tracking/sender.ts';
import { createSqliteStore } from './tracking/sqlite.ts';
import { isStoreFailure } from './tracking/store-failure.ts';
import { Sweeper } from './tracking/sweeper.ts';
import { createTracker } from './tracking/tracker.ts';
import { Unwritten } from './tracking/unwritten.ts';
import { openUpstream } from './upstream.ts';
import { createWebhookServer } from './webhook-server.ts';

export interface Gateway {
  /** @returns the address that the gateway is reached at, and the emulator's if there is one */
  start(): Promise<{ url: string; emulatorUrl: string | null }>;
  /** Answers what has been asked, then stops every part. */
  stop(): Promise<void>;
  /** How many subscribers are watching. */
  watchCount(): number;
}

/** How long a claimed record is one replica's own. */
const LEASE_MS = 15_000;
const PRUNE_EVERY_MS = 3_600_000;

interface Part {
  stop(): Promise<void>;
}

export function createGateway(config: Config, logger: Logger): Gateway {
  const { webhooks } = config;
  const parts: Part[] = [];
  let feed: Feed | undefined;
  /** Remembers what was started, so that a start which fails half-way leaves nothing running. */
  async function begin<Started extends Part>(part: Started & { start?(): unknown }): Promise<Started> {
    parts.unshift(part);
    await part.start?.();
    return part;
  }

  async function start() {
    if (config.auth.mode === 'developer' && !isLoopback(config.host)) {
      logger.warn({ host: config.host }, 'everybody who reaches this address acts as the same caller');
    }
    const { baseUrl, loadToken, stamp, caller } = await begin(await openUpstream(config, logger));
    const storeOptions = { stamp, keyMs: config.idempotencyKeyMs, quotas: config.quotas };
    const store = await begin(
      'file' in config.store
        ? createSqliteStore({ file: config.store.file, ...storeOptions })
        : createPostgresStore({ url: config.store.databaseUrl, logger, ...storeOptions }),
    );
    const counters = createCounters();
    const now = () => new Date();
    const count = (name: string) => counters.count(name);
    const odd = createSeldomLog({ logger, count, now });
    const governor = createGovernor({
      onChange: (scope, from, to) =>
        to === 'available'
          ? logger.info({ scope, from, to }, 'Graph is available again')
          : logger.warn({ scope, from, to }, 'the availability of Graph has changed'),
    });
    const client = await begin(
      createGraphClient({
        baseUrl,
        version: config.graph.version,
        loadToken,
        connections: GOVERNED_CONNECTIONS,
        governor,
        onOddity: (oddity) => odd(oddity, {}, 'Graph answered against its own rules; it was borne with'),
      }),
    );
    // Stopped before the client, so that nothing waits for connections that are gone.
    await begin(governor);
    const reader = createBatchReader(client);

    const onError = (part: string) => (error: unknown) => {
      if (isGraphFailure(error)) logger.warn({ err: error, part }, 'Graph failed this part, which goes on trying');
      else if (isStoreFailure(error))
        odd('storeFailed', { err: error }, 'the store fails all parts, which go on trying');
      else logger.error({ err: error, part }, 'a pass failed and is made again');
    };
    const unwritten = await begin(
      new Unwritten({
        onLost: (records) => odd('answersLost', { records }, 'answers of Graph could not be written down in time'),
        onError: onError('unwritten answers'),
      }),
    );
    const { pollIntervalMs, graphTimeoutMs: timeoutMs } = config;
    const common = { store, now, leaseMs: LEASE_MS, logger, count };
    const reading = { ...common, reader, intervalMs: pollIntervalMs };
    const pauseMs = (scope: 'calls' | 'directory') => () => governor.delayMs(scope, 'poll');

    const notifications = new Notifications({ ...common, pollIntervalMs, onError: onError('notifications') });
    const changeSubscription =
      webhooks &&
      new ChangeSubscription({
        ...common,
        graph: client,
        publicUrl: webhooks.publicUrl,
        timeoutMs,
        onError: onError('change subscription'),
      });
    const poller = new Poller({
      ...reading,
      pauseMs: pauseMs('calls'),
      isTold: () => notifications.isHealthy(),
      onError: onError('poller'),
    });
    const delta = new Delta({
      ...common,
      client,
      intervalMs: pollIntervalMs,
      pauseMs: pauseMs('directory'),
      isNotified: () => changeSubscription?.isHealthy() ?? false,
      onUnannounced: () => changeSubscription?.verify(),
      onError: onError('delta'),
    });
    const sweeper = new Sweeper({
      ...reading,
      pauseMs: pauseMs('directory'),
      isFollowed: (since) => delta.isHealthy(since),
      onMissed: (recordId) => logger.warn({ recordId }, 'delta had not told of a change that the sweep found'),
      onError: onError('sweeper'),
    });
    const sender = new Sender({
      ...reading,
      unwritten,
      client,
      timeoutMs,
      pauseMs: () => governor.delayMs('directory', 'mutation'),
      onError: onError('sender'),
    });
    feed = await begin(
      new Feed({
        store,
        pollIntervalMs,
        onWatch: () => poller.poke(),
        onInvitationWatch: () => delta.hurry(),
        onError: onError('feed'),
      }),
    );
    const loops = [poller, delta, sweeper, sender, ...(webhooks ? [notifications] : [])];
    await begin({
      start: () => loops.forEach((loop) => loop.start()),
      // Together: none begins anything new while another one ends what is under way.
      stop: async () => void (await Promise.all(loops.map((loop) => loop.stop()))),
    });
    await begin(
      new Loop({
        tick: async () => {
          await store.prune(config.retentionMs);
          return PRUNE_EVERY_MS;
        },
        onError: onError('pruning'),
        retryMs: PRUNE_EVERY_MS,
      }),
    );
    const tracker = await begin(
      createTracker({
        ...config,
        store,
        unwritten,
        graph: client,
        now,
        timeoutMs,
        usersOf: config.graph.mode === 'live' && config.graph.onBehalfOf ? config.graph.tenantId : null,
        onQueued: () => sender.poke(),
      }),
    );
    const status = {
      version: readVersion(),
      mode: config.graph.mode,
      graph: () => governor.availability(),
      pollLagMs: () => store.lagMs(),
    };
    const server = createServer({
      ...config,
      services: { store, tracker, feed, users: createUserReader(reader), timeoutMs, status },
      inspect: () => ({
        scopes: governor.state(),
        delta: { isHealthy: delta.isHealthy(), ...delta.counts, missed: sweeper.missedByDelta },
        counters: counters.read(),
      }),
      logger,
    });
    parts.unshift(server);
    const url = await server.start();
    if (webhooks && caller && changeSubscription) {
      const webhookServer = createWebhookServer({
        ...common,
        host: config.host,
        port: webhooks.port,
        tokenCheck: createNotificationTokenCheck(caller),
        tenantId: caller.tenantId,
        onNotification: () => notifications.poke(),
        onChange: () => delta.poke(),
        onLifecycle: () => changeSubscription.poke(),
      });
      parts.unshift(webhookServer);
      logger.info({ url: await webhookServer.start(), publicUrl: webhooks.publicUrl }, 'listening for Graph');
      // Graph asks back before it makes a subscription.
      await begin(changeSubscription);
    }
    // What is wrong with the credential is logged now, and not only when somebody invites.
    loadToken().catch(() => {});
    return { url, emulatorUrl: config.graph.mode === 'emulator' ? baseUrl : null };
  }

  async function stop() {
    for (const part of parts.splice(0)) await part.stop();
  }

  return {
    async start() {
      try {
        return await start();
      } catch (error) {
        await stop();
        throw error;
      }
    },
    stop,
    watchCount: () => feed?.watchCount ?? 0,
  };
}

function readVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return version;
}
