/** The tenant's users, as rows. */
import type { SQLInputValue, StatementSync } from 'node:sqlite';
import type { ChangeJournal } from './change-journal.ts';
import type { State } from './state.ts';
import type { UserFilter } from './user-filter.ts';

export interface DirectoryUser {
  id: string;
  displayName: string;
  mail: string | null;
  userPrincipalName: string;
  userType: 'Guest' | 'Member';
  creationType: string | null;
  accountEnabled: boolean;
  createdDateTime: string;
  externalUserState: string | null;
  externalUserStateChangeDateTime: string | null;
  otherMails: string[];
  proxyAddresses: string[];
  businessPhones: string[];
  givenName: string | null;
  surname: string | null;
  jobTitle: string | null;
  department: string | null;
  officeLocation: string | null;
  mobilePhone: string | null;
  preferredLanguage: string | null;
  usageLocation: string | null;
  companyName: string | null;
  mailNickname: string | null;
  identities: { signInType: string; issuer: string; issuerAssignedId: string | null }[];
  /** Ids only; Graph offers them as a navigation, not as a member. */
  sponsors: string[];
}

export interface UserPage {
  filter?: UserFilter | undefined;
  /** Users made after this moment are not replicated yet. */
  visibleUntil: number;
  after: number;
  limit: number;
}

export interface Directory {
  byId(id: string): DirectoryUser | undefined;
  /** By id or user principal name, once replicated. */
  readable(key: string, visibleUntil: number): DirectoryUser | undefined;
  /** The user who owns this mail address in any form. */
  byAddress(mail: string): DirectoryUser | undefined;
  page(page: UserPage): { seq: number; user: DirectoryUser }[];
  count(page: Pick<UserPage, 'filter' | 'visibleUntil'>): number;
  add(user: DirectoryUser, createdAt: number): void;
  /** Saves members other than the addresses, which never change. */
  update(user: DirectoryUser): void;
  /** From now on the user can only be restored or erased. */
  remove(id: string): void;
  isRemoved(id: string): boolean;
  /** Undoes `remove`. False when there is no such removed user, or when its name has been given to another. */
  restore(id: string): boolean;
  /** Removes the user for good, removed before or not. False when there is none. */
  erase(id: string): boolean;
  isEmpty(): boolean;
}

export interface DirectoryOptions {
  state: State;
  journal: ChangeJournal;
  now: () => number;
  /** Graph's words: a user who is removed, but can be restored, is `updated`. */
  onChange: (userId: string, changeType: 'updated' | 'deleted') => void;
}

const BY_ADDRESS = `
  SELECT data FROM users WHERE seq = (SELECT min(seq) FROM (
    SELECT seq FROM users WHERE mail = ?1
    UNION ALL SELECT seq FROM users WHERE userPrincipalName = ?1
    UNION ALL SELECT user FROM addresses WHERE kind = 'otherMails' AND value = ?1
    UNION ALL SELECT user FROM addresses WHERE kind = 'proxyAddresses' AND value = 'SMTP:' || ?1))`;

const KEPT_STATEMENTS = 200;

export function createDirectory({ state, journal, now, onChange }: DirectoryOptions): Directory {
  const { db } = state;
  const byId = db.prepare('SELECT data FROM users WHERE id = ?');
  const byKey = db.prepare('SELECT data FROM users WHERE (id = ?1 OR userPrincipalName = ?1) AND createdAt <= ?2');
  const byAddress = db.prepare(BY_ADDRESS);
  const insert = db.prepare('INSERT INTO users (data, createdAt) VALUES (?, ?)');
  const update = db.prepare('UPDATE users SET data = ?2 WHERE id = ?1');
  const remove = db.prepare('DELETE FROM users WHERE id = ?');
  const keep = db.prepare('INSERT INTO deleted_users SELECT id, createdAt, data FROM users WHERE id = ?');
  const kept = db.prepare('SELECT id, createdAt, data FROM deleted_users WHERE id = ?');
  const forget = db.prepare('DELETE FROM deleted_users WHERE id = ?');
  const any = db.prepare('SELECT 1 FROM users LIMIT 1');

  const prepared = new Map<string, StatementSync>();
  const prepare = (sql: string): StatementSync => {
    const known = prepared.get(sql);
    if (known) return known;
    if (prepared.size >= KEPT_STATEMENTS) prepared.clear();
    const statement = db.prepare(sql);
    prepared.set(sql, statement);
    return statement;
  };
  const matching = (columns: string, filter: UserFilter | undefined, tail: string): StatementSync =>
    prepare(`SELECT ${columns} FROM users WHERE ${filter ? `(${filter.sql}) AND ` : ''}+createdAt <= ? ${tail}`);
  const valuesOf = (filter: UserFilter | undefined): SQLInputValue[] => filter?.values ?? [];

  return {
    byId: (id) => toUser(byId.get(id)),
    readable: (key, visibleUntil) => toUser(byKey.get(key, visibleUntil)),
    byAddress: (mail) => toUser(byAddress.get(mail)),
    page: ({ filter, visibleUntil, after, limit }) =>
      matching('seq, data', filter, 'AND seq > ? ORDER BY seq LIMIT ?')
        .all(...valuesOf(filter), visibleUntil, after, limit)
        .map((row) => ({ seq: Number(row['seq']), user: parseUser(row['data']) })),
    count: ({ filter, visibleUntil }) =>
      Number(matching('count(*) AS n', filter, '').get(...valuesOf(filter), visibleUntil)?.['n'] ?? 0),
    add(user, createdAt) {
      state.transaction(() => {
        insert.run(JSON.stringify(user), createdAt);
        journal.record(user.id, createdAt);
      });
      onChange(user.id, 'updated');
    },
    update(user) {
      const members = changedMembers(toUser(byId.get(user.id)), user);
      if (members.length === 0) return;
      state.transaction(() => {
        update.run(user.id, JSON.stringify(user));
        journal.record(user.id, now(), members);
      });
      onChange(user.id, 'updated');
    },
    remove(id) {
      state.transaction(() => {
        keep.run(id);
        remove.run(id);
        journal.record(id, now());
      });
      onChange(id, 'updated');
    },
    isRemoved: (id) => kept.get(id) !== undefined,
    restore(id) {
      const row = kept.get(id);
      if (!row || byKey.get(parseUser(row['data']).userPrincipalName, Infinity)) return false;
      state.transaction(() => {
        insert.run(String(row['data']), Number(row['createdAt']));
        forget.run(id);
        journal.record(String(row['id']), now());
      });
      onChange(String(row['id']), 'updated');
      return true;
    },
    erase(id) {
      const known = toUser(byId.get(id) ?? kept.get(id));
      if (!known) return false;
      state.transaction(() => {
        remove.run(id);
        forget.run(id);
        journal.record(known.id, now());
      });
      onChange(known.id, 'deleted');
      return true;
    },
    isEmpty: () => any.get() === undefined,
  };
}

function changedMembers(before: DirectoryUser | undefined, after: DirectoryUser): string[] {
  if (!before) return [];
  return Object.entries(after)
    .filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name as keyof DirectoryUser]))
    .map(([name]) => name);
}

function toUser(row: Record<string, unknown> | undefined): DirectoryUser | undefined {
  return row && parseUser(row['data']);
}

function parseUser(data: unknown): DirectoryUser {
  return JSON.parse(String(data)) as DirectoryUser;
}
