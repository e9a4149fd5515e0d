// The states that wait for one subscriber: all of them while they are few, only the newest of each record when nobody takes them.
import type { TrackingRecord } from './record.ts';

/** More than a page of the log: so many may come at once while a subscriber keeps up. */
const MOST_WAITING = 512;

export class StateQueue {
  /** By itself, or by the id of its record: a newer state then takes its place. */
  readonly #waiting = new Map<TrackingRecord | string, TrackingRecord>();
  #keepsNewest = false;

  get isEmpty(): boolean {
    return this.#waiting.size === 0;
  }

  push(record: TrackingRecord): void {
    if (this.#waiting.size >= MOST_WAITING) this.keepNewest();
    this.#set(this.#keepsNewest ? record.id : record, record);
  }

  /** Until all are taken only the newest state of each record is held. */
  keepNewest(): void {
    if (this.#keepsNewest) return;
    this.#keepsNewest = true;
    const records = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const record of records) this.#set(record.id, record);
  }

  /** @returns the oldest of those that wait. */
  take(): TrackingRecord | undefined {
    const [next] = this.#waiting;
    if (!next) return undefined;
    this.#waiting.delete(next[0]);
    if (this.isEmpty) this.#keepsNewest = false;
    return next[1];
  }

  clear(): void {
    this.#waiting.clear();
  }

  #set(key: TrackingRecord | string, record: TrackingRecord): void {
    // A newer state waits behind those of others.
    this.#waiting.delete(key);
    this.#waiting.set(key, record);
  }
}
