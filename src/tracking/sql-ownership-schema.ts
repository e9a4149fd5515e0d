// The third version of the tables: whom records are shared with, what an admin lists, and how many invitations were made.
import type { Dialect } from './sql-driver.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** Names the checks by which an insert fails whose quota is used up; the name is in the engine's error. */
export const quotaChecks = { caller: 'quota_of_caller', tenant: 'quota_of_tenant' } as const;

/**
 * What an admin's lists go by. An expression, so that nobody else's do: as long as PostgreSQL has no statistics, it takes an index
 * of the whole tenant for as good as one of the owner.
 */
export const tenantAndKind = `tenant_id || ' ' || kind`;

/**
 * Grants and counts are written by triggers: with the record or not at all, by one statement, on both engines.
 * What a record is counted against comes with its row; null = nothing.
 */
export function addOwnership({ bigint, now, each, tableOptions, busyTableOptions, insertTrigger }: Dialect): string {
  const count = (scope: keyof typeof quotaChecks, subject: string, windowMs: number) => `
    insert into quota(scope, tenant_id, subject, ends_at, used, most)
    select '${scope}', new.tenant_id, ${subject}, ${now} - ${now} % ${windowMs} + ${windowMs}, 1, new.${scope}_quota
      where new.${scope}_quota is not null
    on conflict (scope, tenant_id, subject, ends_at) do update set used = quota.used + 1, most = excluded.most`;
  return `
  alter table record add column shared_with text;
  alter table record add column caller_quota integer;
  alter table record add column tenant_quota integer;
  create index record_tenant on record((${tenantAndKind}), created_at, id);
  create index record_tenant_call on record((${tenantAndKind}), call_id, created_at, id) where call_id is not null;
  create index record_tenant_mail on record((${tenantAndKind}), mail, created_at, id) where mail is not null;
  create table record_grant(
    record_id text not null references record(id) on delete cascade,
    subject text not null,
    tenant_id text not null,
    kind text not null,
    call_id text,
    created_at ${bigint} not null,
    primary key (record_id, subject)
  ) ${tableOptions};
  create index record_grant_newest on record_grant(tenant_id, subject, kind, created_at, record_id);
  create index record_grant_call on record_grant(tenant_id, subject, kind, call_id, created_at, record_id) where call_id is not null;
  ${insertTrigger(
    'record_insert_grants',
    'new.shared_with is not null',
    `insert into record_grant(record_id, subject, tenant_id, kind, call_id, created_at)
      select new.id, value ->> 'subject', new.tenant_id, new.kind, new.call_id, new.created_at from ${each('new.shared_with')} as r`,
  )}
  create table quota(
    scope text not null,
    tenant_id text not null,
    subject text not null,
    ends_at ${bigint} not null,
    used integer not null,
    most integer not null,
    primary key (scope, tenant_id, subject, ends_at),
    constraint ${quotaChecks.caller} check (scope <> 'caller' or used <= most),
    constraint ${quotaChecks.tenant} check (scope <> 'tenant' or used <= most)
  ) ${busyTableOptions};
  ${insertTrigger(
    'record_insert_counts',
    'new.caller_quota is not null or new.tenant_quota is not null',
    [count('tenant', `''`, DAY_MS), count('caller', 'new.subject', HOUR_MS)].join(';'),
  )}`;
}
