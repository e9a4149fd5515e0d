// What a subscriber of a bulk gets: each invitation as it changes, and how far the bulk is.
import type { InvitationRecord, State, TrackingRecord } from './record.ts';

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

/**
 * @param records of the bulk, as they are when the watch begins
 * @returns what makes an update of each later state, to be asked once for each in their order
 */
export function createBulkCounter(records: readonly TrackingRecord[]): (record: TrackingRecord) => BulkUpdate {
  const current = new Map(records.map((record) => [record.id, record]));
  return (record) => {
    current.set(record.id, record);
    return { invitation: record as InvitationRecord, counts: count(current.values()) };
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
