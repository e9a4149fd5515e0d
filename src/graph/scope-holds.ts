// The pauses of one scope: Graph may stop reads, writes, or both at once.
import { Hold } from './hold.ts';
import { limits, type Access, type Limit } from './scope.ts';

/** `Call` is whatever tells calls apart. */
export class ScopeHolds<Call extends { access: Access }> {
  // One for both, and not one of each: then one call finds out for all whether it is over.
  readonly #holds: { [limit in Limit]: Hold<Call> } = { read: new Hold(), write: new Hold(), both: new Hold() };

  /** @param retryAfterMs null: Graph did not say how long */
  begin(limit: Limit, retryAfterMs: number | null, nowMs: number): void {
    this.#holds[limit].begin(retryAfterMs, nowMs);
  }

  /** @returns how long nothing of the kind is sent, at least. */
  leftMs(access: Access, nowMs: number): number {
    return Math.max(...this.#of(access).map((hold) => hold.leftMs(nowMs)));
  }

  /** Whether a call is under way that finds out if a pause is over. */
  isProbing(access: Access): boolean {
    return this.#of(access).some((hold) => hold.isProbing);
  }

  mayPass(access: Access, nowMs: number): boolean {
    return this.#of(access).every((hold) => hold.mayPass(nowMs));
  }

  enter(call: Call): void {
    for (const hold of this.#of(call.access)) hold.enter(call);
  }

  leave(call: Call, isProof: boolean, nowMs: number): void {
    for (const hold of this.#of(call.access)) hold.leave(call, isProof, nowMs);
  }

  isFelt(nowMs: number): boolean {
    return limits.some((limit) => this.#holds[limit].isFelt(nowMs));
  }

  /** @returns when the clock alone changes something, for each that it will. */
  nextMs(nowMs: number): number[] {
    return limits.map((limit) => this.#holds[limit].nextMs(nowMs)).filter((ms) => ms > 0);
  }

  #of(access: Access): readonly Hold<Call>[] {
    return [this.#holds[access], this.#holds.both];
  }
}
