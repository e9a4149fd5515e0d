// The thread of the embedded engine: what comes in one message shares a commit.
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import { createIsRead, type Row, type Value } from './sql-driver.ts';
import type { Answer, Failure, Message, Reply, Request } from './sqlite.ts';

const BUSY_MS = 5_000;

const port = parentPort;
if (!port) throw new Error('sqlite-worker.ts runs as a worker only.');

const { file } = workerData as { file: string };
const db = new DatabaseSync(file, { timeout: BUSY_MS });
// A promise to a caller must outlive a power cut: every commit is synced. What undoes one request of a group need not: in
// a file, it would cost a third of an insert.
db.exec('pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on; pragma temp_store = memory');

const isRead = createIsRead();
const statements = new Map<string, StatementSync>();
let head = 0;

port.on('message', (message: Message) => {
  if (message !== 'stop') return reply(commit(message));
  db.close();
  port.close();
});
reply({ answers: [], grew: false });

function reply(message: Reply): void {
  port?.postMessage(message);
}

/** Nobody hears of success before the commit, and everybody of its failure. */
function commit(group: readonly Request[]): Reply {
  const writes = group.some(isWrite);
  try {
    execute(writes ? 'begin immediate' : 'begin');
    const answers = group.map(answer);
    const newHead = writes ? readHead() : head;
    execute('commit');
    const grew = newHead > head;
    head = newHead;
    return { answers, grew };
  } catch (error) {
    if (db.isTransaction) execute('rollback');
    const failure = toFailure(error);
    return { answers: group.map(() => ({ error: failure })), grew: false };
  }
}

/** Runs one request so that its failure undoes nothing but itself. */
function answer(request: Request): Answer {
  const writes = isWrite(request);
  try {
    if (writes) execute('savepoint request');
    const rows = carryOut(request);
    if (writes) execute('release request');
    return { rows };
  } catch (error) {
    // A full disk, say, ends the transaction as a whole.
    if (!db.isTransaction) throw error;
    if (writes) execute('rollback to request');
    if (writes) execute('release request');
    return { error: toFailure(error) };
  }
}

function carryOut({ sql, params }: Request): Row[] {
  if (params) return execute(sql, params);
  db.exec(sql);
  return [];
}

function execute(sql: string, params: readonly Value[] = []): Row[] {
  let statement = statements.get(sql);
  if (!statement) {
    statement = db.prepare(sql.replaceAll(/\$(\d+)/g, '?$1'));
    statements.set(sql, statement);
  }
  return statement.all(...params) as Row[];
}

/** @returns the newest row of the change log, 0 before there is such a table. */
function readHead(): number {
  const [exists] = execute(`select 1 from sqlite_schema where name = 'change'`);
  return exists ? Number(execute('select coalesce(max(seq), 0) as seq from change')[0]?.['seq']) : 0;
}

function isWrite({ sql, params }: Request): boolean {
  return !params || !isRead(sql);
}

function toFailure(error: unknown): Failure {
  const { message, code } = error as Error & { code?: string };
  return { message, code };
}
