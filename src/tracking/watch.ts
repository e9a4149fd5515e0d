// What one subscriber still has to see: the states of records, bounded, taken one by one, ended from either side.
import { isFinished, type TrackingRecord, type Viewer } from './record.ts';
import { StateQueue } from './state-queue.ts';

export interface WatchOptions<Event> {
  viewer: Viewer;
  /** Asked once for each state, in their order: whether it is the last one. */
  isLast: (record: TrackingRecord) => boolean;
  /** Makes what the subscriber gets of a state, when it is taken. */
  toEvent: (record: TrackingRecord) => Event;
  /** Called once, when no more states are let in. */
  onEnd: () => void;
}

/**
 * Gives states in the order they are pushed, of each record only ones with a rising revision. They are taken without a promise
 * for each, since one change may be for thousands.
 */
export class Watch<Event> implements AsyncIterable<Event> {
  readonly #options: WatchOptions<Event>;
  readonly #seen = new Map<string, { revision: number; isFinished: boolean }>();
  readonly #waiting = new StateQueue();
  #early: TrackingRecord[] | undefined = [];
  #onReady: (() => void) | undefined;
  #isComplete = false;

  constructor(options: WatchOptions<Event>) {
    this.#options = options;
  }

  get viewer(): Viewer {
    return this.#options.viewer;
  }

  /** Whether nothing waits, and nothing will. */
  get hasEnded(): boolean {
    return this.#isComplete && this.#waiting.isEmpty;
  }

  /**
   * Begins with these states; what was pushed before comes after them.
   * @param seen the revision up to which the subscriber has seen the record
   */
  open(states: readonly TrackingRecord[], seen?: { id: string; revision: number }): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    if (seen) this.#seen.set(seen.id, { revision: seen.revision, isFinished: false });
    for (const record of [...states, ...early]) this.push(record);
  }

  push(record: TrackingRecord): void {
    if (this.#early) {
      this.#early.push(record);
      return;
    }
    if (this.#isComplete || !this.#isNew(record)) return;
    this.#seen.set(record.id, { revision: record.revision, isFinished: isFinished(record) });
    this.#waiting.push(record);
    if (this.#options.isLast(record)) this.complete();
    else this.#onReady?.();
  }

  /** A final state is let in whatever its revision: a database that went back may give a number twice. */
  #isNew(record: TrackingRecord): boolean {
    const seen = this.#seen.get(record.id);
    return !seen || record.revision > seen.revision || (isFinished(record) && !seen.isFinished);
  }

  /** @param onReady called whenever there is something to take, or nothing will be any more */
  listen(onReady: () => void): void {
    this.#onReady = onReady;
    if (this.#isComplete || !this.#waiting.isEmpty) onReady();
  }

  /** @returns what comes next; undefined when nothing waits. */
  take(): Event | undefined {
    const record = this.#waiting.take();
    return record && this.#options.toEvent(record);
  }

  /** To be called when the subscriber cannot take more: from then on, until all are taken, only the newest state of each record waits. */
  keepNewest(): void {
    this.#waiting.keepNewest();
  }

  /** Lets in no more; what waits can be taken. */
  complete(): void {
    if (this.#isComplete) return;
    this.#isComplete = true;
    this.#options.onEnd();
    this.#onReady?.();
  }

  /** Ends it, with all that waits. */
  stop(): void {
    this.#waiting.clear();
    this.complete();
  }

  /** For whoever reads by promises, as graphql-js does. */
  [Symbol.asyncIterator](): AsyncIterator<Event> {
    return {
      next: () =>
        new Promise((resolve) => {
          this.listen(() => {
            const event = this.take();
            if (event === undefined && !this.hasEnded) return;
            this.#onReady = undefined;
            resolve(event === undefined ? { value: undefined, done: true } : { value: event, done: false });
          });
        }),
      return: () => {
        this.stop();
        return Promise.resolve({ value: undefined, done: true });
      },
    };
  }
}
