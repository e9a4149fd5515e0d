// Works off what is due in the store: wakes when the next record is, and leaves Graph alone while it wants that.
import { Loop } from './loop.ts';
import type { Work } from './record.ts';
import type { Store } from './store.ts';

export interface WorkLoopOptions {
  store: Pick<Store, 'nextDueInMs'>;
  work: Work;
  /** How many passes may be under way at once, so that a slow answer holds up nobody else. */
  lanes: number;
  /** How long Graph wants to be left alone. */
  pauseMs: () => number;
  /** One pass: everything that is due now. */
  pass: () => Promise<void>;
  onError: (error: unknown) => void;
}

const LONGEST_SLEEP_MS = 1_000;

export class WorkLoop {
  readonly #lanes: readonly Loop[];
  #isStopping = false;

  constructor({ store, work, lanes, pauseMs, pass, onError }: WorkLoopOptions) {
    const tick = async () => {
      await pass();
      const dueInMs = (await store.nextDueInMs(work)) ?? LONGEST_SLEEP_MS;
      return Math.min(Math.max(dueInMs, pauseMs()), LONGEST_SLEEP_MS);
    };
    this.#lanes = Array.from({ length: lanes }, () => new Loop({ tick, onError, retryMs: LONGEST_SLEEP_MS }));
  }

  start(): void {
    for (const lane of this.#lanes) lane.start();
  }

  /** Whether a pass should begin nothing new: work may become due as fast as it is done. */
  get isStopping(): boolean {
    return this.#isStopping;
  }

  /** Finishes what is under way, so that no lease is left behind. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.all(this.#lanes.map((lane) => lane.stop()));
  }

  /** Looks for what is due now: it may be more than was thought. */
  poke(): void {
    for (const lane of this.#lanes) lane.poke();
  }
}
