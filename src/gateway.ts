// The composition root: builds the gateway from its configuration, starts its parts in order and stops them in reverse.
import { isLoopback, type Config } from './config.ts';
import { createEmulator } from './emulator/emulator.ts';
import { createBatchReader } from './graph/batch.ts';
import { createGraphClient } from './graph/client.ts';
import type { Logger } from './logger.ts';
import { createServer } from './server.ts';
import { Feed } from './tracking/feed.ts';
import { Loop } from './tracking/loop.ts';
import { Poller } from './tracking/poller.ts';
import { createPostgresStore } from './tracking/postgres.ts';
import { createSqliteStore } from './tracking/sqlite.ts';
import { createTracker } from './tracking/tracker.ts';

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
const CALLER_CONNECTIONS = 64;
const POLL_CONNECTIONS = 8;
const PRUNE_EVERY_MS = 3_600_000;

interface Part {
  stop(): Promise<void>;
}

/** The Graph that is asked. */
interface Upstream {
  baseUrl: string;
  token: string;
  /** Marks a store as belonging to it. */
  stamp: string;
}

function toLive({ baseUrl, token }: Extract<Config['graph'], { mode: 'live' }>): Upstream {
  return { baseUrl, token, stamp: new URL(baseUrl).origin };
}

export function createGateway(config: Config, logger: Logger): Gateway {
  const parts: Part[] = [];
  let feed: Feed | undefined;
  /** Remembers what was started, so that a start which fails half-way leaves nothing running. */
  async function begin<Started extends Part>(part: Started & { start?(): unknown }): Promise<Started> {
    parts.unshift(part);
    await part.start?.();
    return part;
  }

  async function emulate(graph: Extract<Config['graph'], { mode: 'emulator' }>): Promise<Upstream> {
    const emulator = createEmulator(graph.emulator);
    parts.unshift(emulator);
    const baseUrl = await emulator.start();
    logger.warn({ emulator: baseUrl }, 'Graph is emulated: nobody is really invited, and nothing leaves this machine');
    // The emulator's port is chance, its state is not.
    return { baseUrl, token: 'emulator', stamp: 'emulator' };
  }

  async function start() {
    if (!isLoopback(config.host)) {
      logger.warn({ host: config.host }, 'everybody who reaches this address acts as the same caller');
    }
    const { baseUrl, token, stamp } = config.graph.mode === 'live' ? toLive(config.graph) : await emulate(config.graph);
    const store = await begin(
      'file' in config.store
        ? createSqliteStore({ file: config.store.file, stamp })
        : createPostgresStore({ url: config.store.databaseUrl, stamp, logger }),
    );
    const connection = { baseUrl, version: config.graph.version, loadToken: () => Promise.resolve(token) };
    const graph = await begin(createGraphClient({ ...connection, connections: CALLER_CONNECTIONS }));
    // Polls have connections of their own, so that neither they nor callers ever wait for the other.
    const polls = await begin(createGraphClient({ ...connection, connections: POLL_CONNECTIONS }));
    const reader = createBatchReader(graph);
    const now = () => new Date();
    const onError = (part: string) => (error: unknown) =>
      logger.error({ err: error, part }, 'a pass failed and is made again');
    const poller = new Poller({
      store,
      reader: createBatchReader(polls),
      now,
      intervalMs: config.pollIntervalMs,
      leaseMs: LEASE_MS,
      onError: onError('poller'),
    });
    feed = await begin(
      new Feed({
        store,
        pollIntervalMs: config.pollIntervalMs,
        onWatch: () => poller.poke(),
        onError: onError('feed'),
      }),
    );
    await begin(poller);
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
        store,
        graph,
        now,
        timeoutMs: config.graphTimeoutMs,
        pollIntervalMs: config.pollIntervalMs,
        invitationDeadlineMs: config.invitationDeadlineMs,
        operationDeadlineMs: config.operationDeadlineMs,
        redirectOrigins: config.redirectOrigins,
      }),
    );
    const server = createServer({
      ...config,
      services: { store, tracker, feed, reader, timeoutMs: config.graphTimeoutMs },
      logger,
    });
    parts.unshift(server);
    return { url: await server.start(), emulatorUrl: config.graph.mode === 'emulator' ? baseUrl : null };
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
