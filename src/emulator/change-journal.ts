/** Which user changed when, and in which members: what delta tells from. */
import type { State } from './state.ts';

export interface UserChange {
  userId: string;
  /** Number of the latest change of this user within the asked range. */
  last: number;
  /** Names of the members that changed; undefined: the user came, went or came back. */
  members: Set<string> | undefined;
}

export interface ChangeRange {
  /** Changes after this number... */
  since: number;
  /** ...and up to this one; */
  until: number;
  /** only of users whose latest change within the range has a greater number; */
  after: number;
  /** only of these users. */
  ids: string[] | undefined;
}

export interface ChangeJournal {
  /** `members` undefined: the user came, went or came back. */
  record(userId: string, at: number, members?: string[]): void;
  /** Number of the latest change such that it and all before it were made by this moment. */
  position(until: number): number;
  /** One entry per user, in the order of their latest changes. */
  read(range: ChangeRange): Iterable<UserChange>;
}

const READ = `
  SELECT userId, max(seq) AS last, json_group_array(members) AS members FROM changes
  WHERE seq > ?1 AND seq <= ?2 AND (?4 IS NULL OR userId IN (SELECT value FROM json_each(?4)))
  GROUP BY userId HAVING max(seq) > ?3 ORDER BY last`;

export function createChangeJournal({ db }: State): ChangeJournal {
  const insert = db.prepare('INSERT INTO changes (userId, at, members) VALUES (?, ?, ?)');
  const latest = db.prepare('SELECT max(seq) AS seq FROM changes');
  const firstLater = db.prepare('SELECT min(seq) AS seq FROM changes WHERE at > ?');

  return {
    record: (userId, at, members) => void insert.run(userId, at, members ? JSON.stringify(members) : null),
    position(until) {
      const later = firstLater.get(until)?.['seq'] ?? null;
      return later === null ? Number(latest.get()?.['seq'] ?? 0) : Number(later) - 1;
    },
    *read({ since, until, after, ids }) {
      // A statement of its own: a reader may stop early, and another begin before that.
      const rows = db.prepare(READ).iterate(since, until, after, ids ? JSON.stringify(ids) : null);
      for (const row of rows) {
        yield {
          userId: String(row['userId']),
          last: Number(row['last']),
          members: toMembers(JSON.parse(String(row['members'])) as (string | null)[]),
        };
      }
    },
  };
}

function toMembers(lists: (string | null)[]): Set<string> | undefined {
  if (lists.includes(null)) return undefined;
  return new Set(lists.flatMap((list) => JSON.parse(String(list)) as string[]));
}
