/** A SQLite file that takes no writes: what is told of it, and what goes on. */
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { DatabaseSync } from 'node:sqlite';
import { toStoreFailure } from '../src/tracking/sqlite-failure.ts';
import { StoreUnavailable, StoreUncertain } from '../src/tracking/store-failure.ts';
import { startGateway, waitFor, type TestGateway } from './support/gateway.ts';
import { openSqlite, type Engine } from './support/stores.ts';

jest.setTimeout(60_000);

const INVITE =
  'mutation { inviteParticipants(callId: "call", input: { participants: [{ identity: { user: { id: "u1" } } }] }) { id } }';
const READ = '{ inviteParticipantsOperations { nodes { id } } }';
const NO_WRITES = 'The store takes no writes at present. Try again later.';
/** A statement waits five seconds for another process, and those before it do so too. */
const PATIENCE_MS = 30_000;

describe('a gateway whose SQLite file is held by another process', () => {
  let engine: Engine;
  let gateway: TestGateway;
  let holder: DatabaseSync;

  beforeEach(async () => {
    engine = await openSqlite();
    gateway = await startGateway(engine);
    await gateway.query(INVITE);
    holder = new DatabaseSync(engine.environment['STORE_FILE'] ?? '', { timeout: 5_000 });
    holder.exec('begin immediate');
  });
  afterEach(async () => {
    holder.close();
    await gateway.stop();
    await engine.close();
  });

  const ready = async () => {
    const response = await fetch(`${gateway.url}/health/ready`);
    return { status: response.status, body: (await response.json()) as unknown };
  };

  it('is not ready and says why, sends nothing to Graph, is read all the same, and goes on afterwards', async () => {
    const before = (await gateway.emulator.operations()).length;
    const [state, refused, read] = await Promise.all([ready(), gateway.query(INVITE), gateway.query(READ)]);
    expect(state).toEqual({ status: 503, body: { status: 'unavailable', reasons: [NO_WRITES] } });
    expect(refused.errors).toMatchObject([{ message: NO_WRITES, extensions: { code: 'UPSTREAM_UNAVAILABLE' } }]);
    expect(read.data?.['inviteParticipantsOperations'].nodes).toHaveLength(1);
    expect((await gateway.emulator.operations()).length).toBe(before);
    holder.exec('rollback');
    await waitFor('readiness', async () => (await ready()).status === 200, PATIENCE_MS);
    expect((await gateway.query(INVITE)).errors).toBeUndefined();
  });
});

describe('a failure of SQLite', () => {
  const told = (resultCode: number | undefined) =>
    toStoreFailure({ message: 'it failed', code: 'ERR_SQLITE_ERROR', resultCode });

  it.each([
    ['busy', 5],
    ['busy with another snapshot', 517],
    ['read only', 8],
    ['read only, for its folder is', 1544],
    ['full', 13],
  ])('says that it takes no writes: %s', (_, resultCode) => {
    expect(told(resultCode)).toBeInstanceOf(StoreUnavailable);
    expect(told(resultCode)).toMatchObject({ message: NO_WRITES, cause: { message: 'SQLite: it failed', resultCode } });
  });

  it.each([
    ['an error of the disk while it is read', 266],
    ['an error of the disk while it is written', 778],
    ['a file that cannot be opened', 14],
  ])('says that it does not answer: %s', (_, resultCode) => {
    expect(told(resultCode)).toBeInstanceOf(StoreUnavailable);
    expect(told(resultCode).message).toBe('The store does not answer at present. Try again later.');
  });

  it('says that what was written may last or not when it could not be synced', () => {
    expect(told(1034)).toBeInstanceOf(StoreUncertain);
  });

  it.each([1, 11, 19, 1555, undefined])('is a fault of ours, or of the file, otherwise: %s', (resultCode) => {
    expect(told(resultCode)).toMatchObject({ name: 'Error', message: 'SQLite: it failed', code: 'ERR_SQLITE_ERROR' });
  });
});
