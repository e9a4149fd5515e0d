// What one subscriber still has to see: an iterator over the states of records, bounded, ended from either side.
import type { TrackingRecord } from './record.ts';

/** States waiting for a subscriber; beyond this many only the newest of each record is kept. */
const MAX_WAITING = 64;

export interface WatchOptions {
  /** Asked once for each state, in their order: whether the iteration ends after it. */
  isLast: (record: TrackingRecord) => boolean;
  /** Called once, when nothing will be read any more. */
  onEnd: () => void;
}

/**
 * Yields states in the order they are pushed, of each record only ones with a rising revision.
 * Not a generator on purpose: `return()` of a generator waits for the `await` that it stands in.
 */
export class Watch implements AsyncIterableIterator<TrackingRecord> {
  readonly #options: WatchOptions;
  readonly #revisions = new Map<string, number>();
  #early: TrackingRecord[] | undefined = [];
  #waiting: TrackingRecord[] = [];
  #reader: ((result: IteratorResult<TrackingRecord>) => void) | undefined;
  #isComplete = false;
  #hasEnded = false;

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  /**
   * Begins with these states; what was pushed before comes after them.
   * @param seen the revision up to which the subscriber has seen the record
   */
  open(states: readonly TrackingRecord[], seen?: { id: string; revision: number }): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    if (seen) this.#revisions.set(seen.id, seen.revision);
    for (const record of [...states, ...early]) this.push(record);
  }

  push(record: TrackingRecord): void {
    if (this.#early) {
      this.#early.push(record);
      return;
    }
    if (this.#isComplete || record.revision <= (this.#revisions.get(record.id) ?? 0)) return;
    this.#revisions.set(record.id, record.revision);
    this.#waiting.push(record);
    if (this.#waiting.length > MAX_WAITING) this.#waiting = newestOfEach(this.#waiting);
    if (this.#options.isLast(record)) this.#isComplete = true;
    this.#deliver();
  }

  /** Ends the iteration after what is waiting. */
  complete(): void {
    this.#isComplete = true;
    this.#deliver();
  }

  next(): Promise<IteratorResult<TrackingRecord>> {
    return new Promise((resolve) => {
      this.#reader = resolve;
      this.#deliver();
    });
  }

  return(): Promise<IteratorResult<TrackingRecord>> {
    this.#waiting = [];
    this.complete();
    this.#end();
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #deliver(): void {
    const reader = this.#reader;
    if (!reader) return;
    const record = this.#waiting.shift();
    if (!record && !this.#isComplete) return;
    this.#reader = undefined;
    if (record) return reader({ value: record, done: false });
    this.#end();
    reader({ value: undefined, done: true });
  }

  #end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#options.onEnd();
  }
}

function newestOfEach(records: readonly TrackingRecord[]): TrackingRecord[] {
  const newest = new Map<string, TrackingRecord>();
  for (const record of records) {
    newest.delete(record.id);
    newest.set(record.id, record);
  }
  return [...newest.values()];
}
