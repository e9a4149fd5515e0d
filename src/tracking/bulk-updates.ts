// What a subscriber of a bulk gets: each invitation as it changes, and how far the bulk is.
import type { InvitationRecord, State, TrackingRecord } from './record.ts';
import type { Watch } from './watch.ts';

/** One invitation of a bulk, and how far the bulk is. */
export interface BulkUpdate {
  invitation: InvitationRecord;
  counts: BulkCounts;
}

/** How many invitations of a bulk are in which state. */
export type BulkCounts = { [Name in State]: number } & {
  total: number;
  /** Of the settled ones those that Graph refused. */
  refused: number;
};

/** @param records of the bulk, as they are when the watch begins */
export function toBulkUpdates(watch: Watch, records: readonly TrackingRecord[]): AsyncIterableIterator<BulkUpdate> {
  const current = new Map(records.map((record) => [record.id, record]));
  return {
    async next() {
      const result = await watch.next();
      if (result.done) return { value: undefined, done: true };
      const invitation = result.value as InvitationRecord;
      current.set(invitation.id, invitation);
      return { value: { invitation, counts: count(current.values()) }, done: false };
    },
    async return() {
      await watch.return();
      return { value: undefined, done: true };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

function count(records: Iterable<TrackingRecord>): BulkCounts {
  const counts = { total: 0, submitting: 0, active: 0, settled: 0, unknown: 0, refused: 0 };
  for (const { state, reason } of records) {
    counts.total += 1;
    counts[state] += 1;
    if (reason === 'refused' || reason === 'notSent') counts.refused += 1;
  }
  return counts;
}
