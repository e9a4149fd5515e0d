// PostgreSQL's words for what differs between the engines.
import type { Dialect } from './sql-driver.ts';

/** Named after the schema: a database may hold several stores. */
const logLock = (schema: string) => `hashtextextended('record ' || ${schema}, 0)`;
const toChannel = (schema: string) => `'record_' || hashtextextended(${schema}, 0)`;

/** The channel on which the server says that the log has grown. */
export const channel = toChannel('current_schema()');
/**
 * Held by whoever changes the tables. Not the lock of the log: a writer, who has its row and waits for the log, and a change of
 * the table, which waits for the writer, would be a circle.
 */
export const migrationLock = `hashtextextended('migration ' || current_schema(), 0)`;

export const postgresDialect: Dialect = {
  now: `cast(extract(epoch from statement_timestamp()) * 1000 as bigint)`,
  bigint: 'bigint',
  sequence: 'bigserial primary key',
  tableOptions: '',
  // Rows are written far more often than added: leave room on the page, and clear up early.
  busyTableOptions: 'with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000)',
  lock: 'for update of record',
  skipLocked: 'for update skip locked',
  each: (parameter) => `json_array_elements(cast(${parameter} as json))`,
  json: (column) => `cast(${column} as json)`,
  // With a join the planner, which takes any JSON array for a long one, reads the whole table.
  among: (key, select) => `${key} = any(array(${select}))`,
  insertTrigger: (name, condition, statements) => `
      create function ${name}() returns trigger language plpgsql as $$ begin ${statements}; return null; end $$;
      create trigger ${name} after insert on record for each row when (${condition}) execute function ${name}();`,
  logTriggers(columns) {
    // The lock is taken after the row locks and before the sequence: the order of the log is the order of the commits,
    // and a reader that goes by `seq` misses nothing. Claims and reads that bring nothing new do without it.
    const log = (name: string, event: string, tables: string, risen: string) => `
      create function ${name}() returns trigger language plpgsql as $$ begin
        if exists (select 1 from ${risen}) then
          perform pg_advisory_xact_lock(${logLock('tg_table_schema')});
          insert into change(record_id, ${columns.join(', ')})
            select new_row.id, ${columns.map((column) => `new_row.${column}`).join(', ')} from ${risen} order by new_row.id;
          perform pg_notify(${toChannel('tg_table_schema')}, '');
        end if;
        return null;
      end $$;
      create trigger ${name} after ${event} on record referencing ${tables} for each statement execute function ${name}();`;
    return (
      log('record_insert_log', 'insert', 'new table as new_row', 'new_row') +
      log(
        'record_update_log',
        'update',
        'old table as old_row new table as new_row',
        'new_row join old_row on new_row.id = old_row.id and new_row.revision <> old_row.revision',
      )
    );
  },
};
