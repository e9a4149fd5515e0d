// Quotas in SQL: they are counted by the insert of a record itself, and what does not fit fails it.
import { GatewayError } from '../errors.ts';
import type { Owner } from './record.ts';
import type { Driver, Row } from './sql-driver.ts';
import { quotaChecks } from './sql-ownership-schema.ts';
import { toText } from './sql-rows.ts';
import type { Quotas } from './store.ts';

type Scope = keyof typeof quotaChecks;

export interface SqlQuotas {
  /** What a new row is counted against: columns of the row. */
  columns: Row;
  /**
   * Inserts what is counted.
   * @throws GatewayError `LIMIT_EXCEEDED` when the owner's, or the tenant's, quota does not hold it
   */
  count(owner: Owner, insert: () => Promise<Row[]>): Promise<Row[]>;
  /** Forgets what was counted in times that are over. */
  prune(): Promise<void>;
}

export function createSqlQuotas(driver: Driver, quotas: Quotas): SqlQuotas {
  const { now } = driver.dialect;
  const standing = `select used, ends_at - ${now} as left_ms from quota
    where scope = $1 and tenant_id = $2 and subject = $3 and ends_at > ${now}`;

  async function toRefusal(scope: Scope, { tenantId, subject }: Owner): Promise<GatewayError> {
    const params = [scope, toText(tenantId), scope === 'caller' ? toText(subject) : ''];
    const [row] = await driver.run(standing, params);
    const retryAfterSeconds = Math.max(1, Math.ceil(Number(row?.['left_ms'] ?? 0) / 1_000));
    const left = Math.max(0, quotas[scope] - Number(row?.['used'] ?? 0));
    return new GatewayError('LIMIT_EXCEEDED', toWords(scope, quotas[scope], left), { retryAfterSeconds });
  }

  return {
    columns: { caller_quota: quotas.caller || null, tenant_quota: quotas.tenant || null },

    async count(owner, insert) {
      try {
        return await insert();
      } catch (error) {
        const scope = toScope(error);
        throw scope ? await toRefusal(scope, owner) : error;
      }
    },

    async prune() {
      await driver.run(`delete from quota where ends_at <= ${now}`, []);
    },
  };
}

function toWords(scope: Scope, most: number, left: number): string {
  const quota = `the quota of a ${scope} is ${most} in ${scope === 'caller' ? 'an hour' : 'a day'}`;
  const cure =
    left === 0
      ? 'and none is left. Try again when the time in `extensions.retryAfterSeconds` is over.'
      : `and ${left} ${left === 1 ? 'is' : 'are'} left. Send no more than that now, the others when the time in \`extensions.retryAfterSeconds\` is over.`;
  return `Nothing was invited: ${quota}, ${cure}`;
}

/** The engines' errors name the check that failed. */
function toScope(error: unknown): Scope | undefined {
  const { message } = error as Error;
  return (Object.keys(quotaChecks) as Scope[]).find((scope) => message.includes(quotaChecks[scope]));
}
