// The statements of the store, one text for both engines; each is one transaction.
import type { Dialect } from './sql-driver.ts';
import { constantColumns, progressColumns } from './sql-schema.ts';

/** The columns that are set for a new row, with what it is counted against; its lease comes with them. */
export const insertColumns = [
  ...constantColumns,
  'idempotency_key',
  'mail',
  'guest_id',
  'work',
  'caller_quota',
  'tenant_quota',
  ...progressColumns,
] as const;

const savedColumns = ['mail', 'guest_id', 'work', ...progressColumns] as const;
/** What may change without a revision. */
export const settledColumns = ['work', 'observed_at', 'attempts', 'last_error'] as const;
const numbers = new Set<string>([
  'created_at',
  'deadline_at',
  'caller_quota',
  'tenant_quota',
  'revision',
  'changed_at',
  'observed_at',
  'attempts',
]);

/** How the columns of a record are read from the table, and from the members of a JSON row. */
export function createColumns({ bigint }: Pick<Dialect, 'bigint'>) {
  const constant = [...constantColumns, 'idempotency_key', 'work'].map((column) => `record.${column}`);
  const progress = [...progressColumns, 'due_at'];
  const number = (name: string) => `cast(value ->> '${name}' as ${bigint}) as ${name}`;
  return {
    constant,
    progress,
    columns: [...constant, ...progress.map((column) => `record.${column}`)].join(', '),
    number,
    member: (name: string) => (numbers.has(name) ? number(name) : `value ->> '${name}' as ${name}`),
  };
}

/** @param keyMs how long an idempotency key holds, in milliseconds */
export function createStatements(dialect: Dialect, { keyMs }: { keyMs: number }) {
  const { now, bigint, lock, skipLocked, each, among } = dialect;
  const { constant, progress, columns, number, member } = createColumns(dialect);
  const loggedColumns = [...constant, ...progress.map((column) => `change.${column}`)].join(', ');
  const log = `change join record on record.id = change.record_id`;
  const parameters = insertColumns.map((_, index) => `$${index + 1}`);
  const [token, leaseMs] = [`$${insertColumns.length + 1}`, `$${insertColumns.length + 2}`];
  const ids = (parameter: string) => `select value ->> 'id' from ${each(parameter)} as r`;

  // Rows are locked in the order of their ids, here and in `watch`, so that the two never wait for each other in a circle.
  const save = (written: readonly string[]) => `
      with asked as materialized (
        select value ->> 'id' as id, ${['base_revision', 'due_in_ms', 'watched_due_in_ms', 'frees_key'].map(number).join(', ')},
          ${written.map(member).join(', ')}
        from ${each('$1')} as r
      ), held as materialized (
        select record.id from record
        where ${among('record.id', 'select id from asked')} and (cast($2 as text) is null or record.lease_token = $2)
        order by record.id ${lock}
      )
      update record set
        ${written.map((column) => `${column} = asked.${column}`).join(', ')},
        idempotency_key = case when asked.frees_key = 1 then null else idempotency_key end,
        due_at = ${now} + case when watched_until > ${now} then asked.watched_due_in_ms else asked.due_in_ms end,
        lease_token = null
      from asked
      where record.id = asked.id and record.revision = asked.base_revision and ${among('record.id', 'select id from held')}
      returning record.id`;

  const mayComeForward = `work = 'poll' and lease_token is null and state = 'active' and attempts = 0`;

  return {
    insert: `
      insert into record(${insertColumns.join(', ')}, lease_token, due_at)
      values (${parameters.join(', ')}, ${token}, ${now} + cast(${leaseMs} as ${bigint}))
      on conflict do nothing
      returning due_at`,

    /** After an insert that added nothing: the record that was in its way. */
    inserted: `select ${columns} from record
      where id = $1 or (tenant_id = $2 and subject = $3 and kind = $4 and idempotency_key = $5) limit 1`,

    /** The same insert again: its lease begins anew. */
    renew: `update record set due_at = ${now} + cast($3 as ${bigint}) where id = $1 and lease_token = $2 returning ${columns}`,

    // The second look at the due time is at the rows that were really got: what is due may be another's by now.
    claim: `
      with taken as materialized (
        select id, due_at from record
        where work = $5 and due_at <= ${now} + cast($4 as ${bigint}) and (due_at <= ${now} or (lease_token is null and attempts = 0))
          and (select min(due_at) from record where work = $5 and due_at is not null) <= ${now}
        order by due_at limit $1 ${skipLocked}
      )
      update record set due_at = ${now} + cast($2 as ${bigint}), lease_token = $3,
        work = case work when 'send' then 'sweep' else work end
      from taken
      where record.id = taken.id and (select min(due_at) from taken) <= ${now}
      returning ${columns}`,

    /** What a claim took under a token, its lease begun anew: whoever made it has not heard of it. */
    claimed: `
      with held as materialized (
        select record.id from record where work = $3 and due_at is not null and lease_token = $1 order by record.id ${lock}
      )
      update record set due_at = ${now} + cast($2 as ${bigint}) where ${among('id', 'select id from held')} returning ${columns}`,

    save: save([...savedColumns]),

    /** What raises no revision carries neither payload nor anything else that a client can see: the common case, many times over. */
    settle: save(settledColumns),

    nextDue: `select min(due_at) - ${now} as due_in_ms from record where work = $1 and due_at is not null`,

    // A lease that is held ends in the future: what is overdue is nobody's.
    lag: `select ${now} - min(due_at) as lag_ms from (
      select min(due_at) as due_at from record where work = 'poll' and due_at is not null
      union all select min(due_at) from record where work = 'sweep' and due_at is not null
    ) as due`,

    bringForward: `
      with held as materialized (
        select record.id from record
        where work = 'sweep' and due_at > ${now} + cast($2 as ${bigint}) and lease_token is null and state = 'active' and attempts = 0
          and ($1 = 0 or watched_until > ${now})
        order by record.id ${lock}
      )
      update record set due_at = ${now} where ${among('id', 'select id from held')} and due_at is not null`,

    pendingInvitations: `select
      cast(exists(select 1 from record where work in ('sweep', 'send') and due_at is not null) as integer) as any_due,
      cast(exists(select 1 from record where work = 'sweep' and due_at is not null and watched_until > ${now}) as integer) as any_watched`,

    // A watch that has more than half of its time left is not written again: renewals are many and come in time.
    // After a failed read the due time stays: Graph may have asked for it.
    watch: `
      with held as materialized (
        select record.id from record
        where ${among('record.id', ids('$1'))} and due_at is not null and (
          watched_until is null or watched_until < ${now} + cast($2 as ${bigint}) / 2
          or (${mayComeForward} and due_at > ${now} + cast($3 as ${bigint}))
        )
        order by record.id ${lock}
      )
      update record set
        watched_until = case when watched_until > ${now} + cast($2 as ${bigint}) then watched_until else ${now} + cast($2 as ${bigint}) end,
        due_at = case
          when ${mayComeForward} and due_at > ${now} + cast($3 as ${bigint}) then ${now} + cast($3 as ${bigint})
          else due_at
        end
      where ${among('id', 'select id from held')} and due_at is not null`,

    findByGuests: `select ${columns} from record
      where ${among('guest_id', ids('$1'))} and state in ('active', 'unknown') and kind = 'invitation'`,

    findLost: `select ${columns} from record
      where ${among('mail', ids('$1'))} and guest_id is null and work = 'sweep' and kind = 'invitation'
        and (state = 'submitting' or (state = 'unknown' and reason = 'ambiguous'))`,

    findOperations: `select ${columns} from record
      where ${among('id', `select id from record where ${among('client_context', ids('$1'))} union all select id from record where ${among('graph_id', ids('$2'))}`)}
        and kind = 'inviteParticipantsOperation'`,

    revisionsAfter: `select ${loggedColumns} from ${log} where change.record_id = $1 and change.revision > $2 order by change.revision`,

    histories: `
      select ${loggedColumns} from (
        select change.*, row_number() over (partition by record_id order by revision desc) as position from change
        where ${among('record_id', ids('$1'))}
      ) as ${log}
      where change.position <= $2 and ${among('record.id', ids('$1'))}
      order by change.record_id, change.revision`,

    changesAfter: `select change.seq, ${loggedColumns} from ${log} where change.seq > $1 order by change.seq limit $2`,

    head: `select coalesce(max(seq), 0) as seq from change`,

    prune: `
      with old as materialized (
        select id from record
        where due_at is null and state in ('settled', 'unknown') and changed_at < ${now} - cast($1 as ${bigint})
          and (idempotency_key is null or created_at < ${now} - ${keyMs})
        order by changed_at limit $2 ${skipLocked}
      )
      delete from record where ${among('id', 'select id from old')} returning id`,
  };
}
