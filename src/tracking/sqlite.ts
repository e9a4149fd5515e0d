// The embedded engine: one SQLite file, worked on by one thread of its own.
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { isRead, type Driver, type Row, type Value } from './sql-driver.ts';
import { createSqlStore, type SqlStoreOptions } from './sql.ts';
import { sqliteDialect } from './sqlite-dialect.ts';
import { toStoreFailure, type Failure } from './sqlite-failure.ts';
import { StoreUnavailable, StoreUncertain } from './store-failure.ts';
import type { Store } from './store.ts';

/** What the worker is asked. The text of a statement is longer than most of what is asked by it: it goes over once. */
export type Request = { script: string } | { statement: number; params: readonly Value[]; isNew: boolean };

/** One message to the worker: requests that share a commit, after the statements that it does not know yet; or to stop. */
export type Message = { newStatements: readonly string[]; requests: readonly Request[] } | 'stop';

/** What became of one request; nothing is told before it is on disk. For a statement that is new the columns are named. */
export type Answer = { rows: Value[][]; columns?: readonly string[] | undefined } | { error: Failure };

/** The worker's answer to one message. It sends an empty one when the file is open. */
export interface Reply {
  /** In the order of the requests. */
  answers: Answer[];
  /** Whether the change log has grown. */
  grew: boolean;
}

/**
 * @param options with the path of the database, whose folder is created: one gateway process per file
 */
export function createSqliteStore({ file, ...options }: SqlStoreOptions & { file: string }): Store {
  return createSqlStore(new SqliteDriver(file), options);
}

interface Statement {
  /** They are counted from 0, here and in the thread. */
  number: number;
  isRead: boolean;
  /** Undefined until the thread has named them. */
  columns: readonly string[] | undefined;
}

/** A request, and what all are given who asked for it. */
interface Asked extends PromiseWithResolvers<Row[]> {
  request: Request;
  /** Undefined for a script. */
  statement: Statement | undefined;
}

class SqliteDriver implements Driver {
  readonly dialect = sqliteDialect;
  readonly #file: string;
  readonly #listeners = new Set<() => void>();
  /** By their texts. */
  readonly #statements = new Map<string, Statement>();
  /** Texts that the thread has not been told yet. */
  #newStatements: string[] = [];
  /** What the thread has not been told yet, and the reads of it by their statement and parameters. */
  #asked: Asked[] = [];
  readonly #reads = new Map<string, Asked>();
  /** What the thread is at, in order. */
  #underWay: Asked[] = [];
  #isSendDue = false;
  #worker: Worker | undefined;
  #exited: Promise<void> | undefined;
  /** Shared by all who ask at once: each costs a write to the disk. */
  #pinging: Promise<void> | undefined;
  /** Why nothing can be asked. */
  #closed: Error | undefined = new Error('The store is not started.');

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
        for (const { reject } of [...this.#underWay.splice(0), ...this.#takeAsked()]) reject(this.#closed);
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
    this.#send();
    this.#worker?.postMessage('stop' satisfies Message);
    this.#worker = undefined;
    await this.#exited;
  }

  async run(sql: string, params: readonly Value[]): Promise<Row[]> {
    const statement = this.#statements.get(sql) ?? this.#addStatement(sql);
    const request = { statement: statement.number, params, isNew: !statement.columns };
    if (!statement.isRead) return this.#ask(request, statement).promise;
    // Whoever asks for the same before the read has begun may have its answer: it tells all that was written until they asked.
    const key = JSON.stringify(request);
    const read = this.#reads.get(key) ?? this.#ask(request, statement);
    this.#reads.set(key, read);
    return read.promise;
  }

  #addStatement(sql: string): Statement {
    const statement: Statement = { number: this.#statements.size, isRead: isRead(sql), columns: undefined };
    this.#statements.set(sql, statement);
    this.#newStatements.push(sql);
    return statement;
  }

  async script(sql: string): Promise<void> {
    await this.#ask({ script: sql }).promise;
  }

  /** A full disk lets pass what writes no row, and what writes the same again. */
  async ping(): Promise<void> {
    this.#pinging ??= this.script(
      `update record set id = id where false;
      insert into meta(name, value) values ('pinged', '1') on conflict(name) do update set value = value + 1`,
    ).finally(() => (this.#pinging = undefined));
    try {
      await this.#pinging;
    } catch (error) {
      throw error instanceof StoreUncertain ? new StoreUnavailable(error.cause) : error;
    }
  }

  onPoke(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #ask(request: Request, statement?: Statement): Asked {
    if (this.#closed) throw this.#closed;
    const asked = { request, statement, ...Promise.withResolvers<Row[]>() };
    this.#asked.push(asked);
    this.#sendSoon();
    return asked;
  }

  /** A message costs more than most statements: what is asked in one turn, or while the thread is busy, goes together. */
  #sendSoon(): void {
    if (this.#isSendDue || this.#underWay.length > 0) return;
    this.#isSendDue = true;
    setImmediate(() => {
      this.#isSendDue = false;
      this.#send();
    });
  }

  #send(): void {
    const group = this.#takeAsked();
    if (group.length === 0) return;
    this.#underWay.push(...group);
    const requests = group.map(({ request }) => request);
    this.#worker?.postMessage({ newStatements: this.#newStatements, requests } satisfies Message);
    this.#newStatements = [];
  }

  #takeAsked(): Asked[] {
    const group = this.#asked;
    this.#asked = [];
    this.#reads.clear();
    return group;
  }

  #receive({ answers, grew }: Reply): void {
    const group = this.#underWay.splice(0, answers.length);
    if (this.#asked.length > 0) this.#sendSoon();
    for (const [index, { statement, resolve, reject }] of group.entries()) {
      const answer = answers[index] as Answer;
      if ('rows' in answer) resolve(toRows(statement, answer));
      else reject(toStoreFailure(answer.error));
    }
    if (grew) for (const listener of this.#listeners) listener();
  }
}

/** Names cost more on their way between the threads than here. */
function toRows(statement: Statement | undefined, { rows, columns }: Extract<Answer, { rows: unknown }>): Row[] {
  if (statement) statement.columns ??= columns;
  const names = statement?.columns ?? [];
  return rows.map((values) => {
    const row: { [column: string]: Value } = {};
    for (const [index, name] of names.entries()) row[name] = values[index] ?? null;
    return row;
  });
}
