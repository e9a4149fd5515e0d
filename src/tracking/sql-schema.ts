// The tables of the store, how they are brought up to date, and the stamp that says which Graph they belong to.
import type { Dialect, Driver } from './sql-driver.ts';
import { addOwnership } from './sql-ownership-schema.ts';

/** What is written once, at the insert. */
export const constantColumns = [
  'id',
  'kind',
  'tenant_id',
  'subject',
  'call_id',
  'request_hash',
  'request',
  'client_context',
  'shared_with',
  'created_at',
  'deadline_at',
] as const;

/** What a revision may change: the change log holds these too. */
export const progressColumns = [
  'graph_id',
  'payload',
  'state',
  'reason',
  'refusal',
  'revision',
  'changed_at',
  'source',
  'changed',
  'observed_at',
  'attempts',
  'last_error',
] as const;

/**
 * One script for each version of the schema; a script is never edited once released. It only adds: gateways of the version before
 * go on working on the new tables, so a new column may be empty or has a default, and nothing is renamed, dropped or narrowed
 * before the version that needed it is gone. And it is short: they wait while it runs.
 */
const migrations = [createTables, addWork, addOwnership] as const;

function createTables(dialect: Dialect): string {
  const { bigint, sequence, tableOptions, busyTableOptions } = dialect;
  const progress = `
    graph_id text,
    payload text not null,
    state text not null,
    reason text,
    refusal text,
    revision integer not null,
    changed_at ${bigint} not null,
    source text not null,
    changed text not null,
    observed_at ${bigint},
    attempts integer not null,
    last_error text,
    due_at ${bigint}`;
  return `
  create table record(
    id text primary key,
    kind text not null,
    tenant_id text not null,
    subject text not null,
    call_id text,
    idempotency_key text,
    request_hash text not null,
    request text not null,
    created_at ${bigint} not null,
    deadline_at ${bigint} not null,
    mail text,
    lease_token text,
    watched_until ${bigint},
    ${progress}
  ) ${busyTableOptions};
  create unique index record_key on record(tenant_id, subject, kind, idempotency_key) where idempotency_key is not null;
  create index record_due on record(due_at) where due_at is not null;
  create index record_finished on record(changed_at) where due_at is null;
  create index record_newest on record(tenant_id, subject, kind, created_at, id);
  create index record_call on record(tenant_id, subject, kind, call_id, created_at, id) where call_id is not null;
  create index record_mail on record(tenant_id, subject, kind, mail, created_at, id) where mail is not null;
  create index record_graph on record(graph_id) where graph_id is not null;
  create table change(
    seq ${sequence},
    record_id text not null references record(id) on delete cascade,
    ${progress},
    unique(record_id, revision)
  ) ${tableOptions};
  ${dialect.logTriggers([...progressColumns, 'due_at'])}`;
}

/** What records are due for, what notifications and the directory's changes are matched by, bulks, jobs, notifications. */
function addWork({ bigint, sequence, tableOptions, busyTableOptions, json }: Dialect): string {
  return `
  alter table record add column work text not null default 'poll';
  alter table record add column guest_id text;
  alter table record add column client_context text;
  update record set
    work = case kind when 'invitation' then 'sweep' else 'poll' end,
    guest_id = case kind when 'invitation' then lower(${json('payload')} -> 'invitedUser' ->> 'id') end,
    client_context = ${json('request')} ->> 'clientContext';
  drop index record_due;
  create index record_due on record(work, due_at) where due_at is not null;
  create index record_watched on record(watched_until) where work = 'sweep' and due_at is not null;
  create index record_guest on record(guest_id) where guest_id is not null;
  create index record_lost on record(mail) where mail is not null and guest_id is null;
  create index record_context on record(client_context) where client_context is not null;
  create table bulk_item(
    bulk_id text not null,
    position integer not null,
    record_id text not null references record(id) on delete cascade,
    primary key (bulk_id, position)
  ) ${tableOptions};
  create index bulk_item_record on bulk_item(record_id);
  create table job(
    name text primary key,
    state text,
    due_at ${bigint} not null,
    lease_token text,
    is_expedited integer not null default 0
  ) ${busyTableOptions};
  insert into job(name, due_at) values ('delta', 0), ('subscription', 0), ('callNotifications', 0), ('changeNotifications', 0);
  create table notification(
    seq ${sequence},
    body text not null,
    received_at ${bigint} not null,
    due_at ${bigint} not null,
    lease_token text
  ) ${busyTableOptions};
  create index notification_due on notification(due_at)`;
}

/**
 * Creates or updates the tables; any number of processes may do so at once.
 * @throws when the store is stamped otherwise, or a newer gateway has updated it
 */
export async function migrate(driver: Driver, stamp: string): Promise<void> {
  await driver.script('create table if not exists meta(name text primary key, value text not null)');
  await driver.run(`insert into meta(name, value) values ('version', '0'), ('stamp', $1) on conflict do nothing`, [
    stamp,
  ]);
  const [origin = '', tenant] = stamp.split(' ');
  // A store from before anybody named the tenant belongs to the first who does.
  if (tenant) await driver.run(`update meta set value = $1 where name = 'stamp' and value = $2`, [stamp, origin]);
  let meta = await readMeta(driver);
  if (meta.stamp !== stamp) {
    throw new Error(
      `The store belongs to ${meta.stamp}, but the gateway is configured for ${stamp}: ` +
        `set STORE_FILE or DATABASE_URL to another store, or configure the gateway for ${meta.stamp}.`,
    );
  }
  if (meta.version > migrations.length) {
    throw new Error(
      `The store has schema version ${meta.version}, but this gateway knows only up to ${migrations.length}: start the newer gateway that updated it.`,
    );
  }
  while (meta.version < migrations.length) {
    const script = migrations[meta.version]?.(driver.dialect);
    try {
      await driver.script(`${script}; update meta set value = '${meta.version + 1}' where name = 'version'`);
    } catch (error) {
      // Another process may have been first; then the tables are there already.
      const now = await readMeta(driver);
      if (now.version === meta.version) throw error;
    }
    meta = await readMeta(driver);
  }
}

async function readMeta(driver: Driver): Promise<{ stamp: string; version: number }> {
  const rows = await driver.run('select name, value from meta', []);
  const valueOf = (name: string) => String(rows.find((row) => row['name'] === name)?.['value']);
  return { stamp: valueOf('stamp'), version: Number(valueOf('version')) };
}
