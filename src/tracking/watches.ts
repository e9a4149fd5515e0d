// Who watches what, by the id of a record or call: a state goes to those only who may see it.
import { isVisibleTo, type TrackingRecord, type Viewer } from './record.ts';
import type { Watch } from './watch.ts';

export class Watches {
  readonly #byKey = new Map<string, Map<Watch, Viewer>>();

  add(key: string, watch: Watch, viewer: Viewer): void {
    this.#byKey.set(key, (this.#byKey.get(key) ?? new Map<Watch, Viewer>()).set(watch, viewer));
  }

  remove(key: string, watch: Watch): void {
    this.#byKey.get(key)?.delete(watch);
    if (this.#byKey.get(key)?.size === 0) this.#byKey.delete(key);
  }

  /** @returns whether anybody got it. */
  push(key: string, record: TrackingRecord): boolean {
    let isSeen = false;
    for (const [watch, viewer] of this.#byKey.get(key) ?? []) {
      if (!isVisibleTo(record, viewer)) continue;
      watch.push(record);
      isSeen = true;
    }
    return isSeen;
  }

  has(key: string): boolean {
    return this.#byKey.has(key);
  }

  /** A copy: it stays as it is while watches come and go. */
  keys(): string[] {
    return [...this.#byKey.keys()];
  }

  of(key: string): [Watch, Viewer][] {
    return [...(this.#byKey.get(key) ?? [])];
  }

  *all(): Iterable<Watch> {
    for (const watches of this.#byKey.values()) yield* watches.keys();
  }
}
