// Jobs and notifications in SQL: what concerns no single record.
import type { Dialect, Driver } from './sql-driver.ts';
import { toText } from './sql-rows.ts';
import type { JobStore } from './store.ts';

function createStatements({ now, bigint, skipLocked, each, among }: Dialect) {
  const seqs = (parameter: string) => `select cast(value ->> 'seq' as ${bigint}) from ${each(parameter)} as r`;
  return {
    // A job may be claimed again under the same token: a driver may repeat a statement.
    claimJob: `
      update job set lease_token = $2, due_at = ${now} + cast($3 as ${bigint}),
        is_expedited = case when lease_token = $2 then is_expedited else 0 end
      where name = $1 and (due_at <= ${now} or lease_token = $2) returning state`,

    keepJob: `update job set state = $3 where name = $1 and lease_token = $2 returning name`,

    releaseJob: `
      update job set state = $3, lease_token = null, is_expedited = 0,
        due_at = ${now} + case is_expedited when 1 then 0 else cast($4 as ${bigint}) end
      where name = $1 and lease_token = $2 returning name`,

    expediteJob: `
      update job set
        is_expedited = case when lease_token is null then 0 else 1 end,
        due_at = case when lease_token is null then ${now} else due_at end
      where name = $1`,

    noteJob: `update job set state = $2 where name = $1`,

    readJob: `select state, due_at - ${now} as due_in_ms from job where name = $1`,

    addNotifications: `
      insert into notification(body, received_at, due_at) select value ->> 'body', ${now}, ${now} from ${each('$1')} as r`,

    claimNotifications: `
      with taken as materialized (
        select seq from notification where due_at <= ${now} order by seq limit $1 ${skipLocked}
      )
      update notification set due_at = ${now} + cast($3 as ${bigint}), lease_token = $2
      where ${among('seq', 'select seq from taken')} returning seq, body, received_at`,

    forgetNotifications: `
      delete from notification where lease_token = $2 and ${among('seq', seqs('$1'))}`,

    postponeNotifications: `
      update notification set lease_token = null, due_at = ${now} + cast($3 as ${bigint})
      where lease_token = $2 and ${among('seq', seqs('$1'))}`,
  };
}

export function createSqlJobs(driver: Driver): JobStore {
  const sql = createStatements(driver.dialect);
  return {
    async claimJob(name, leaseToken, leaseMs) {
      const [row] = await driver.run(sql.claimJob, [name, leaseToken, Math.ceil(leaseMs)]);
      return row && { state: row['state'] as string | null };
    },

    async saveJob(name, leaseToken, state, dueInMs) {
      const rows =
        dueInMs === null
          ? await driver.run(sql.keepJob, [name, leaseToken, state])
          : await driver.run(sql.releaseJob, [name, leaseToken, state, Math.ceil(dueInMs)]);
      return rows.length > 0;
    },

    async expediteJob(name) {
      await driver.run(sql.expediteJob, [name]);
    },

    async noteJob(name, state) {
      await driver.run(sql.noteJob, [name, state]);
    },

    async readJob(name) {
      const [row] = await driver.run(sql.readJob, [name]);
      return { state: (row?.['state'] ?? null) as string | null, dueInMs: Math.max(0, Number(row?.['due_in_ms'])) };
    },

    async addNotifications(bodies) {
      if (bodies.length === 0) return;
      await driver.run(sql.addNotifications, [JSON.stringify(bodies.map((body) => ({ body: toText(body) })))]);
    },

    async claimNotifications(limit, leaseToken, leaseMs) {
      const rows = await driver.run(sql.claimNotifications, [limit, leaseToken, Math.ceil(leaseMs)]);
      return rows
        .map((row) => ({
          seq: Number(row['seq']),
          body: row['body'] as string,
          receivedAt: new Date(Number(row['received_at'])),
        }))
        .toSorted((one, other) => one.seq - other.seq);
    },

    async settleNotifications(leaseToken, { done, later, laterMs }) {
      if (done.length > 0) await driver.run(sql.forgetNotifications, [toSeqs(done), leaseToken]);
      if (later.length > 0)
        await driver.run(sql.postponeNotifications, [toSeqs(later), leaseToken, Math.ceil(laterMs)]);
    },
  };
}

function toSeqs(seqs: readonly number[]): string {
  return JSON.stringify(seqs.map((seq) => ({ seq })));
}
