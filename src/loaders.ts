// What one request reads more than once: batched and shared among its resolvers.
import DataLoader from 'dataloader';
import type { GraphUser } from './graph/resources.ts';
import type { UserReader } from './graph/user-reader.ts';
import type { UserMember } from './graph/users.ts';
import type { TrackingRecord } from './tracking/record.ts';
import type { Store } from './tracking/store.ts';

export interface LoaderOptions {
  users: UserReader;
  store: Pick<Store, 'histories'>;
  /** How long Graph may take to answer, from now. */
  timeoutMs: () => number;
}

export interface Loaders {
  /** One member of a user of the directory, null when Graph does not know the user (yet). Only members that are asked for are read. */
  userMember: <Member extends UserMember>(
    id: string,
    member: Member,
  ) => Promise<Exclude<GraphUser[Member], undefined> | null>;
  /** The newest revisions of a record, oldest first. */
  history: (recordId: string, last: number) => Promise<TrackingRecord[]>;
}

interface MemberKey {
  id: string;
  member: UserMember;
}

export function createLoaders({ users, store, timeoutMs }: LoaderOptions): Loaders {
  const createHistories = () =>
    new DataLoader<{ recordId: string; last: number }, TrackingRecord[], string>(
      async (keys) => {
        const most = Math.max(...keys.map(({ last }) => last));
        const found = await store.histories(
          keys.map(({ recordId }) => recordId),
          most,
        );
        return keys.map(({ last }, index) => found[index]?.slice(-last) ?? []);
      },
      { cacheKeyFn: ({ recordId, last }) => `${recordId} ${last}` },
    );
  const createMembers = () =>
    new DataLoader<MemberKey, GraphUser[UserMember] | null, string>(
      async (keys) => {
        const wanted = [...Map.groupBy(keys, ({ id }) => id)].map(([id, asked]) => ({
          id,
          members: new Set(asked.map(({ member }) => member)),
        }));
        const results = await users.read(wanted, { timeoutMs: timeoutMs() });
        const byId = new Map(wanted.map(({ id }, index) => [id, results[index]]));
        return keys.map(({ id, member }) => {
          const user = byId.get(id) ?? null;
          return user instanceof Error ? user : (user?.[member] ?? null);
        });
      },
      { cacheKeyFn: ({ id, member }) => `${member} ${id}` },
    );
  // Most requests need neither.
  let histories: ReturnType<typeof createHistories> | undefined;
  let members: ReturnType<typeof createMembers> | undefined;
  return {
    userMember: (id, member) => (members ??= createMembers()).load({ id, member }) as Promise<never>,
    history: (recordId, last) => (histories ??= createHistories()).load({ recordId, last }),
  };
}
