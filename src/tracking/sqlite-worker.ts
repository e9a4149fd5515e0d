// The thread of the embedded engine: what comes in one message shares a commit.
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import { isRead, type Value } from './sql-driver.ts';
import type { Answer, Message, Reply, Request } from './sqlite.ts';
import type { Failure } from './sqlite-failure.ts';

const BUSY_MS = 5_000;

const port = parentPort;
if (!port) throw new Error('sqlite-worker.ts runs as a worker only.');

const { file } = workerData as { file: string };
const db = new DatabaseSync(file, { timeout: BUSY_MS });
// A promise to a caller must outlive a power cut: every commit is synced. What undoes one request of a group need not: in
// a file, it would cost a third of an insert. Pages that are written again and again are read once and copied to the file
// seldom, which leaves 16 MB in memory and as much in the log beside the file.
db.exec(`pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on; pragma temp_store = memory;
  pragma cache_size = -16000; pragma wal_autocheckpoint = 4000`);

interface Statement {
  text: string;
  isRead: boolean;
  prepared: StatementSync | undefined;
}

const toStatement = (text: string): Statement => ({ text, isRead: isRead(text), prepared: undefined });

/** By their numbers. */
const statements: Statement[] = [];
const [begin, beginWrite, commit] = ['begin', 'begin immediate', 'commit'].map(toStatement) as Three;
const [save, release, undo] = ['savepoint request', 'release request', 'rollback to request'].map(toStatement) as Three;
const hasLog = toStatement(`select 1 from sqlite_schema where name = 'change'`);
const newest = toStatement('select coalesce(max(seq), 0) as seq from change');
let head = 0;

type Three = [Statement, Statement, Statement];

port.on('message', (message: Message) => {
  if (message === 'stop') {
    db.close();
    port.close();
    return;
  }
  statements.push(...message.newStatements.map(toStatement));
  reply(carryOut(message.requests));
});
reply({ answers: [], grew: false });

function reply(message: Reply): void {
  port?.postMessage(message);
}

/** Nobody hears of success before the commit, and everybody of its failure. */
function carryOut(group: readonly Request[]): Reply {
  const writes = group.some(isWrite);
  try {
    execute(writes ? beginWrite : begin);
    // A request that is alone is undone with the transaction.
    const answers = group.length === 1 ? group.map(run) : group.map(answer);
    const newHead = writes ? readHead() : head;
    execute(commit);
    const grew = newHead > head;
    head = newHead;
    return { answers, grew };
  } catch (error) {
    if (db.isTransaction) db.exec('rollback');
    return { answers: fail(group, toFailure(error)), grew: false };
  }
}

/** A file that takes no writes can be read all the same. */
function fail(group: readonly Request[], error: Failure): Answer[] {
  const reads = group.filter((request) => !isWrite(request));
  if (reads.length === 0 || reads.length === group.length) return group.map(() => ({ error }));
  const answers = carryOut(reads).answers.values();
  return group.map((request) => (isWrite(request) ? { error } : (answers.next().value as Answer)));
}

/** Runs one request so that its failure undoes nothing but itself. */
function answer(request: Request): Answer {
  const writes = isWrite(request);
  try {
    if (writes) execute(save);
    const answered = run(request);
    if (writes) execute(release);
    return answered;
  } catch (error) {
    // A full disk, say, ends the transaction as a whole.
    if (!db.isTransaction) throw error;
    if (writes) execute(undo);
    if (writes) execute(release);
    return { error: toFailure(error) };
  }
}

function run(request: Request): Answer {
  if ('script' in request) {
    db.exec(request.script);
    return { rows: [] };
  }
  const statement = statements[request.statement] as Statement;
  const rows = execute(statement, request.params);
  return request.isNew ? { rows, columns: statement.prepared?.columns().map(({ name }) => name) } : { rows };
}

function execute(statement: Statement, params: readonly Value[] = []): Value[][] {
  statement.prepared ??= prepare(statement.text);
  return statement.prepared.all(...params) as unknown as Value[][];
}

function prepare(text: string): StatementSync {
  const prepared = db.prepare(text.replaceAll(/\$(\d+)/g, '?$1'));
  prepared.setReturnArrays(true);
  return prepared;
}

/** @returns the newest row of the change log, 0 before there is such a table. */
function readHead(): number {
  if (head === 0 && execute(hasLog).length === 0) return 0;
  return Number(execute(newest)[0]?.[0]);
}

function isWrite(request: Request): boolean {
  return 'script' in request || !statements[request.statement]?.isRead;
}

function toFailure(error: unknown): Failure {
  const { message, code, errcode } = error as Error & { code?: string; errcode?: number };
  return { message, code, resultCode: errcode };
}
