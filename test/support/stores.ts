// Both engines of the store for tests, on real files and a real server, with a way to write to the tables by hand.
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll } from '@jest/globals';
import pg from 'pg';
import { createPostgresStore } from '../../src/tracking/postgres.ts';
import type { Row, Value } from '../../src/tracking/sql-driver.ts';
import { createSqliteStore } from '../../src/tracking/sqlite.ts';
import type { Quotas, Store } from '../../src/tracking/store.ts';
import { startPostgres, type PostgresServer } from './postgres.ts';

/** How long idempotency keys hold. */
export const KEY_MS = 86_400_000;
export const STAMP = 'http://127.0.0.1:4010 tenant-1';

/** One engine with an empty place for a store. */
export interface Engine {
  /** Variables that make a gateway keep its records here. */
  environment: { [name: string]: string };
  /** Runs one statement beside any store; parameters are `$1` and so on. */
  run: (sql: string, params?: readonly Value[]) => Promise<Row[]>;
  /** Makes all due times, and so all leases, this much earlier. */
  backDate(ms: number): Promise<void>;
  /** @returns a store on this place, not started; it is stopped when the place is closed. */
  createStore(stamp?: string, quotas?: Quotas): Store;
  /** @returns the same, started. */
  openStore(stamp?: string, quotas?: Quotas): Promise<Store>;
  /** Stops the stores and removes the data. */
  close(): Promise<void>;
}

/** For `describe.each`. A place that is left open is closed after the last test of the file. */
export const engines: readonly { name: string; open: () => Promise<Engine> }[] = [
  { name: 'SQLite', open: openSqlite },
  { name: 'PostgreSQL', open: openPostgres },
];

const opened = new Set<Engine>();
let server: Promise<PostgresServer> | undefined;

/** @returns the server that the stores of this test file are on, started when it is first needed. */
export function sharedPostgres(): Promise<PostgresServer> {
  return (server ??= startPostgres());
}

afterAll(async () => {
  await Promise.all([...opened].map((engine) => engine.close()));
  await (await server)?.stop();
});

/** For tests that no other engine would tell anything new. */
export async function openSqlite(): Promise<Engine> {
  const folder = await mkdtemp(join(tmpdir(), 'store-'));
  const file = join(folder, 'data', 'gateway.db');
  return open({
    environment: { STORE_FILE: file },
    create: (stamp, quotas) => createSqliteStore({ file, stamp, keyMs: KEY_MS, quotas }),
    async run(sql, params = []) {
      const db = new DatabaseSync(file, { timeout: 5_000 });
      try {
        return db.prepare(sql.replaceAll(/\$(\d+)/g, '?$1')).all(...params) as Row[];
      } finally {
        db.close();
      }
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  });
}

async function openPostgres(): Promise<Engine> {
  const { url } = await sharedPostgres();
  const schema = `test_${randomUUID().replaceAll('-', '')}`;
  const address = `${url}?options=-c%20search_path%3D${schema}`;
  const pool = new pg.Pool({
    connectionString: address,
    max: 1,
    types: {
      getTypeParser: (oid, format) => (oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format)),
    },
  });
  // A server that a test kills is no news.
  pool.on('error', () => {});
  const run = async (sql: string, params: readonly Value[] = []) => (await pool.query<Row>(sql, [...params])).rows;
  await run(`create schema ${schema}`);
  return open({
    environment: { DATABASE_URL: address },
    create: (stamp, quotas) => createPostgresStore({ url: address, stamp, keyMs: KEY_MS, quotas }),
    run,
    async remove() {
      await run(`drop schema ${schema} cascade`);
      await pool.end();
    },
  });
}

interface Place extends Pick<Engine, 'environment' | 'run'> {
  create: (stamp: string, quotas?: Quotas) => Store;
  remove: () => Promise<void>;
}

function open({ create, remove, environment, run }: Place): Engine {
  const stores: Store[] = [];
  const createStore = (stamp = STAMP, quotas?: Quotas) => {
    const store = create(stamp, quotas);
    stores.push(store);
    return store;
  };
  const engine: Engine = {
    environment,
    run,
    createStore,
    async openStore(stamp, quotas) {
      const store = createStore(stamp, quotas);
      await store.start();
      return store;
    },
    async backDate(ms) {
      await run('update record set due_at = due_at - $1 where due_at is not null', [ms]);
    },
    async close() {
      if (!opened.delete(engine)) return;
      await Promise.all(stores.map((store) => store.stop()));
      await remove();
    },
  };
  opened.add(engine);
  return engine;
}
