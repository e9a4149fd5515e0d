// Reads the change log from a cursor to its end, again and again: each change is handed out once, in the log's order.
import { Loop } from './loop.ts';
import type { TrackingRecord } from './record.ts';
import type { Change, Store } from './store.ts';

export interface LogTailOptions {
  store: Pick<Store, 'head' | 'onChange' | 'changesAfter'>;
  /** Whether anybody wants changes at present: what nobody wants is left out unread. */
  isWanted: () => boolean;
  /** Told of a page of changes; the next one is read when it has resolved. */
  onChanges: (records: readonly TrackingRecord[]) => Promise<void>;
  /**
   * Told when the cursor jumps: over what nobody wanted, or to the end of another log than the one that was read, as that of a
   * database that was restored. What is there has to be read anew.
   */
  onJump: () => Promise<void>;
  /** Told at the end of each pass. */
  onEnd: () => Promise<void>;
  onError: (error: unknown) => void;
}

const PAGE = 500;
/** The guarantee behind the wake-ups, which may be lost. */
const TICK_MS = 2_000;

export class LogTail {
  readonly #options: LogTailOptions;
  readonly #loop: Loop;
  #cursor = 0;
  /** What stands at the cursor, when that was seen. */
  #last: Change | undefined;
  #unlisten: (() => void) | undefined;

  constructor(options: LogTailOptions) {
    this.#options = options;
    this.#loop = new Loop({
      tick: async () => {
        await this.read();
        await options.onEnd();
        return TICK_MS;
      },
      onError: options.onError,
      retryMs: TICK_MS,
    });
  }

  /** Begins at the end of the log. */
  async start(): Promise<void> {
    this.#cursor = await this.#options.store.head();
    this.#unlisten = this.#options.store.onChange(() => this.#loop.poke());
    this.#loop.start();
  }

  async stop(): Promise<void> {
    this.#unlisten?.();
    await this.#loop.stop();
  }

  /** Reads to the end. */
  async read(): Promise<void> {
    const { store, isWanted, onChanges } = this.#options;
    for (;;) {
      if (!isWanted()) {
        const head = await store.head();
        // Who came meanwhile may have seen less than the head.
        if (!isWanted()) return head === this.#cursor ? undefined : this.#jump(head);
      }
      const cursor = this.#cursor;
      // With what was read last: where that is gone this is another history, however long.
      const changes = await store.changesAfter(Math.max(cursor - 1, 0), PAGE + 1);
      if (cursor > 0 && !this.#isLast(changes.shift())) return this.#jump(await store.head());
      this.#last = changes.at(-1) ?? this.#last;
      this.#cursor = this.#last?.seq ?? cursor;
      await onChanges(changes.map(({ record }) => record));
      if (changes.length < PAGE) return;
    }
  }

  /** When it fails it is made again. */
  async #jump(head: number): Promise<void> {
    await this.#options.onJump();
    this.#cursor = head;
    this.#last = undefined;
  }

  #isLast(change: Change | undefined): boolean {
    if (change?.seq !== this.#cursor) return false;
    const [now, then] = [change.record, (this.#last ??= change).record];
    return now.id === then.id && now.revision === then.revision && Number(now.changedAt) === Number(then.changedAt);
  }
}
