// Writes down what was observed of records that nobody holds, whatever else is written to them meanwhile.
import type { NextDue } from './cadence.ts';
import type { TrackingRecord } from './record.ts';
import type { Store } from './store.ts';

export interface ApplyOptions<Record extends TrackingRecord> {
  store: Pick<Store, 'save' | 'find'>;
  observe: (record: Record) => Record;
  nextDue: (record: Record) => NextDue;
}

/**
 * Observes each record and writes the group in one statement; a record that has changed meanwhile is observed anew.
 * @returns the records as they were written, in their order; one that is gone is left out
 */
export async function apply<Record extends TrackingRecord>(
  records: readonly Record[],
  { store, observe, nextDue }: ApplyOptions<Record>,
): Promise<Record[]> {
  const done = new Map<string, Record>();
  for (let current = [...records]; current.length > 0;) {
    const writes = current.map((record) => {
      const next = observe(record);
      return { record: next, baseRevision: record.revision, ...nextDue(next) };
    });
    const written = await store.save(writes);
    for (const { record, dueInMs } of writes) {
      const dueAt = dueInMs === null ? null : new Date(Date.now() + dueInMs);
      if (written.has(record.id)) done.set(record.id, { ...record, dueAt });
    }
    const stale = current.filter(({ id }) => !written.has(id));
    const found = await Promise.all(
      stale.map(({ kind, owner, id, callId }) =>
        store.find(kind, { ...owner, isAdmin: false }, id, callId ?? undefined),
      ),
    );
    current = found.filter((record) => record !== undefined) as Record[];
  }
  return records.flatMap(({ id }) => done.get(id) ?? []);
}
