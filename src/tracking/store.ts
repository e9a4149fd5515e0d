// What the engine needs from a store. Due times and leases are judged by the store's own clock, so that replicas agree.
import type { Owner, RecordKind, TrackingRecord } from './record.ts';

/** A change that one writer wants to make to one record. */
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

/** Which records to list: those of one owner, newest first, refused ones left out. */
export interface ListQuery {
  kind: RecordKind;
  owner: Owner;
  states?: readonly string[];
  callId?: string;
  /** Of an invitation, compared without regard to case. */
  invitedUserEmailAddress?: string;
  first: number;
  /** Position to go on after. */
  after?: { createdAt: Date; id: string };
}

/** One row of the change log: the record as it was at that revision. */
export interface Change {
  seq: number;
  record: TrackingRecord;
}

/** How a claim is made. */
export interface ClaimOptions {
  limit: number;
  leaseMs: number;
  /** Fresh for each claim: fences the writes that follow. */
  leaseToken: string;
  /** When at least one record is due, records that nobody holds are taken this much ahead of time. */
  horizonMs: number;
}

/**
 * Durable records and their change log. Every promise resolves only when what it did would survive a crash.
 * A revision and its row in the change log are one transaction; log order is commit order.
 */
export interface Store {
  /**
   * Opens the store and brings its tables up to date.
   * @throws when the store is stamped with another Graph.
   */
  start(): Promise<void>;
  stop(): Promise<void>;

  /**
   * Adds a record, leased by `leaseToken` and due when that lease ends.
   * When the owner already has one of this kind with its idempotency key, nothing is added and that one is returned.
   */
  insert(record: TrackingRecord, leaseToken: string, leaseMs: number): Promise<TrackingRecord>;

  /**
   * Takes due records, oldest due first, and leases them. A lease that ran out is due work like any other.
   */
  claim(options: ClaimOptions): Promise<TrackingRecord[]>;

  /**
   * Writes a group in one statement and gives up the leases.
   * @param leaseToken when given, only records still held under it are written
   * @returns the ids written; the others had changed meanwhile
   */
  save(writes: readonly Write[], leaseToken?: string): Promise<ReadonlySet<string>>;

  /** @returns milliseconds until the next record is due (0 when one is), or null when none ever will be. */
  nextDueInMs(): Promise<number | null>;

  /**
   * Notes that somebody watches these records for about `watchMs` from now, and brings their next read forward to `dueInMs`,
   * unless the last one failed: then it waits as long as was decided.
   */
  watch(ids: readonly string[], watchMs: number, dueInMs: number): Promise<void>;

  /** @returns the owner's record by our id or Graph's; undefined when there is none. `callId` is required for an operation. */
  find(kind: RecordKind, owner: Owner, id: string, callId?: string): Promise<TrackingRecord | undefined>;

  list(query: ListQuery): Promise<TrackingRecord[]>;

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

  /** Deletes finished records, and their change log, that last changed more than `olderThanMs` ago. @returns how many. */
  prune(olderThanMs: number): Promise<number>;

  /** @throws when the store cannot be reached. */
  ping(): Promise<void>;
}
