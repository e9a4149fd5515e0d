// The calls that wait for their turn: the most urgent first, those of one kind in the order in which they came.
import { GraphUnreachable } from './graph-error.ts';
import { accesses, priorities, type Access, type Priority } from './scope.ts';

/** One call as the governor sees it. */
export interface GovernedCall {
  priority: Priority;
  access: Access;
  /** When it is too late to begin, by the governor's clock. */
  beginBeforeMs: number;
  signal?: AbortSignal | undefined;
}

export interface WaitingCall {
  call: GovernedCall;
  start: () => void;
  refuse: (error: Error) => void;
}

export class WaitingCalls {
  // What stops one call of a line stops all of it, so that only the first of each need be looked at.
  readonly #lines = priorities.flatMap((priority) =>
    accesses.map((access) => ({ priority, access, calls: new Set<WaitingCall>() })),
  );
  readonly #releases = new Map<WaitingCall, () => void>();

  get count(): number {
    return this.#lines.reduce((count, { calls }) => count + calls.size, 0);
  }

  add(waiting: WaitingCall): void {
    this.#lineOf(waiting)?.add(waiting);
  }

  /** Ends the waiting of a call that has not begun yet: after the time, or when it is aborted. */
  limit(waiting: WaitingCall, leftMs: number): void {
    if (!this.#lineOf(waiting)?.has(waiting)) return;
    const giveUp = (reason: string) => {
      if (this.#take(waiting)) waiting.refuse(new GraphUnreachable(reason, false));
    };
    const onAbort = () => giveUp('the call was given up');
    const timer = setTimeout(() => giveUp('it waited too long for its turn'), Math.max(0, leftMs));
    timer.unref();
    waiting.call.signal?.addEventListener('abort', onAbort, { once: true });
    this.#releases.set(waiting, () => {
      clearTimeout(timer);
      waiting.call.signal?.removeEventListener('abort', onAbort);
    });
  }

  /** Starts in order whatever may start, and refuses what comes up in vain. */
  start(judge: (call: GovernedCall) => Error | boolean): void {
    for (const { calls } of this.#lines) {
      for (const waiting of calls) {
        const verdict = judge(waiting.call);
        if (verdict === false) break;
        this.#take(waiting);
        if (verdict === true) waiting.start();
        else waiting.refuse(verdict);
      }
    }
  }

  /** Refuses all that wait in vain, wherever they stand. */
  refuse(judge: (call: GovernedCall) => Error | undefined): void {
    for (const { calls } of this.#lines) {
      for (const waiting of calls) {
        const error = judge(waiting.call);
        if (error && this.#take(waiting)) waiting.refuse(error);
      }
    }
  }

  #lineOf({ call }: WaitingCall): Set<WaitingCall> | undefined {
    return this.#lines.find(({ priority, access }) => priority === call.priority && access === call.access)?.calls;
  }

  /** @returns whether it was waiting. */
  #take(waiting: WaitingCall): boolean {
    this.#releases.get(waiting)?.();
    this.#releases.delete(waiting);
    return this.#lineOf(waiting)?.delete(waiting) ?? false;
  }
}
