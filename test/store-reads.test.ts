/** Reads asked at once go together, and none is older than the question. */
import { randomUUID } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { TrackingRecord } from '../src/tracking/record.ts';
import type { Store } from '../src/tracking/store.ts';
import { caller, newOperation } from './support/records.ts';
import { engines, openSqlite, type Engine } from './support/stores.ts';

const HOUR_MS = 3_600_000;

let engine: Engine;
let store: Store;

const insert = (record = newOperation()) => store.insert(record, randomUUID(), HOUR_MS);
const find = ({ id, kind, callId }: TrackingRecord, viewer = caller) =>
  store.find(kind, viewer, id, callId ?? undefined);
async function raise(record: TrackingRecord): Promise<TrackingRecord> {
  const next = { ...record, state: 'active' as const, revision: record.revision + 1 };
  const write = { record: next, baseRevision: record.revision, dueInMs: HOUR_MS, watchedDueInMs: HOUR_MS };
  expect(await store.save([write])).toEqual(new Set([record.id]));
  return next;
}

describe.each(engines)('reads on $name', ({ open }) => {
  beforeEach(async () => {
    engine = await open();
    store = await engine.openStore();
  });
  afterEach(() => engine.close());

  it('tell what was written before they were asked, however many ask', async () => {
    let record = await insert();
    for (let count = 0; count < 50; count += 1) {
      const early = [find(record), find(record)];
      record = await raise(record);
      const late = await Promise.all([find(record), find(record), find(record)]);
      expect(late.map((found) => found?.revision)).toEqual([record.revision, record.revision, record.revision]);
      for (const found of await Promise.all(early))
        expect([record.revision - 1, record.revision]).toContain(found?.revision);
    }
  });

  it('are each its viewer’s own', async () => {
    const [one, other] = await Promise.all([insert(), insert()]);
    const stranger = { ...caller, subject: 'stranger' };
    const found = await Promise.all([find(one), find(other), find(one, stranger), find(one), find(other, stranger)]);
    expect(found.map((record) => record?.id)).toEqual([one.id, other.id, undefined, one.id, undefined]);
  });
});

describe('the thread of the SQLite store', () => {
  beforeEach(async () => {
    engine = await openSqlite();
    store = await engine.openStore();
  });
  afterEach(() => engine.close());

  it('reads once for all who ask for the same at once', async () => {
    const record = await insert();
    const [one, same] = await Promise.all([find(record), find(record)]);
    expect(one).toEqual(record);
    expect(same).toBe(one);
    expect(await find(record)).not.toBe(one);
  });

  it('reads without the lock that writers wait for', async () => {
    const record = await insert();
    const writer = new DatabaseSync(engine.environment['STORE_FILE'] ?? '', { timeout: 0 });
    try {
      writer.exec('begin immediate');
      expect(await find(record)).toEqual(record);
      writer.exec('rollback');
    } finally {
      writer.close();
    }
  });

  it('answers all that was asked before it stops', async () => {
    const record = await insert();
    const [found, list, raised] = [find(record), store.histories([record.id], 5), raise(record)];
    await store.stop();
    expect(await found).toEqual(record);
    expect(await list).toHaveLength(1);
    expect(await raised).toMatchObject({ revision: 2 });
    await expect(find(record)).rejects.toThrow('The store is stopped.');
  });
});
