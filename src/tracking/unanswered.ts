// What a request that brought no success means for its record, and for the caller.
import { GatewayError } from '../errors.ts';
import { toGatewayError } from '../graph/gateway-error.ts';
import { isPassing, isSurelyNotDone, toGraphAnswer } from '../graph/graph-error.ts';
import type { Refusal } from './record.ts';
import type { CommonObservation, Observed } from './revise.ts';

/** @returns what to observe: a refusal when Graph surely did nothing, else that the answer is lost. */
export function toFailure(error: unknown, observed: Observed): CommonObservation {
  if (!isSurelyNotDone(error)) return { kind: 'unanswered', ...observed };
  const { message, extensions } = toGatewayError(error);
  const { code, ...facts } = extensions as { code: Refusal['code'] };
  return {
    kind: 'refused',
    reason: isPassing(error) ? 'notSent' : 'refused',
    refusal: { code, message, extensions: facts },
    ...observed,
  };
}

/** @returns the error that a refused mutation is answered with, the first time and under its key again. */
export function toRefusalError({ code, message, extensions }: Refusal, cause?: unknown): GatewayError {
  return new GatewayError(code, message, extensions, cause);
}

export function outcomeUnknown(recordId: string, cause: unknown): GatewayError {
  const graph = toGraphAnswer(cause);
  return new GatewayError(
    'OUTCOME_UNKNOWN',
    'Graph was asked and did not tell the outcome: the invitation may have been made. Watch the record that `extensions.recordId` names; repeat only with the same idempotencyKey.',
    { recordId, ...(graph ? { graph } : {}) },
    cause,
  );
}
