// A pause that Graph asked for: nothing passes while it lasts, then one call, then all if that one is not throttled again.

/** Longer than any window of Graph's limits; whatever asks for more is a mistake, and must not stop us for a day. */
export const LONGEST_HOLD_MS = 600_000;
const FIRST_BACKOFF_MS = 1_000;
const LONGEST_BACKOFF_MS = 60_000;

/** When nobody asks after a pause, it counts as over for those who look: a limit is not exhausted for ever. */
const DOUBT_MS = 10_000;

/** The pause of one limit; `Call` is whatever tells calls apart. */
export class Hold<Call extends object> {
  #untilMs = 0;
  /** Whether the pause has not been proved over. */
  #isOn = false;
  #probe: Call | undefined;
  #strikes = 0;

  /** Whether a call is under way that finds out if the pause is over. */
  get isProbing(): boolean {
    return this.#probe !== undefined;
  }

  /** @returns how long the pause still lasts, at least. */
  leftMs(nowMs: number): number {
    return this.#isOn ? Math.max(0, this.#untilMs - nowMs) : 0;
  }

  /** Whether it lasts, or was over just now and is not proved so. */
  isFelt(nowMs: number): boolean {
    return this.#isOn && (this.isProbing || nowMs < this.#untilMs + DOUBT_MS);
  }

  /** @returns when the clock alone changes something; 0 when nothing will. */
  nextMs(nowMs: number): number {
    return this.leftMs(nowMs) || (this.#isOn ? Math.max(0, this.#untilMs + DOUBT_MS - nowMs) : 0);
  }

  mayPass(nowMs: number): boolean {
    return !this.#isOn || (this.leftMs(nowMs) === 0 && !this.#probe);
  }

  /** @param call begins now */
  enter(call: Call): void {
    if (this.#isOn) this.#probe = call;
  }

  /** @param isProof whether Graph answered the call and did not throttle it */
  leave(call: Call, isProof: boolean, nowMs: number): void {
    if (this.#probe !== call) return;
    this.#probe = undefined;
    // Another call may have been told to wait since the probe went out.
    if (!isProof || this.leftMs(nowMs) > 0) return;
    this.#isOn = false;
    this.#strikes = 0;
  }

  /** @param retryAfterMs null: Graph did not say how long */
  begin(retryAfterMs: number | null, nowMs: number): void {
    // Calls that were under way together are one throttling, however many they are.
    if (this.leftMs(nowMs) === 0) this.#strikes += 1;
    const backoffMs = Math.min(FIRST_BACKOFF_MS * 2 ** (this.#strikes - 1), LONGEST_BACKOFF_MS);
    // Told to come back at once, or too soon again and again, we keep a distance of our own.
    const leastMs = retryAfterMs && this.#strikes === 1 ? 0 : backoffMs * (0.5 + Math.random() / 2);
    const pauseMs = Math.max(retryAfterMs ?? 0, leastMs);
    this.#untilMs = Math.max(this.#isOn ? this.#untilMs : 0, nowMs + Math.min(pauseMs, LONGEST_HOLD_MS));
    this.#isOn = true;
  }
}
