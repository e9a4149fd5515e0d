// Leaves Graph alone while it fails again and again; then one call finds out whether it is back.
import {
  circuitBreaker,
  CircuitState,
  ConsecutiveBreaker,
  ExponentialBackoff,
  halfJitterGenerator,
  handleWhen,
  type IBackoff,
  type IBackoffFactory,
} from 'cockatiel';
import { GraphUnreachable } from './graph-error.ts';
import type { Priority } from './scope.ts';
import { isOutage, type Answered } from './throttle-headers.ts';

const FAILURES = 5;
/** Pauses from 1 s to 30 s: half of each is chance, so that replicas do not come back together. */
const PAUSES = { initialDelay: 2_000, maxDelay: 30_000, generator: halfJitterGenerator };
/** For so long a mutation leaves it to a read to find out: a read that fails costs nobody anything. */
const MUTATION_PATIENCE_MS = 5_000;

export type BreakerState = 'closed' | 'open' | 'halfOpen';

export class Breaker {
  readonly #now: () => number;
  readonly #unproven = new WeakSet<object>();
  readonly #policy;
  #openUntilMs = 0;

  /** @param onOpen called each time it opens */
  constructor(now: () => number, onOpen: () => void) {
    this.#now = now;
    this.#policy = circuitBreaker(
      handleWhen(
        (error) => error instanceof GraphUnreachable && (error.isOutage || this.#unproven.has(error)),
      ).orWhenResult((answer) => isOutage(answer as Answered)),
      { breaker: new ConsecutiveBreaker(FAILURES), halfOpenAfter: this.#byOurClock(new ExponentialBackoff(PAUSES)) },
    );
    this.#policy.onBreak(onOpen);
  }

  get state(): BreakerState {
    if (this.#policy.state === CircuitState.Closed) return 'closed';
    return this.#policy.state === CircuitState.HalfOpen ? 'halfOpen' : 'open';
  }

  /** @returns how long no call may pass, at least. */
  leftMs(): number {
    return this.state === 'open' ? Math.max(0, this.#openUntilMs - this.#now()) : 0;
  }

  mayPass(priority: Priority): boolean {
    if (this.state === 'closed') return true;
    const openForMs = priority === 'mutation' ? MUTATION_PATIENCE_MS : 0;
    return this.state === 'open' && this.#now() >= this.#openUntilMs + openForMs;
  }

  /** Makes a call that may pass. */
  run<Answer extends Answered>(attempt: () => Promise<Answer>): Promise<Answer> {
    if (this.state === 'closed') return this.#policy.execute(attempt);
    return this.#policy.execute(() =>
      attempt().catch((error: unknown) => {
        // A probe that was given up proves nothing, and the policy would take it for a success.
        if (error instanceof GraphUnreachable) this.#unproven.add(error);
        throw error;
      }),
    );
  }

  /** The policy measures its pauses by the system's clock: by ours they are either over or not. */
  #byOurClock(pauses: IBackoffFactory<unknown>): IBackoffFactory<unknown> {
    return {
      next: (context): IBackoff<unknown> => {
        const pause = pauses.next(context);
        const untilMs = this.#now() + pause.duration;
        this.#openUntilMs = untilMs;
        const now = this.#now;
        return {
          ...this.#byOurClock(pause),
          get duration() {
            return now() >= untilMs ? -Infinity : Infinity;
          },
        };
      },
    };
  }
}
