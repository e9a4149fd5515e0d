// What the SQL store needs from an engine: its dialect and a way to run statements.

export type Value = string | number | null;
export type Row = Readonly<Record<string, Value>>;

/** What differs between the engines in otherwise shared SQL. */
export interface Dialect {
  /** The database's clock in milliseconds, the same throughout one statement. */
  now: string;
  bigint: string;
  /** Type of a column that counts up and never gives a number twice. */
  sequence: string;
  tableOptions: string;
  /** Options of a table whose rows are written again and again. */
  busyTableOptions: string;
  /** Ends a select: locks the rows of `record`, waiting for them. */
  lock: string;
  /** Ends a select: locks the rows that nobody else has locked. */
  skipLocked: string;
  /** @returns a table with the column `value`: the elements of the JSON array in a parameter. */
  each: (parameter: string) => string;
  /** @returns the text of a column as JSON, for `->` and `->>`. */
  json: (column: string) => string;
  /** @returns the condition that a key is among those of a select, which are few: to be looked up in the index of the key. */
  among: (key: string, select: string) => string;
  /**
   * @returns DDL that runs statements for each new row of `record` that meets a condition; both call the row `new`. They are part
   *   of the insert: when one of them fails, nothing was added.
   */
  insertTrigger: (name: string, condition: string, statements: string) => string;
  /** @returns DDL that logs these columns of `record` to `change` on insert and when the revision changes. */
  logTriggers: (columns: readonly string[]) => string;
}

/** A statement with its parameters `$1` and so on. */
export interface Statement {
  sql: string;
  params: readonly Value[];
}

export interface Driver {
  dialect: Dialect;
  start(): Promise<void>;
  /** Finishes what was asked for; what is asked for later is rejected. */
  stop(): Promise<void>;
  /**
   * Runs one statement, with parameters `$1` and so on, as one transaction that is durable when the promise resolves.
   * A driver may run it again when it cannot know whether it was carried out: every statement must stand that.
   * Rows are not to be changed: those who ask for the same at once may be given the same.
   * @param again what to run then instead: only when it gives no rows, the statement itself is run again
   */
  run(sql: string, params: readonly Value[], again?: Statement): Promise<Row[]>;
  /** Runs several statements as one transaction; processes that share the store take turns. */
  script(sql: string): Promise<void>;
  /** @throws at once when the database cannot be reached. */
  ping(): Promise<void>;
  /** Calls `listener` when the change log may have grown. */
  onPoke(listener: () => void): () => void;
}

/** @returns whether a statement of the store only reads. */
export function isRead(sql: string): boolean {
  return /^\s*(select|with)\b/.test(sql) && !/\b(insert into|update|delete from)\b/.test(sql);
}
