// Bulks in SQL, and the idempotency keys that stand in the way of new records.
import type { InvitationRecord, TrackingRecord, Viewer } from './record.ts';
import type { Dialect, Driver } from './sql-driver.ts';
import { toNullableText, toRecord, toRow, toText } from './sql-rows.ts';
import type { SqlQuotas } from './sql-quotas.ts';
import { createColumns, insertColumns } from './sql-statements.ts';
import { toViewerParams } from './sql-visible.ts';
import { StoreUnavailable, StoreUncertain } from './store-failure.ts';
import type { Store } from './store.ts';

/** How often what was in the way of a record may be gone when it is looked up. */
export const INSERT_ATTEMPTS = 5;
export const KEY_CONTENDED =
  'The record could not be added: others added and freed its idempotency key again and again.';

function createStatements(dialect: Dialect) {
  const { now, bigint, each, among, lock } = dialect;
  const { columns, member, number } = createColumns(dialect);
  return {
    /** Of the keys in `$4`, those of records that were made at `$5` or before, and sent, have had their time. */
    freeKeys: `
      with outlived as materialized (
        select record.id from record
        where tenant_id = $1 and subject = $2 and kind = $3 and created_at <= $5 and state <> 'submitting'
          and ${among('idempotency_key', `select value ->> 'key' from ${each('$4')} as r`)}
        order by record.id ${lock}
      )
      update record set idempotency_key = null where ${among('id', 'select id from outlived')}`,

    // In the order of the keys: two bulks with the same ones, in any order, then never wait for each other in a circle.
    insertMany: `
      insert into record(${insertColumns.join(', ')}, due_at)
      select ${insertColumns.map(member).join(', ')}, ${now} from ${each('$1')} as r where true
      order by value ->> 'idempotency_key', cast(value ->> 'position' as ${bigint})
      on conflict do nothing`,

    /** Each item is its own record, or the one that was in its way. */
    addToBulk: `
      insert into bulk_item(bulk_id, position, record_id)
      select $2, position, record_id from (
        select ${number('position')}, coalesce(
          (select record.id from record where record.id = value ->> 'id'),
          (select record.id from record where tenant_id = $3 and subject = $4 and kind = 'invitation' and idempotency_key = value ->> 'idempotency_key')
        ) as record_id
        from ${each('$1')} as r
      ) as item
      where record_id is not null
      on conflict do nothing`,

    findBulk: `select ${columns} from bulk_item join record on record.id = bulk_item.record_id
      where bulk_id = $1 and tenant_id = $2 and (subject = $3 or cast($4 as integer) = 1) order by position`,
  };
}

export interface SqlBulks extends Pick<Store, 'insertBulk' | 'findBulk'> {
  /** Takes away the keys of these records from others whose time is over. */
  freeKeys(records: readonly TrackingRecord[]): Promise<void>;
}

export function createSqlBulks(driver: Driver, { keyMs, quotas }: { keyMs: number; quotas: SqlQuotas }): SqlBulks {
  const sql = createStatements(driver.dialect);

  async function findBulk(viewer: Viewer, bulkId: string): Promise<InvitationRecord[]> {
    const [tenant, subject, , isAdmin] = toViewerParams(viewer);
    return (await driver.run(sql.findBulk, [toText(bulkId), tenant, subject, isAdmin])).map(
      toRecord,
    ) as InvitationRecord[];
  }

  async function freeKeys(records: readonly TrackingRecord[]): Promise<void> {
    const [first] = records;
    const keys = records.flatMap(({ idempotencyKey }) => (idempotencyKey === null ? [] : [toText(idempotencyKey)]));
    if (!first || keys.length === 0) return;
    const { owner, kind, createdAt } = first;
    await driver.run(sql.freeKeys, [
      toText(owner.tenantId),
      toText(owner.subject),
      kind,
      JSON.stringify(keys.map((key) => ({ key }))),
      Number(createdAt) - keyMs,
    ]);
  }

  return {
    freeKeys,

    async insertBulk(bulkId, records) {
      const [first] = records;
      if (!first) return [];
      const { owner } = first;
      const rows = JSON.stringify(
        records.map((record, position) => ({ ...toRow(record), ...quotas.columns, position })),
      );
      const items = JSON.stringify(
        records.map(({ id, idempotencyKey }, position) => ({
          position,
          id,
          idempotency_key: toNullableText(idempotencyKey),
        })),
      );
      // A key that is in the way may be freed before its record is looked up.
      for (let attempt = 1; attempt <= INSERT_ATTEMPTS; attempt++) {
        await freeKeys(records);
        await quotas.count(owner, () => driver.run(sql.insertMany, [rows]));
        try {
          await driver.run(sql.addToBulk, [items, bulkId, toText(owner.tenantId), toText(owner.subject)]);
          const found = await findBulk({ ...owner, isAdmin: false }, bulkId);
          if (found.length === records.length) return found;
        } catch (error) {
          // The invitations are there, and will be sent.
          throw error instanceof StoreUnavailable ? new StoreUncertain(error) : error;
        }
      }
      throw new Error(KEY_CONTENDED);
    },

    async findBulk(viewer, bulkId) {
      const records = await findBulk(viewer, bulkId);
      return records.length === 0 ? undefined : { id: bulkId, records };
    },
  };
}
