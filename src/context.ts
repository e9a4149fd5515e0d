// Everything that a resolver may touch.
import type { Caller } from './auth/caller.ts';
import type { Session } from './auth/session.ts';
import { leftOf, type Deadline } from './deadline.ts';
import { GatewayError } from './errors.ts';
import type { Availability } from './graph/scope-state.ts';
import type { UserReader } from './graph/user-reader.ts';
import { createLoaders, type Loaders } from './loaders.ts';
import type { Feed } from './tracking/feed.ts';
import type { Store } from './tracking/store.ts';
import type { Tracker } from './tracking/tracker.ts';

/** What the gateway tells about itself. */
export interface GatewayStatus {
  version: string;
  mode: 'emulator' | 'live';
  graph: () => Availability;
  pollLagMs: () => Promise<number>;
}

/** What lives as long as the gateway. */
export interface Services {
  store: Store;
  users: UserReader;
  /** How long Graph may take to answer. */
  timeoutMs: number;
  tracker: Tracker;
  feed: Feed;
  status: GatewayStatus;
}

export interface ContextOptions {
  /** Who is calling at present; null: nobody has said. */
  findSession: () => Session | null;
  /** When the answer is due. */
  deadline: Deadline;
}

/** Apollo copies the members of an object; what is asked each time is a getter of the class. */
export class GraphQLContext {
  readonly deadline: Deadline;
  readonly findSession: () => Session | null;
  readonly status: GatewayStatus;
  readonly loaders: Loaders;
  readonly tracker: Tracker;
  readonly feed: Pick<Feed, 'watchRecord' | 'watchCall' | 'watchBulk'>;
  readonly records: Pick<Store, 'find' | 'list'>;

  constructor(services: Services, { findSession, deadline }: ContextOptions) {
    const { store, tracker, feed, status, users, timeoutMs } = services;
    this.deadline = deadline;
    this.findSession = findSession;
    this.tracker = tracker;
    this.feed = feed;
    this.status = status;
    this.records = store;
    this.loaders = createLoaders({ users, store, timeoutMs: () => leftOf(deadline, timeoutMs) });
  }

  /** Throws `UNAUTHENTICATED` when nobody has said who is calling. */
  get caller(): Caller {
    const session = this.findSession();
    if (session) return session.caller;
    throw new GatewayError('UNAUTHENTICATED', 'This needs a token. Send one as `Authorization: Bearer <token>`.');
  }
}
