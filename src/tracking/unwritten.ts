// Keeps what Graph answered while the store was away, and writes it down when the store is back.
import { setTimeout as sleep } from 'node:timers/promises';
import { Loop } from './loop.ts';
import { isStoreFailure } from './store-failure.ts';

export interface UnwrittenOptions {
  /** Told how many records had an answer that is lost now: there were too many, or the gateway stopped before the store was back. */
  onLost: (records: number) => void;
  onError: (error: unknown) => void;
}

/** A write that failed, and for how many records it is. */
interface Waiting {
  records: number;
  write: () => Promise<unknown>;
}

/** Records whose answers are kept: a few megabytes. */
const MOST_RECORDS = 2_000;
const RETRY_MS = 1_000;
const IDLE_MS = 60_000;
/** How long a stop waits for the store. */
const STOP_MS = 5_000;
const STOP_PAUSE_MS = 100;

export class Unwritten {
  readonly #options: UnwrittenOptions;
  readonly #loop: Loop;
  readonly #waiting = new Set<Waiting>();
  #records = 0;

  constructor(options: UnwrittenOptions) {
    this.#options = options;
    const tick = async () => {
      await this.tick();
      return this.#waiting.size > 0 ? RETRY_MS : IDLE_MS;
    };
    this.#loop = new Loop({ tick, onError: options.onError, retryMs: RETRY_MS });
  }

  start(): void {
    this.#loop.start();
  }

  /**
   * Makes a write; when the store fails it, it is made again until it succeeds. It must be one that may come late, and twice.
   * @throws what the first try failed with
   */
  async write<Result>(records: number, write: () => Promise<Result>): Promise<Result> {
    try {
      return await write();
    } catch (error) {
      if (isStoreFailure(error)) {
        this.#keep({ records, write });
        this.#loop.poke();
      }
      throw error;
    }
  }

  /** One pass: all that waits, until the store fails again. */
  async tick(): Promise<void> {
    for (const waiting of this.#waiting) {
      try {
        await waiting.write();
        this.#drop(waiting);
      } catch (error) {
        this.#drop(waiting);
        // Behind the others: it may be the only one that the store fails.
        if (isStoreFailure(error)) this.#keep(waiting);
        throw error;
      }
    }
  }

  /** Waits for the store, but not for long. */
  async stop(): Promise<void> {
    const giveUp = new AbortController();
    const timer = setTimeout(() => giveUp.abort(), STOP_MS);
    const givenUp = new Promise<void>((resolve) => giveUp.signal.addEventListener('abort', () => resolve()));
    await Promise.race([this.#finish(giveUp.signal), givenUp]);
    clearTimeout(timer);
    if (this.#records > 0) this.#options.onLost(this.#records);
  }

  async #finish(signal: AbortSignal): Promise<void> {
    await this.#loop.stop();
    while (this.#waiting.size > 0 && !signal.aborted) {
      await this.tick().catch(this.#options.onError);
      if (this.#waiting.size > 0) await sleep(STOP_PAUSE_MS, undefined, { signal }).catch(() => {});
    }
  }

  #keep(waiting: Waiting): void {
    if (this.#records + waiting.records > MOST_RECORDS) return this.#options.onLost(waiting.records);
    this.#waiting.add(waiting);
    this.#records += waiting.records;
  }

  #drop(waiting: Waiting): void {
    this.#waiting.delete(waiting);
    this.#records -= waiting.records;
  }
}
