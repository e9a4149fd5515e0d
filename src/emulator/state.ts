/** The SQLite database that holds everything the emulator must still know after a restart. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createRandomIds, type RandomIds } from './random-ids.ts';

export interface State {
  db: DatabaseSync;
  ids: RandomIds;
  /** All or nothing, also inside another. Take ids before, not inside: a rollback would forget that they were reserved. */
  transaction<T>(work: () => T): T;
  /** A number that survives restarts; 0 at first. */
  loadCount(name: string): number;
  saveCount(name: string, value: number): void;
  close(): void;
}

const TABLES = `
  CREATE TABLE IF NOT EXISTS counts (name TEXT PRIMARY KEY, value INTEGER NOT NULL);

  CREATE TABLE IF NOT EXISTS users (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    createdAt INTEGER NOT NULL,
    data TEXT NOT NULL,
    id TEXT COLLATE NOCASE AS (data ->> 'id'),
    mail TEXT COLLATE NOCASE AS (data ->> 'mail'),
    userPrincipalName TEXT COLLATE NOCASE AS (data ->> 'userPrincipalName'),
    userType TEXT COLLATE NOCASE AS (data ->> 'userType'),
    externalUserState TEXT COLLATE NOCASE AS (data ->> 'externalUserState')
  );
  CREATE UNIQUE INDEX IF NOT EXISTS users_id ON users (id);
  CREATE UNIQUE INDEX IF NOT EXISTS users_name ON users (userPrincipalName);
  CREATE INDEX IF NOT EXISTS users_mail ON users (mail);
  CREATE INDEX IF NOT EXISTS users_type ON users (userType);
  CREATE INDEX IF NOT EXISTS users_state ON users (externalUserState);

  CREATE TABLE IF NOT EXISTS addresses (
    kind TEXT NOT NULL, value TEXT COLLATE NOCASE NOT NULL, user INTEGER NOT NULL,
    PRIMARY KEY (kind, value, user)
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS addresses_user ON addresses (user);
  CREATE TRIGGER IF NOT EXISTS users_added AFTER INSERT ON users BEGIN
    INSERT OR IGNORE INTO addresses SELECT 'otherMails', value, new.seq FROM json_each(new.data, '$.otherMails');
    INSERT OR IGNORE INTO addresses SELECT 'proxyAddresses', value, new.seq FROM json_each(new.data, '$.proxyAddresses');
  END;
  CREATE TRIGGER IF NOT EXISTS users_removed AFTER DELETE ON users BEGIN
    DELETE FROM addresses WHERE user = old.seq;
  END;

  CREATE TABLE IF NOT EXISTS invitations (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL, mail TEXT NOT NULL, userId TEXT NOT NULL,
    ticket TEXT NOT NULL UNIQUE, redeemUrl TEXT NOT NULL, redirectUrl TEXT NOT NULL, createdAt INTEGER NOT NULL
  );

  CREATE TABLE IF NOT EXISTS operations (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE, callId TEXT NOT NULL, startedAt INTEGER NOT NULL,
    data TEXT NOT NULL, outcome TEXT NOT NULL,
    forcedAt INTEGER, forced TEXT
  );
  CREATE INDEX IF NOT EXISTS operations_call ON operations (callId);
  CREATE TABLE IF NOT EXISTS unannounced (operationId TEXT PRIMARY KEY, startedAt INTEGER NOT NULL) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS unannounced_start ON unannounced (startedAt);

  CREATE TABLE IF NOT EXISTS changes (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    userId TEXT COLLATE NOCASE NOT NULL, at INTEGER NOT NULL, members TEXT
  );
  CREATE INDEX IF NOT EXISTS changes_at ON changes (at);
  CREATE TABLE IF NOT EXISTS deleted_users (
    id TEXT COLLATE NOCASE PRIMARY KEY, createdAt INTEGER NOT NULL, data TEXT NOT NULL
  ) WITHOUT ROWID;

  CREATE TABLE IF NOT EXISTS subscriptions (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT COLLATE NOCASE NOT NULL UNIQUE, expiresAt INTEGER NOT NULL, data TEXT NOT NULL
  );

  CREATE TABLE IF NOT EXISTS signing_keys (kid TEXT PRIMARY KEY, jwk TEXT NOT NULL) WITHOUT ROWID;
`;

/** Makes the file's folder when there is none. @throws when the file cannot be opened. */
export function openState(options: { stateFile?: string | undefined; seed: number }): State {
  if (options.stateFile) mkdirSync(dirname(options.stateFile), { recursive: true });
  const db = new DatabaseSync(options.stateFile ?? ':memory:');
  db.exec('PRAGMA busy_timeout = 2000; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
  db.exec(TABLES);

  const load = db.prepare('SELECT value FROM counts WHERE name = ?');
  const save = db.prepare('INSERT INTO counts VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value');
  const count = (name: string): number => Number(load.get(name)?.['value'] ?? 0);
  const run = count('runs') + 1;
  save.run('runs', run);
  const ids = createRandomIds(options.seed, {
    start: count('ids'),
    run,
    reserve: (end) => void save.run('ids', end),
  });

  return {
    db,
    ids,
    loadCount: count,
    saveCount: (name, value) => void save.run(name, value),
    transaction: (work) => {
      if (db.isTransaction) return work();
      db.exec('BEGIN IMMEDIATE');
      try {
        const result = work();
        db.exec('COMMIT');
        return result;
      } catch (error) {
        db.exec('ROLLBACK');
        throw error;
      }
    },
    close: () => db.close(),
  };
}
