// What subscriptions give: the state of a record, alone or with how far its bulk is.
import type { BulkUpdate } from './bulk-updates.ts';
import type { TrackingRecord } from './record.ts';

export type WatchEvent = TrackingRecord | BulkUpdate;

/** @returns the record that the event is about. */
export function toRecord(event: WatchEvent): TrackingRecord {
  return 'counts' in event ? event.invitation : event;
}

/** @returns what is the same for two events that tell the same. */
export function toEventKey(event: WatchEvent): string {
  const { id, revision, changedAt } = toRecord(event);
  const counts = 'counts' in event ? Object.values(event.counts) : [];
  // A database that went back may give a revision twice.
  return [id, revision, Number(changedAt), ...counts].join(' ');
}
