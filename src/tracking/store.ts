// What the engine needs from a store. Due times and leases are judged by the store's own clock, so that replicas agree.
import type { InvitationRecord, OperationRecord, RecordKind, TrackingRecord, Viewer, Work } from './record.ts';

/**
 * A change that one writer wants to make to one record. Where it raises no revision, only `work`, `observedAt`, `attempts`,
 * `lastError`, a freed key and the due time are written: all else is the same.
 */
export interface Write {
  /** The record as it shall be, `dueAt` aside. */
  record: TrackingRecord;
  /** The revision it was derived from: the write is dropped when the stored one is another. */
  baseRevision: number;
  /** Milliseconds from the store's now until the record is due again; null = nothing is left to do. */
  dueInMs: number | null;
  /** The same while somebody watches the record. */
  watchedDueInMs: number | null;
}

/** Which records to list: those that one viewer sees, newest first, refused ones left out. */
export interface ListQuery {
  kind: RecordKind;
  viewer: Viewer;
  states?: readonly string[];
  callId?: string;
  /** Of an invitation, compared without regard to case. */
  invitedUserEmailAddress?: string;
  first: number;
  /** Position to go on after. */
  after?: { createdAt: Date; id: string };
}

/** How many invitations may be made; 0 = any number. */
export interface Quotas {
  /** By one caller in an hour of the clock. */
  caller: number;
  /** By all callers of a tenant in a day, UTC. */
  tenant: number;
}

/** One row of the change log: the record as it was at that revision. */
export interface Change {
  seq: number;
  record: TrackingRecord;
}

/** How a claim is made. */
export interface ClaimOptions {
  /** Records to be sent count as begun with their claim: from then on they are swept. */
  work: Work;
  limit: number;
  leaseMs: number;
  /** Fresh for each claim: fences the writes that follow. */
  leaseToken: string;
  /** Whether the answer to a claim under this token was lost: what it took, and still holds, is lent again. */
  isRepeated?: boolean;
  /** When at least one record is due, records that nobody holds are taken this much ahead of time, failed reads aside. */
  horizonMs: number;
}

/** What one replica at a time does; the name is its place in the store. */
export type JobName = 'delta' | 'subscription' | 'callNotifications' | 'changeNotifications';

/** A notification that waits to be worked on. */
export interface Notification {
  seq: number;
  /** As it was received, JSON. */
  body: string;
  receivedAt: Date;
}

/** A bulk of invitations: what became of each of its items, in their order. */
export interface Bulk {
  id: string;
  records: InvitationRecord[];
}

/** What is kept beside the records, shared by all replicas. */
export interface JobStore {
  /**
   * Takes a job that is due, for `leaseMs`.
   * @returns what was saved last, null at first; undefined when it is not due, or is another's
   */
  claimJob(name: JobName, leaseToken: string, leaseMs: number): Promise<{ state: string | null } | undefined>;
  /**
   * Writes down where the job stands.
   * @param dueInMs gives up the lease, the job is due again then (at once, when it was expedited meanwhile); null = goes on
   * @returns false when the lease was lost: nothing was written
   */
  saveJob(name: JobName, leaseToken: string, state: string | null, dueInMs: number | null): Promise<boolean>;
  /** Makes a job due now, or again at once when it is being done. */
  expediteJob(name: JobName): Promise<void>;
  /** Writes the state of a job that nobody claims. */
  noteJob(name: JobName, state: string): Promise<void>;
  /** @returns what was saved last. */
  readJob(name: JobName): Promise<{ state: string | null; dueInMs: number }>;

  /** Keeps notifications until they are worked on. */
  addNotifications(bodies: readonly string[]): Promise<void>;
  /** Takes notifications that are due, oldest first. */
  claimNotifications(limit: number, leaseToken: string, leaseMs: number): Promise<Notification[]>;
  /** Forgets those that are done, and makes the others due again after `laterMs`; only ones still held under the token. */
  settleNotifications(
    leaseToken: string,
    seqs: { done: readonly number[]; later: readonly number[]; laterMs: number },
  ): Promise<void>;
}

/**
 * Durable records and their change log. Every promise resolves only when what it did would survive a crash.
 * A revision and its row in the change log are one transaction; log order is commit order.
 */
export interface Store extends JobStore {
  /**
   * Opens the store and brings its tables up to date.
   * @throws when the store is stamped with another Graph.
   */
  start(): Promise<void>;
  stop(): Promise<void>;

  /**
   * Adds a record, leased by `leaseToken` and due when that lease ends.
   * When the owner already has one of this kind with its idempotency key, nothing is added and that one is returned.
   * @throws GatewayError `LIMIT_EXCEEDED` when a quota is used up: nothing is added
   */
  insert(record: TrackingRecord, leaseToken: string, leaseMs: number): Promise<TrackingRecord>;

  /**
   * Adds invitations of one owner that are still to be sent, in one statement, due at once, and notes them as a bulk.
   * Where a key is taken already, the record that has it is in the bulk instead.
   * @returns the records in the order given
   * @throws GatewayError `LIMIT_EXCEEDED` when those that are new do not fit into a quota: none is added
   */
  insertBulk(bulkId: string, records: readonly InvitationRecord[]): Promise<InvitationRecord[]>;

  /** @returns the bulk, undefined when there is none; its owner and admins see it, whatever its records are shared with. */
  findBulk(viewer: Viewer, bulkId: string): Promise<Bulk | undefined>;

  /**
   * Takes due records, oldest due first, and leases them. A lease that ran out is due work like any other.
   */
  claim(options: ClaimOptions): Promise<TrackingRecord[]>;

  /**
   * Writes a group, each record whole or not at all, and gives up the leases.
   * @param leaseToken when given, only records still held under it are written
   * @returns the ids written; the others had changed meanwhile
   */
  save(writes: readonly Write[], leaseToken?: string): Promise<ReadonlySet<string>>;

  /** @returns milliseconds until the next record is due for this (0 when one is), or null when none ever will be. */
  nextDueInMs(work: Work): Promise<number | null>;

  /** Makes active invitations that are due later than that due for a sweep now, those aside whose last read failed. */
  bringForward(options: { watchedOnly: boolean; laterThanMs: number }): Promise<void>;

  /** @returns by how many milliseconds the most overdue read is late; 0 when none is. */
  lagMs(): Promise<number>;

  /** @returns whether there are unfinished invitations that were sent, and whether somebody watches one. */
  pendingInvitations(): Promise<{ any: boolean; watched: boolean }>;

  /**
   * Notes that somebody watches these records for about `watchMs` from now, and brings the next poll of an operation forward
   * to `dueInMs`, unless the last one failed: then it waits as long as was decided.
   */
  watch(ids: readonly string[], watchMs: number, dueInMs: number): Promise<void>;

  /**
   * @returns the record by our id or Graph's; undefined when there is none that the viewer sees. `callId` is required for an operation.
   */
  find(kind: RecordKind, viewer: Viewer, id: string, callId?: string): Promise<TrackingRecord | undefined>;

  list(query: ListQuery): Promise<TrackingRecord[]>;

  /** @returns the invitations, not settled, whose invited user has one of these ids, whoever owns them. */
  findByGuests(guestIds: readonly string[]): Promise<InvitationRecord[]>;

  /** @returns the invitations whose answer is lost (submitting or `ambiguous`) to one of these addresses, whoever owns them. */
  findLost(addresses: readonly string[]): Promise<InvitationRecord[]>;

  /** @returns the operations with one of these client contexts or Graph ids, whoever owns them. */
  findOperations(keys: { clientContexts: readonly string[]; graphIds: readonly string[] }): Promise<OperationRecord[]>;

  /** @returns the revisions after `afterRevision`, oldest first. */
  revisionsAfter(recordId: string, afterRevision: number): Promise<TrackingRecord[]>;

  /** @returns for each record id its newest `last` revisions, oldest first; empty for an unknown id. */
  histories(recordIds: readonly string[], last: number): Promise<TrackingRecord[][]>;

  /** @returns up to `limit` rows of the change log after `seq`, in order. */
  changesAfter(seq: number, limit: number): Promise<Change[]>;
  /** @returns the newest `seq`, 0 when the log is empty. */
  head(): Promise<number>;
  /** Calls `listener` when the change log may have grown, or the connection that tells so was lost and is back. Only a hint. */
  onChange(listener: () => void): () => void;

  /**
   * Deletes finished records, and their change log, that last changed more than `olderThanMs` ago and whose idempotency keys
   * have had their time; and what was counted for quotas whose time is over. @returns how many records.
   */
  prune(olderThanMs: number): Promise<number>;

  /** @throws when the store cannot be reached. */
  ping(): Promise<void>;
}
