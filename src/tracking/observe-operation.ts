// How a record of an operation follows from what is observed. Pure.
import type { GraphOperation } from '../graph/resources.ts';
import type { OperationRecord } from './record.ts';
import { failRead, giveUp, judgeDeadline, refuse, revise, type CommonObservation, type Observed } from './revise.ts';

export type OperationObservation =
  | CommonObservation
  // The operation as Graph shows it: the answer to our request, a read, or a notification.
  | (Observed & { kind: 'seen'; id: string | null; operation: GraphOperation })
  // The operation is gone, and these are in the call.
  | (Observed & { kind: 'roster'; ids: ReadonlySet<string> });

/**
 * A settled record stays as it is. An unknown one goes on when evidence comes late.
 * `revision` rises by one exactly when something that a client can see changes.
 */
export function observeOperation(record: OperationRecord, observation: OperationObservation): OperationRecord {
  if (record.state === 'settled') return record;
  return judgeDeadline(record, learn(record, observation), observation);
}

function learn(record: OperationRecord, observation: OperationObservation): OperationRecord {
  switch (observation.kind) {
    case 'seen': {
      const { status } = observation.operation;
      // Graph's own words for the end; null and words we do not know mean that it still runs.
      const hasEnded = status === 'completed' || status === 'failed';
      // Of the unknown ones only a lost answer that came after all can be followed again.
      const isFollowed = record.state !== 'unknown' || record.reason === 'ambiguous';
      return revise(record, observation, {
        graphId: record.graphId ?? observation.id,
        payload: merge(record.payload, observation.operation),
        ...(hasEnded ? { state: 'settled', reason: null } : isFollowed ? { state: 'active', reason: null } : {}),
      });
    }
    case 'refused':
      return refuse(record, observation);
    case 'unanswered':
      // Nothing leads from a call's roster back to our request, so there is nothing to look up.
      return record.state === 'submitting' ? giveUp(record, observation) : record;
    case 'missing':
      // Graph deletes operations that ended. Only the second 404 in a row counts: one may come from a lagging server.
      return record.state === 'active' && record.lastError?.code === 'NOT_FOUND'
        ? revise(record, observation, { state: 'unknown', reason: 'goneFromGraph' })
        : failRead(record, observation, 'NOT_FOUND');
    case 'roster':
      return isInCall(record, observation.ids)
        ? revise(record, observation, { state: 'settled', reason: 'joined' })
        : revise(record, observation, { state: 'unknown', reason: 'goneFromGraph' });
    case 'failed':
      return failRead(record, observation, observation.code);
    default:
      return observation satisfies never;
  }
}

/** Graph invites nobody who is in the call already, so whoever is in it now has come since. */
function isInCall({ request }: OperationRecord, ids: ReadonlySet<string>): boolean {
  return request.participants.every(({ identity }) =>
    Object.values(identity).some((member) => typeof member?.id === 'string' && ids.has(member.id)),
  );
}

/** A null tells nothing: what was known stays. */
function merge(known: GraphOperation, seen: GraphOperation): GraphOperation {
  const merged: { [member: string]: unknown } = { ...known };
  for (const [member, value] of Object.entries(seen)) if (value !== null && value !== undefined) merged[member] = value;
  return merged;
}
