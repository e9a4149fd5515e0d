// Who watches what, by the id of a record or call: a state goes to those only who may see it.
import { isVisibleTo, type TrackingRecord } from './record.ts';
import type { Watch } from './watch.ts';

export class Watches {
  readonly #byKey = new Map<string, Set<Watch<unknown>>>();

  add(key: string, watch: Watch<unknown>): void {
    this.#byKey.set(key, (this.#byKey.get(key) ?? new Set<Watch<unknown>>()).add(watch));
  }

  remove(key: string, watch: Watch<unknown>): void {
    this.#byKey.get(key)?.delete(watch);
    if (this.#byKey.get(key)?.size === 0) this.#byKey.delete(key);
  }

  /** @returns whether anybody got it. */
  push(key: string, record: TrackingRecord): boolean {
    let isSeen = false;
    for (const watch of this.#byKey.get(key) ?? []) {
      if (!isVisibleTo(record, watch.viewer)) continue;
      watch.push(record);
      isSeen = true;
    }
    return isSeen;
  }

  has(key: string): boolean {
    return this.#byKey.has(key);
  }

  get isEmpty(): boolean {
    return this.#byKey.size === 0;
  }

  /** A copy: it stays as it is while watches come and go. */
  keys(): string[] {
    return [...this.#byKey.keys()];
  }

  of(key: string): Watch<unknown>[] {
    return [...(this.#byKey.get(key) ?? [])];
  }

  *all(): Iterable<Watch<unknown>> {
    for (const watches of this.#byKey.values()) yield* watches;
  }
}
