// The one connection per replica over which PostgreSQL says that the change log has grown.
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

export interface PostgresListenerOptions {
  config: pg.ClientConfig;
  /** SQL expression that gives the channel's name. */
  channel: string;
  /** Called for each word from the server, and when the connection is there: something may have been missed before. */
  onPoke: () => void;
  onError: (error: unknown) => void;
}

export interface PostgresListener {
  /** Resolves after the first try to connect; the others go on by themselves. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

export function createPostgresListener({ config, channel, onPoke, onError }: PostgresListenerOptions): PostgresListener {
  const stopping = new AbortController();
  let running: Promise<void> | undefined;

  /** Resolves when the connection has ended. */
  async function listen(onListening: () => void): Promise<void> {
    const client = new pg.Client(config);
    const ended = new Promise<void>((resolve, reject) => {
      client.on('error', reject);
      client.once('end', resolve);
    });
    const open = async () => {
      await client.connect();
      const { rows } = await client.query<{ channel: string }>(`select ${channel} as channel`);
      await client.query(`listen ${client.escapeIdentifier(rows[0]?.channel ?? '')}`);
      onListening();
      onPoke();
      return ended;
    };
    const end = () => void client.end().catch(() => {});
    client.on('notification', onPoke);
    stopping.signal.addEventListener('abort', end);
    try {
      // A client that is ended while it connects never says that it did not.
      await Promise.race([ended, open()]);
    } finally {
      stopping.signal.removeEventListener('abort', end);
      await client.end().catch(() => {});
    }
  }

  async function keepListening(onTried: () => void): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS;
    while (!stopping.signal.aborted) {
      try {
        await listen(() => {
          pauseMs = FIRST_PAUSE_MS;
          onTried();
        });
      } catch (error) {
        if (!stopping.signal.aborted) onError(error);
      }
      onTried();
      await sleep(pauseMs, undefined, { signal: stopping.signal }).catch(() => {});
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    }
  }

  return {
    start: () =>
      new Promise((resolve) => {
        running = keepListening(resolve);
      }),

    async stop() {
      stopping.abort();
      await running;
    },
  };
}
