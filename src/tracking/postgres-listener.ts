// The one connection per replica over which PostgreSQL says that the change log has grown.
import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

export interface PostgresListenerOptions {
  config: pg.ClientConfig;
  /** SQL expression that gives the channel's name. */
  channel: string;
  /** Called for each word from the server, and when the connection is there: something may have been missed before. */
  onPoke: () => void;
  /** Told once each time that the connection is lost. */
  onError: (error: unknown) => void;
}

export interface PostgresListener {
  /** Resolves after the first try to connect; the others go on by themselves. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

export function createPostgresListener({
  config,
  channel,
  onPoke,
  onError,
}: PostgresListenerOptions): PostgresListener {
  const stopping = new AbortController();
  let running: Promise<void> | undefined;

  /** Rejects when the connection is lost, or cannot be made. */
  async function listen(onListening: () => void): Promise<void> {
    // Nothing is lost with the socket, while a polite end waits for a server that may not answer.
    const socket = new Socket();
    const cut = () => void socket.destroy();
    stopping.signal.addEventListener('abort', cut);
    const client = new pg.Client({ ...config, stream: () => socket });
    const lost = new Promise<never>((_, reject) => client.on('error', reject));
    lost.catch(() => {});
    client.on('notification', onPoke);
    try {
      await client.connect();
      const { rows } = await client.query<{ channel: string }>(`select ${channel} as channel`);
      await client.query(`listen ${client.escapeIdentifier(rows[0]?.channel ?? '')}`);
      onListening();
      onPoke();
      await lost;
    } finally {
      stopping.signal.removeEventListener('abort', cut);
      cut();
    }
  }

  async function keepListening(onTried: () => void): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS;
    let isTold = false;
    while (!stopping.signal.aborted) {
      try {
        await listen(() => {
          pauseMs = FIRST_PAUSE_MS;
          isTold = false;
          onTried();
        });
      } catch (error) {
        if (!stopping.signal.aborted && !isTold) onError(error);
        isTold = true;
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
