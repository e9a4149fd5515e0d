import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isFinished, type OperationRecord, type TrackingRecord } from '../src/tracking/record.ts';
import { Watch } from '../src/tracking/watch.ts';
import { caller, newOperation } from './support/records.ts';

const first = newOperation();
const at = (revision: number, members: Partial<OperationRecord> = {}): OperationRecord => ({
  ...first,
  revision,
  ...members,
});
const final = (revision: number) => at(revision, { state: 'settled' });

async function readAll(watch: Watch<TrackingRecord>): Promise<number[]> {
  const revisions: number[] = [];
  for await (const { revision } of watch) revisions.push(revision);
  return revisions;
}

describe('a watch', () => {
  const create = (endsWithRecord = true, onEnd = () => {}) =>
    new Watch({
      viewer: caller,
      isLast: (record) => endsWithRecord && isFinished(record),
      toEvent: (record) => record,
      onEnd,
    });

  it('begins with the state it is opened with, though later ones were pushed before', async () => {
    const watch = create();
    watch.push(at(2));
    watch.push(at(3));
    watch.open([at(2)], { id: first.id, revision: 1 });
    watch.push(final(4));
    expect(await readAll(watch)).toEqual([2, 3, 4]);
  });

  it('ends after a finished state, and tells once that it ended', async () => {
    let ends = 0;
    const watch = create(true, () => (ends += 1));
    watch.open([at(1)]);
    watch.push(at(2, { state: 'unknown', reason: 'goneFromGraph' }));
    watch.push(final(3));
    expect(await readAll(watch)).toEqual([1, 2]);
    watch.stop();
    expect(ends).toBe(1);
  });

  it('ends with a final state though its revision was seen, as after a failover that lost some', async () => {
    const watch = create();
    watch.open([at(7)]);
    watch.push(at(6));
    watch.push(final(6));
    expect(await readAll(watch)).toEqual([7, 6]);
  });

  it('goes on after a finished record when it watches many', async () => {
    const watch = create(false);
    watch.open([final(1)]);
    watch.push(at(2));
    watch.complete();
    expect(await readAll(watch)).toEqual([1, 2]);
  });

  it('lets go of a reader that waits when it is stopped', async () => {
    const watch = create();
    watch.open([]);
    const reading = watch[Symbol.asyncIterator]();
    const waiting = reading.next();
    await reading.return?.();
    expect(await waiting).toEqual({ value: undefined, done: true });
    expect(await reading.next()).toEqual({ value: undefined, done: true });
  });

  it('gives a slow reader the newest and the final state, still strictly rising, and holds little', async () => {
    const watch = create();
    watch.open([]);
    for (let revision = 1; revision <= 10_000; revision += 1) watch.push(at(revision));
    watch.push(final(10_001));
    const revisions = await readAll(watch);
    expect(revisions.length).toBeLessThanOrEqual(513);
    expect(revisions).toEqual(revisions.toSorted((a, b) => a - b));
    expect(revisions.at(-1)).toBe(10_001);
  });

  it('never repeats or reverses, whatever is pushed when', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 60 }),
        fc.nat(60),
        async (pushed, openAt) => {
          const watch = create(false);
          for (const [index, revision] of pushed.entries()) {
            if (index === openAt) watch.open([]);
            watch.push(at(revision));
          }
          if (openAt >= pushed.length) watch.open([]);
          watch.complete();
          const revisions = await readAll(watch);
          expect(revisions).toEqual([...new Set(revisions)].toSorted((a, b) => a - b));
          expect(revisions.at(-1)).toBe(pushed.length > 0 ? Math.max(...pushed) : undefined);
        },
      ),
    );
  });
});
