// What a read that brought nothing means for a record, whatever was read.
import type { ReadResult } from '../graph/batch.ts';
import { toGatewayError } from '../graph/gateway-error.ts';
import { isMissing } from '../graph/graph-error.ts';
import type { CommonObservation, Observed } from './revise.ts';

export function toFailed(error: unknown, observed: Observed): CommonObservation {
  return isMissing(error)
    ? { kind: 'missing', ...observed }
    : { kind: 'failed', code: toGatewayError(error).code, ...observed };
}

/** A success without the resource in it comes from something on the way: nothing was learned. */
export function rubbish(observed: Observed): CommonObservation {
  return { kind: 'failed', code: 'UPSTREAM_UNAVAILABLE', ...observed };
}

/** @returns how long Graph asked to wait before this read is made again, null when it did not. */
export function retryAfterOf(result: ReadResult | undefined): number | null {
  if (!result || !('error' in result)) return null;
  return 'retryAfterMs' in result.error ? result.error.retryAfterMs : null;
}
