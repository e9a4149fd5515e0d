// Reads the change log from a cursor to its end, again and again: each change is handed out once, in the log's order.
import { Loop } from './loop.ts';
import type { TrackingRecord } from './record.ts';
import type { Store } from './store.ts';

export interface LogTailOptions {
  store: Pick<Store, 'head' | 'onChange' | 'changesAfter'>;
  /** Told of a page of changes; the next one is read when it has resolved. */
  onChanges: (records: readonly TrackingRecord[]) => Promise<void>;
  /** Told when the log has gone back behind the cursor, as a database that was restored: what is there has to be read anew. */
  onRewind: () => Promise<void>;
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
    const { store, onChanges, onRewind } = this.#options;
    for (;;) {
      const changes = await store.changesAfter(this.#cursor, PAGE);
      this.#cursor = changes.at(-1)?.seq ?? this.#cursor;
      await onChanges(changes.map(({ record }) => record));
      if (changes.length === PAGE) continue;
      const head = changes.length === 0 ? await store.head() : this.#cursor;
      if (head >= this.#cursor) return;
      this.#cursor = head;
      return onRewind();
    }
  }
}
