// The shared engine: a PostgreSQL database that several replicas work on.
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Logger } from '../logger.ts';
import { createPostgresListener, type PostgresListener } from './postgres-listener.ts';
import type { Dialect, Driver, Row, Value } from './sql-driver.ts';
import { createSqlStore, type SqlStoreOptions } from './sql.ts';
import type { Store } from './store.ts';

const CONNECTIONS = 5;
const TIMEOUT_MS = 5_000;
/** For a connection that swallows the question: beyond what the server itself would take. */
const NO_ANSWER_MS = TIMEOUT_MS + 3_000;
/** How long a statement is tried. */
const RETRY_MS = 10_000;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;
const INT8 = 20;

/** Names lock and channel after the schema: a database may hold several stores. */
const lockKey = (schema: string) => `hashtextextended('record ' || ${schema}, 0)`;
const channel = (schema: string) => `'record_' || hashtextextended(${schema}, 0)`;

const dialect: Dialect = {
  now: `cast(extract(epoch from statement_timestamp()) * 1000 as bigint)`,
  bigint: 'bigint',
  sequence: 'bigserial primary key',
  tableOptions: '',
  // Rows are written far more often than added: leave room on the page, and clear up early.
  busyTableOptions: 'with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000)',
  lock: 'for update of record',
  skipLocked: 'for update skip locked',
  each: (parameter) => `json_array_elements(cast(${parameter} as json))`,
  json: (column) => `cast(${column} as json)`,
  // With a join the planner, which takes any JSON array for a long one, reads the whole table.
  among: (key, select) => `${key} = any(array(${select}))`,
  insertTrigger: (name, condition, statements) => `
      create function ${name}() returns trigger language plpgsql as $$ begin ${statements}; return null; end $$;
      create trigger ${name} after insert on record for each row when (${condition}) execute function ${name}();`,
  logTriggers(columns) {
    // The lock is taken after the row locks and before the sequence: the order of the log is the order of the commits,
    // and a reader that goes by `seq` misses nothing. Claims and reads that bring nothing new do without it.
    const log = (name: string, event: string, tables: string, risen: string) => `
      create function ${name}() returns trigger language plpgsql as $$ begin
        if exists (select 1 from ${risen}) then
          perform pg_advisory_xact_lock(${lockKey('tg_table_schema')});
          insert into change(record_id, ${columns.join(', ')})
            select new_row.id, ${columns.map((column) => `new_row.${column}`).join(', ')} from ${risen} order by new_row.id;
          perform pg_notify(${channel('tg_table_schema')}, '');
        end if;
        return null;
      end $$;
      create trigger ${name} after ${event} on record referencing ${tables} for each statement execute function ${name}();`;
    return (
      log('record_insert_log', 'insert', 'new table as new_row', 'new_row') +
      log(
        'record_update_log',
        'update',
        'old table as old_row new table as new_row',
        'new_row join old_row on new_row.id = old_row.id and new_row.revision <> old_row.revision',
      )
    );
  },
};

export interface PostgresStoreOptions extends SqlStoreOptions {
  url: string;
  logger?: Pick<Logger, 'warn'>;
}

export function createPostgresStore({ url, logger, ...options }: PostgresStoreOptions): Store {
  return createSqlStore(new PostgresDriver(url, logger), options);
}

class PostgresDriver implements Driver {
  readonly dialect = dialect;
  readonly #config: pg.ClientConfig;
  readonly #logger: Pick<Logger, 'warn'> | undefined;
  readonly #listener: PostgresListener;
  readonly #listeners = new Set<() => void>();
  /** Names of the prepared statements, by their text. */
  readonly #names = new Map<string, string>();
  readonly #running = new Set<Promise<unknown>>();
  readonly #stopping = new AbortController();
  #pool: pg.Pool | undefined;

  constructor(url: string, logger: Pick<Logger, 'warn'> | undefined) {
    this.#logger = logger;
    this.#config = {
      connectionString: url,
      connectionTimeoutMillis: TIMEOUT_MS,
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
      query_timeout: NO_ANSWER_MS,
      application_name: 'graph-invitations-gateway',
      types: { getTypeParser: (oid, format) => (oid === INT8 ? Number : pg.types.getTypeParser(oid, format)) },
    };
    this.#listener = createPostgresListener({
      config: this.#config,
      channel: channel('current_schema()'),
      onPoke: () => {
        for (const listener of this.#listeners) listener();
      },
      onError: (error) =>
        this.#logger?.warn({ err: error }, 'the connection that tells of changes is lost; it will be made again'),
    });
  }

  async start(): Promise<void> {
    this.#pool = new pg.Pool({ ...this.#config, max: CONNECTIONS, statement_timeout: TIMEOUT_MS });
    // An idle connection that breaks is replaced when one is needed.
    this.#pool.on('error', () => {});
    await this.#repeat((pool) => pool.query('select 1'));
    await this.#listener.start();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.allSettled([this.#listener.stop(), ...this.#running]);
    const pool = this.#pool;
    this.#pool = undefined;
    await pool?.end();
  }

  async run(sql: string, params: readonly Value[]): Promise<Row[]> {
    const name = this.#names.get(sql) ?? `statement_${this.#names.size + 1}`;
    this.#names.set(sql, name);
    const { rows } = await this.#repeat((pool) => pool.query<Row>({ name, text: sql, values: [...params] }));
    return rows;
  }

  async script(sql: string): Promise<void> {
    await this.#repeat(async () => {
      // Without time limits: to rebuild a table may take its time.
      const client = new pg.Client({ ...this.#config, query_timeout: 0 });
      client.on('error', () => {});
      try {
        await client.connect();
        // Statements that are sent together are one transaction.
        await client.query(`select pg_advisory_xact_lock(${lockKey('current_schema()')}); ${sql}`);
      } finally {
        await client.end();
      }
    });
  }

  async ping(): Promise<void> {
    await this.#track((pool) => pool.query('select 1'));
  }

  onPoke(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Tries again what failed in passing, though it may have been carried out unseen. Every statement stands that: an insert
   * is held off by the row itself, a save by its revision, a claim leaves what it took to the end of the lease, and to watch
   * or prune twice is the same as once.
   */
  async #repeat<Result>(attempt: (pool: pg.Pool) => Promise<Result>): Promise<Result> {
    const giveUpAt = Date.now() + RETRY_MS;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      try {
        return await this.#track(attempt);
      } catch (error) {
        if (!isPassing(error) || this.#stopping.signal.aborted || Date.now() + pauseMs > giveUpAt) throw error;
      }
      await sleep(pauseMs * (0.5 + Math.random()), undefined, { signal: this.#stopping.signal }).catch(() => {});
    }
  }

  /** Lets `stop` wait for what is under way. */
  async #track<Result>(attempt: (pool: pg.Pool) => Promise<Result>): Promise<Result> {
    if (this.#stopping.signal.aborted) throw new Error('The store is stopped.');
    if (!this.#pool) throw new Error('The store is not started.');
    const running = attempt(this.#pool);
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }
}

/** Deadlock, serialization, lost or refused connection, server starting, stopping, full or turned into a standby. */
const PASSING_CODE = /^(40P01|40001|08...|57P0.|53300|25006|E(CONN|PIPE|TIMEDOUT|HOST|NET|AI_AGAIN|NOTFOUND).*)$/;
/** What pg throws without a code. */
const PASSING_MESSAGE =
  /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error)/;

function isPassing(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return PASSING_CODE.test(String(code)) || PASSING_MESSAGE.test(String(message));
}
