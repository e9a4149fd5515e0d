// SQLite's words for what differs between the engines.
import type { Dialect } from './sql-driver.ts';

export const sqliteDialect: Dialect = {
  now: `cast(round(unixepoch('subsec') * 1000) as integer)`,
  bigint: 'integer',
  sequence: 'integer primary key autoincrement',
  tableOptions: 'strict',
  busyTableOptions: 'strict',
  lock: '',
  skipLocked: '',
  each: (parameter) => `json_each(${parameter})`,
  json: (column) => column,
  among: (key, select) => `${key} in (${select})`,
  insertTrigger: (name, condition, statements) =>
    `create trigger ${name} after insert on record when ${condition} begin ${statements}; end;`,
  logTriggers(columns) {
    const log = `begin
      insert into change(record_id, ${columns.join(', ')}) values (new.id, ${columns.map((column) => `new.${column}`).join(', ')});
    end`;
    return `
      create trigger record_insert_log after insert on record ${log};
      create trigger record_update_log after update of revision on record when new.revision <> old.revision ${log};`;
  },
};
