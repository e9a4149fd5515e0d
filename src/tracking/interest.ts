// Keeps what somebody here watches marked as watched, so that it is read sooner: noted once, then renewed.
import type { Store } from './store.ts';

export interface InterestOptions {
  store: Pick<Store, 'watch'>;
  /** Time between two reads of a watched record. */
  pollIntervalMs: number;
  /** Told when the next read of a record may have been brought forward. */
  onWatch: () => void;
}

/** How long a record counts as watched after the last renewal. */
const WATCHED_MS = 30_000;
const RENEW_MS = 10_000;

export class Interest {
  readonly #options: InterestOptions;
  /** Those that count as watched already: thousands may watch the same record. */
  #noted = new Set<string>();
  #renewAt = 0;

  constructor(options: InterestOptions) {
    this.#options = options;
  }

  async note(ids: readonly string[]): Promise<void> {
    const fresh = ids.filter((id) => !this.#noted.has(id));
    for (const id of fresh) this.#noted.add(id);
    try {
      await this.#mark(fresh);
    } catch (error) {
      for (const id of fresh) this.#noted.delete(id);
      throw error;
    }
  }

  /** @param watched asked when it is time: the ids of all that is watched */
  async renew(watched: () => Iterable<string>): Promise<void> {
    if (Date.now() < this.#renewAt) return;
    this.#renewAt = Date.now() + RENEW_MS;
    this.#noted = new Set(watched());
    await this.#mark([...this.#noted]);
  }

  async #mark(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    await this.#options.store.watch(ids, WATCHED_MS, this.#options.pollIntervalMs);
    this.#options.onWatch();
  }
}
