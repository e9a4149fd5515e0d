/** Notices when invite operations end by their time, and says so once for each. */
import type { CallOperation, CallOperations } from './call-operations.ts';

export interface OperationEnds {
  /** Looks again soon: something has started. */
  watch: () => void;
}

export interface OperationEndsOptions {
  operations: CallOperations;
  announce: (operation: CallOperation) => void;
  now: () => number;
  stopping: AbortSignal;
}

/** The clock is not ours: it may jump, and settings may change what ends when. */
const LONGEST_WAIT_MS = 200;

export function createOperationEnds({ operations, announce, now, stopping }: OperationEndsOptions): OperationEnds {
  let timer: NodeJS.Timeout | undefined;
  stopping.addEventListener('abort', () => clearTimeout(timer), { once: true });

  function watch(): void {
    if (timer || stopping.aborted) return;
    const next = operations.nextEnd();
    if (next === undefined) return;
    timer = setTimeout(look, Math.min(Math.max(next - now(), 0), LONGEST_WAIT_MS)).unref();
  }

  function look(): void {
    timer = undefined;
    for (const operation of operations.takeEnded()) announce(operation);
    watch();
  }

  return { watch };
}
