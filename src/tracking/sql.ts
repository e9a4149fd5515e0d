// The store as SQL: the same statements for every engine, over a driver.
import type { InvitationRecord, OperationRecord, TrackingRecord } from './record.ts';
import type { Driver, Row } from './sql-driver.ts';
import { toGuestId, toMail, toNullableText, toRecord, toRow, toSettleRow, toText, toWriteRow } from './sql-rows.ts';
import { migrate } from './sql-schema.ts';
import { createSqlBulks, INSERT_ATTEMPTS, KEY_CONTENDED } from './sql-bulks.ts';
import { createSqlJobs } from './sql-jobs.ts';
import { createSqlQuotas } from './sql-quotas.ts';
import { createStatements, insertColumns } from './sql-statements.ts';
import { createVisibleStatements, toViewerParams } from './sql-visible.ts';
import type { Quotas, Store, Write } from './store.ts';

/** Rows that one statement writes or deletes at the most: it must not hold others up. */
const WATCH_GROUP = 500;
const PRUNE_GROUP = 200;

export interface SqlStoreOptions {
  /** Names the Graph that the records belong to. */
  stamp: string;
  /** How long an idempotency key holds, in milliseconds. */
  keyMs: number;
  /** None when absent. */
  quotas?: Quotas;
}

export function createSqlStore(driver: Driver, options: SqlStoreOptions): Store {
  const { stamp, keyMs } = options;
  const sql = createStatements(driver.dialect, { keyMs });
  const visible = createVisibleStatements(driver.dialect);
  const quotas = createSqlQuotas(driver, options.quotas ?? { caller: 0, tenant: 0 });
  const bulks = createSqlBulks(driver, { keyMs, quotas });
  const read = async (text: string, params: Parameters<Driver['run']>[1]) =>
    (await driver.run(text, params)).map(toRecord);

  /** Rows that several are given are made a record once: they are told one right after the other. */
  let found: { rows: readonly Row[]; record: TrackingRecord } | undefined;

  /** @returns whether the time of the key that the existing record has is over when the new one comes. */
  const isOutlived = (existing: TrackingRecord, { createdAt }: TrackingRecord) =>
    existing.state !== 'submitting' && Number(existing.createdAt) <= Number(createdAt) - keyMs;

  return {
    async start() {
      try {
        await driver.start();
        await migrate(driver, stamp);
      } catch (error) {
        await driver.stop();
        throw error;
      }
    },

    stop: () => driver.stop(),

    async insert(record, leaseToken, leaseMs) {
      const row = { ...toRow(record), ...quotas.columns };
      const lease = Math.ceil(leaseMs);
      const params = [...insertColumns.map((column) => row[column] ?? null), leaseToken, lease];
      const key = [row['tenant_id'] ?? null, row['subject'] ?? null, record.kind, row['idempotency_key'] ?? null];
      // What was in the way may be gone when it is read: its key was freed, or it was pruned.
      for (let attempt = 1; attempt <= INSERT_ATTEMPTS; attempt++) {
        const [inserted] = await quotas.count(record.owner, () => driver.run(sql.insert, params));
        if (inserted) return { ...record, dueAt: new Date(Number(inserted['due_at'])) };
        const [existing] = await read(sql.inserted, [record.id, ...key]);
        if (existing?.id === record.id) return (await read(sql.renew, [record.id, leaseToken, lease]))[0] ?? existing;
        if (existing && !isOutlived(existing, record)) return existing;
        if (existing) await bulks.freeKeys([record]);
      }
      throw new Error(KEY_CONTENDED);
    },

    insertBulk: bulks.insertBulk,
    findBulk: bulks.findBulk,

    async claim({ work, limit, leaseMs, leaseToken, horizonMs, isRepeated }) {
      const lease = Math.ceil(leaseMs);
      const again = { sql: sql.claimed, params: [leaseToken, lease, work === 'send' ? 'sweep' : work] };
      const taken = isRepeated ? await read(again.sql, again.params) : [];
      if (taken.length > 0) return taken;
      return (await driver.run(sql.claim, [limit, lease, leaseToken, Math.floor(horizonMs), work], again)).map(
        toRecord,
      );
    },

    async save(writes, leaseToken) {
      const { risen = [], same = [] } = Object.groupBy(writes, riseOf);
      const groups = [
        { text: sql.save, rows: risen.map(toWriteRow) },
        { text: sql.settle, rows: same.map(toSettleRow) },
      ].filter(({ rows }) => rows.length > 0);
      const written = await Promise.all(
        groups.map(({ text, rows }) => driver.run(text, [JSON.stringify(rows), leaseToken ?? null])),
      );
      return new Set(written.flat().map((row) => row['id'] as string));
    },

    async nextDueInMs(work) {
      const [row] = await driver.run(sql.nextDue, [work]);
      const dueInMs = row?.['due_in_ms'] ?? null;
      return dueInMs === null ? null : Math.max(0, Number(dueInMs));
    },

    async lagMs() {
      const [row] = await driver.run(sql.lag, []);
      return Math.max(0, Number(row?.['lag_ms'] ?? 0));
    },

    async bringForward({ watchedOnly, laterThanMs }) {
      await driver.run(sql.bringForward, [watchedOnly ? 1 : 0, Math.ceil(laterThanMs)]);
    },

    async pendingInvitations() {
      const [row] = await driver.run(sql.pendingInvitations, []);
      return { any: Number(row?.['any_due']) === 1, watched: Number(row?.['any_watched']) === 1 };
    },

    async watch(ids, watchMs, dueInMs) {
      for (let from = 0; from < ids.length; from += WATCH_GROUP) {
        const group = ids.slice(from, from + WATCH_GROUP);
        await driver.run(sql.watch, [toIds(group), Math.ceil(watchMs), Math.ceil(dueInMs)]);
      }
    },

    async find(kind, viewer, id, callId) {
      if (kind === 'inviteParticipantsOperation' && callId === undefined) return undefined;
      const params = [toText(id), kind, toNullableText(callId), ...toViewerParams(viewer)];
      const rows = await driver.run(visible.find, params);
      const [row] = rows;
      if (!row) return undefined;
      if (found?.rows !== rows) found = { rows, record: toRecord(row) };
      return found.record;
    },

    list: (query) => read(...visible.list(query)),

    async findByGuests(guestIds) {
      return guestIds.length === 0
        ? []
        : ((await read(sql.findByGuests, [toIds(guestIds.map(toGuestId))])) as InvitationRecord[]);
    },

    async findLost(addresses) {
      if (addresses.length === 0) return [];
      return (await read(sql.findLost, [toIds(addresses.map(toMail))])) as InvitationRecord[];
    },

    async findOperations({ clientContexts, graphIds }) {
      if (clientContexts.length + graphIds.length === 0) return [];
      return (await read(sql.findOperations, [toIds(clientContexts), toIds(graphIds)])) as OperationRecord[];
    },

    revisionsAfter: (recordId, afterRevision) => read(sql.revisionsAfter, [toText(recordId), afterRevision]),

    async histories(recordIds, last) {
      if (recordIds.length === 0) return [];
      const byId = Map.groupBy(
        await read(sql.histories, [toIds(recordIds), last]),
        (record: TrackingRecord) => record.id,
      );
      return recordIds.map((id) => byId.get(id) ?? []);
    },

    async changesAfter(seq, limit) {
      const rows = await driver.run(sql.changesAfter, [seq, limit]);
      return rows.map((row) => ({ seq: Number(row['seq']), record: toRecord(row) }));
    },

    async head() {
      const [row] = await driver.run(sql.head, []);
      return Number(row?.['seq']);
    },

    onChange: (listener) => driver.onPoke(listener),

    async prune(olderThanMs) {
      await quotas.prune();
      for (let count = 0; ;) {
        const rows = await driver.run(sql.prune, [Math.ceil(olderThanMs), PRUNE_GROUP]);
        count += rows.length;
        if (rows.length < PRUNE_GROUP) return count;
      }
    },

    ...createSqlJobs(driver),

    ping: () => driver.ping(),
  };
}

function riseOf({ record, baseRevision }: Write): 'risen' | 'same' {
  return record.revision === baseRevision ? 'same' : 'risen';
}

function toIds(ids: readonly string[]): string {
  return JSON.stringify([...new Set(ids)].map((id) => ({ id: toText(id) })));
}
