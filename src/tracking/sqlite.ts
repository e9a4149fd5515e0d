// The embedded engine: one SQLite file, worked on by one thread of its own.
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Dialect, Driver, Row, Value } from './sql-driver.ts';
import { createSqlStore, type SqlStoreOptions } from './sql.ts';
import type { Store } from './store.ts';

/** What the worker is asked: a statement with parameters, a script without, or to stop. */
export type Request = { id: number; sql: string; params?: readonly Value[] } | { stop: true };

/** What became of one request; nothing is told before it is on disk. */
export type Answer = { id: number; rows: Row[] } | { id: number; error: Failure };

/** An error on its way between the threads. */
export interface Failure {
  message: string;
  code: string | undefined;
}

/** One message from the worker. It sends an empty one when the file is open. */
export interface Reply {
  answers: Answer[];
  /** Whether the change log has grown. */
  grew: boolean;
}

const dialect: Dialect = {
  now: `cast(round(unixepoch('subsec') * 1000) as integer)`,
  bigint: 'integer',
  sequence: 'integer primary key autoincrement',
  tableOptions: 'strict',
  busyTableOptions: 'strict',
  lock: '',
  skipLocked: '',
  each: (parameter) => `json_each(${parameter})`,
  json: (column) => column,
  among: (key, select) => `${key} in (${select})`,
  insertTrigger: (name, condition, statements) =>
    `create trigger ${name} after insert on record when ${condition} begin ${statements}; end;`,
  logTriggers(columns) {
    const log = `begin
      insert into change(record_id, ${columns.join(', ')}) values (new.id, ${columns.map((column) => `new.${column}`).join(', ')});
    end`;
    return `
      create trigger record_insert_log after insert on record ${log};
      create trigger record_update_log after update of revision on record when new.revision <> old.revision ${log};`;
  },
};

/**
 * @param options with the path of the database, whose folder is created: one gateway process per file
 */
export function createSqliteStore({ file, ...options }: SqlStoreOptions & { file: string }): Store {
  return createSqlStore(new SqliteDriver(file), options);
}

interface Waiting {
  resolve: (rows: Row[]) => void;
  reject: (error: Error) => void;
}

class SqliteDriver implements Driver {
  readonly dialect = dialect;
  readonly #file: string;
  readonly #listeners = new Set<() => void>();
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #exited: Promise<void> | undefined;
  /** Why nothing can be asked. */
  #closed: Error | undefined = new Error('The store is not started.');
  #lastId = 0;

  constructor(file: string) {
    this.#file = file;
  }

  async start(): Promise<void> {
    await mkdir(dirname(this.#file), { recursive: true });
    const worker = new Worker(new URL('./sqlite-worker.ts', import.meta.url), {
      workerData: { file: this.#file },
      name: 'store',
    });
    this.#worker = worker;
    let cause: Error | undefined;
    worker.on('error', (error: Error) => (cause = error));
    this.#exited = new Promise((resolve) => {
      worker.once('exit', () => {
        this.#closed ??= new Error(`The thread of the store ${this.#file} died: restart the gateway.`, { cause });
        for (const { reject } of this.#waiting.values()) reject(this.#closed);
        this.#waiting.clear();
        resolve();
      });
    });
    await new Promise<void>((resolve, reject) => {
      worker.once('message', () => resolve());
      worker.once('exit', () =>
        reject(new Error(`The store ${this.#file} cannot be opened: ${cause?.message}`, { cause })),
      );
    });
    worker.on('message', (reply: Reply) => this.#receive(reply));
    this.#closed = undefined;
  }

  async stop(): Promise<void> {
    this.#closed ??= new Error('The store is stopped.');
    this.#worker?.postMessage({ stop: true } satisfies Request);
    this.#worker = undefined;
    await this.#exited;
  }

  run(sql: string, params: readonly Value[]): Promise<Row[]> {
    return this.#ask({ sql, params });
  }

  async script(sql: string): Promise<void> {
    await this.#ask({ sql });
  }

  async ping(): Promise<void> {
    await this.run('select 1', []);
  }

  onPoke(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #ask(request: { sql: string; params?: readonly Value[] }): Promise<Row[]> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(this.#closed);
      const id = ++this.#lastId;
      this.#waiting.set(id, { resolve, reject });
      this.#worker?.postMessage({ id, ...request } satisfies Request);
    });
  }

  #receive({ answers, grew }: Reply): void {
    for (const answer of answers) {
      const waiting = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      if ('rows' in answer) waiting?.resolve(answer.rows);
      else waiting?.reject(Object.assign(new Error(`SQLite: ${answer.error.message}`), { code: answer.error.code }));
    }
    if (grew) for (const listener of this.#listeners) listener();
  }
}
