// The shared engine: a PostgreSQL database that several replicas work on.
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Logger } from '../logger.ts';
import { createPostgresListener, type PostgresListener } from './postgres-listener.ts';
import { channel, migrationLock, postgresDialect } from './postgres-dialect.ts';
import { isPassing, isUnseenBy, LOCK_NOT_AVAILABLE, READ_ONLY } from './postgres-failure.ts';
import { isRead, type Driver, type Row, type Statement, type Value } from './sql-driver.ts';
import { createSqlStore, type SqlStoreOptions } from './sql.ts';
import { StoreUnavailable, StoreUncertain } from './store-failure.ts';
import type { Store } from './store.ts';

const CONNECTIONS = 5;
const TIMEOUT_MS = 5_000;
/** Less than a statement of another replica may take: an older one goes on while a newer one waits for the tables. */
const LOCK_TIMEOUT_MS = 2_000;
/** For a connection that swallows the question: beyond what the server itself would take. */
const NO_ANSWER_MS = TIMEOUT_MS + 3_000;
/** How long an outage is waited out; when it lasts longer, whoever asks is told at once. */
const RETRY_MS = 10_000;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;
const INT8 = 20;
type Kind = 'read' | 'write';
const ignore = () => {};

export interface PostgresStoreOptions extends SqlStoreOptions {
  url: string;
  logger?: Pick<Logger, 'warn'>;
}

export function createPostgresStore({ url, logger, ...options }: PostgresStoreOptions): Store {
  return createSqlStore(new PostgresDriver(url, logger), options);
}

class PostgresDriver implements Driver {
  readonly dialect = postgresDialect;
  readonly #config: pg.ClientConfig;
  readonly #logger: Pick<Logger, 'warn'> | undefined;
  readonly #listener: PostgresListener;
  readonly #listeners = new Set<() => void>();
  /** Names of the prepared statements, by their text. */
  readonly #names = new Map<string, string>();
  readonly #running = new Set<Promise<unknown>>();
  readonly #stopping = new AbortController();
  #pool: pg.Pool | undefined;
  /** Since when no statement succeeds, or none that writes: a standby can be read. */
  readonly #failingSince: { [kind in Kind]?: number | undefined } = {};
  /** Shared by all who ask at once: they must not take the connections from those who work. */
  #pinging: Promise<unknown> | undefined;

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
      channel,
      onPoke: () => {
        for (const listener of this.#listeners) listener();
      },
      onError: (error) =>
        this.#logger?.warn({ err: error }, 'the connection that tells of changes is lost; it will be made again'),
    });
  }

  async start(): Promise<void> {
    this.#pool = new pg.Pool({
      ...this.#config,
      max: CONNECTIONS,
      // Not as a parameter of the start: poolers refuse those that they do not know.
      onConnect: async (client) => void (await client.query(`set statement_timeout = ${TIMEOUT_MS}`)),
    });
    // An idle connection that breaks is replaced when one is needed.
    this.#pool.on('error', ignore);
    // One may break when it is neither idle nor asked anything: on its way to or from who uses it.
    this.#pool.on('connect', (client) => client.on('error', ignore));
    await this.#repeat('read', (pool) => pool.query('select 1'));
    await this.#listener.start();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.allSettled([this.#listener.stop(), ...this.#running]);
    const pool = this.#pool;
    this.#pool = undefined;
    await pool?.end();
  }

  async run(sql: string, params: readonly Value[], again?: Statement): Promise<Row[]> {
    const kind = isRead(sql) ? 'read' : 'write';
    let isUnseen = false;
    try {
      return await this.#repeat(kind, async (pool) => {
        // Apart from the query: where there is no connection nothing was asked.
        const client = await pool.connect();
        let isBroken = true;
        try {
          let rows = isUnseen && again ? await this.#query(client, again) : [];
          if (rows.length === 0) rows = await this.#query(client, { sql, params });
          isBroken = false;
          return rows;
        } catch (error) {
          isUnseen ||= isUnseenBy(error);
          throw error;
        } finally {
          client.release(isBroken);
        }
      });
    } catch (error) {
      if (!isPassing(error)) throw error;
      throw isUnseen && kind === 'write' ? new StoreUncertain(error) : toUnavailable(error);
    }
  }

  async #query(client: pg.ClientBase, { sql, params }: Statement): Promise<Row[]> {
    const name = this.#names.get(sql) ?? `statement_${this.#names.size + 1}`;
    this.#names.set(sql, name);
    return (await client.query<Row>({ name, text: sql, values: [...params] })).rows;
  }

  async script(sql: string): Promise<void> {
    try {
      await this.#repeat('write', () => this.#runScript(sql));
    } catch (error) {
      if ((error as { code?: unknown }).code !== LOCK_NOT_AVAILABLE) throw error;
      throw new Error(
        'The tables of the store are to be brought up to date, but a long transaction holds them. End it, and start again.',
        { cause: error },
      );
    }
  }

  async #runScript(sql: string): Promise<void> {
    // Without time limits: to rebuild a table may take its time.
    const client = new pg.Client({ ...this.#config, query_timeout: 0 });
    client.on('error', ignore);
    try {
      await client.connect();
      // Statements that are sent together are one transaction. Whoever waits for a table holds up all who come later.
      await client.query(
        `select pg_advisory_xact_lock(${migrationLock}); set lock_timeout = ${LOCK_TIMEOUT_MS}; ${sql}`,
      );
    } finally {
      await client.end();
    }
  }

  /** A write without rows: a standby, and a lock that holds up all writers, let reads pass. */
  async ping(): Promise<void> {
    this.#pinging ??= this.#track((pool) => pool.query('update record set id = id where false')).finally(
      () => (this.#pinging = undefined),
    );
    try {
      await this.#pinging;
    } catch (error) {
      throw isPassing(error) ? toUnavailable(error) : error;
    }
  }

  onPoke(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Tries again what failed in passing, though it may have been carried out unseen. Every statement stands that: an insert
   * is held off by the row itself, a save by its revision or its lease, a claim of records or of a job finds what it took by
   * its token, claimed notifications come again when their lease ends and tell the same when they are stored twice, and to
   * watch, to expedite or to prune twice is the same as once.
   */
  async #repeat<Result>(kind: Kind, attempt: (pool: pg.Pool) => Promise<Result>): Promise<Result> {
    const startedAt = Date.now();
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      try {
        const result = await this.#track(attempt);
        this.#failingSince.read = undefined;
        if (kind === 'write') this.#failingSince.write = undefined;
        return result;
      } catch (error) {
        if (!isPassing(error)) throw error;
        const failingSince = (this.#failingSince[kind] ??= Date.now());
        const giveUpAt = Math.min(startedAt, failingSince) + RETRY_MS;
        if (this.#stopping.signal.aborted || Date.now() + pauseMs > giveUpAt) throw error;
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

function toUnavailable(error: unknown): StoreUnavailable {
  return new StoreUnavailable(error, (error as { code?: unknown }).code === READ_ONLY);
}
