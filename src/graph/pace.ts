// Slows down before Graph throttles: it tells how much of a limit is used from 80 % on.
import type { Priority, Scope } from './scope.ts';

/** The windows that Graph counts in: what it said about an older one holds no more. */
const WINDOW_MS: { [scope in Scope]: number } = { directory: 10_000, calls: 15_000 };
/** Between two calls of a loop when the limit is reached: callers need what is left. */
const WIDEST_LOOP_GAP_MS = 10_000;
/** Between two reads of callers far beyond the limit: hardly felt by one caller, and a brake on many. */
const WIDEST_READ_GAP_MS = 250;

/** When the next call of a priority may begin, by the latest news. */
export class Pace {
  readonly #windowMs: number;
  #news = { percentage: 0, atMs: -Infinity };
  #lastMs: { [priority in Priority]: number } = { mutation: -Infinity, read: -Infinity, poll: -Infinity };

  constructor(scope: Scope) {
    this.#windowMs = WINDOW_MS[scope];
  }

  hear(percentage: number, nowMs: number): void {
    this.#news = { percentage, atMs: nowMs };
  }

  began(priority: Priority, nowMs: number): void {
    this.#lastMs[priority] = nowMs;
  }

  /** @returns the share of the limit that is used, null when nothing recent tells. */
  percentage(nowMs: number): number | null {
    return this.freshMs(nowMs) > 0 ? this.#news.percentage : null;
  }

  /** @returns how long the latest news still counts. */
  freshMs(nowMs: number): number {
    return Math.max(0, this.#news.atMs + this.#windowMs - nowMs);
  }

  /** @returns how long the next call has to wait; mutations never do. */
  delayMs(priority: Priority, nowMs: number): number {
    if (priority === 'poll') return this.loopDelayMs(priority, nowMs);
    const gapMs = priority === 'read' ? share(this.percentage(nowMs) ?? 0, 1, 1.8) * WIDEST_READ_GAP_MS : 0;
    return this.#untilNextMs(priority, gapMs, nowMs);
  }

  /** @returns how long a loop leaves alone what it has to read or to send: nobody waits for it. */
  loopDelayMs(priority: Priority, nowMs: number): number {
    return this.#untilNextMs(priority, share(this.percentage(nowMs) ?? 0, 0.8, 1) * WIDEST_LOOP_GAP_MS, nowMs);
  }

  #untilNextMs(priority: Priority, gapMs: number, nowMs: number): number {
    return Math.min(Math.max(0, this.#lastMs[priority] + gapMs - nowMs), this.freshMs(nowMs));
  }
}

function share(value: number, from: number, to: number): number {
  return Math.min(Math.max(0, (value - from) / (to - from)), 1);
}
