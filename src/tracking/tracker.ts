// Mutations: a record first, then Graph, then the answer on the record. What was accepted is never sent twice.
import { createHash, randomUUID } from 'node:crypto';
import { GatewayError } from '../errors.ts';
import { inviteParticipants } from '../graph/calls.ts';
import type { GraphClient } from '../graph/client.ts';
import { isPassing, isSurelyNotDone, toGatewayError, toGraphAnswer } from '../graph/graph-error.ts';
import { createInvitation } from '../graph/invitations.ts';
import type { GraphInvitation } from '../graph/resources.ts';
import { nextDue } from './cadence.ts';
import { observeInvitation, type InvitationObservation } from './observe-invitation.ts';
import { observeOperation, type OperationObservation } from './observe-operation.ts';
import type { InvitationRecord, OperationRecord, Owner, Refusal, TrackingRecord } from './record.ts';
import {
  toInvitationRequest,
  toInviteParticipantsRequest,
  type InvitationInput,
  type InviteParticipantsInput,
} from './requests.ts';
import type { CommonObservation } from './revise.ts';
import type { Store } from './store.ts';

export interface TrackerOptions {
  store: Store;
  graph: GraphClient;
  now: () => Date;
  /** How long Graph may take to answer a mutation. */
  timeoutMs: number;
  pollIntervalMs: number;
  invitationDeadlineMs: number;
  operationDeadlineMs: number;
  redirectOrigins: readonly string[];
}

/**
 * Each resolves with the record, Graph's answer on it.
 * @throws GatewayError `BAD_USER_INPUT` before anything is stored; `OUTCOME_UNKNOWN` with `recordId` when Graph was asked and
 *   no answer came back; `THROTTLED` or `UPSTREAM_UNAVAILABLE` when Graph surely did nothing; `IDEMPOTENCY_CONFLICT`; Graph's refusals
 */
export interface Tracker {
  createInvitation(input: InvitationInput, owner: Owner): Promise<InvitationRecord>;
  inviteParticipants(callId: string, input: InviteParticipantsInput, owner: Owner): Promise<OperationRecord>;
  /** Resolves when every mutation under way has its outcome on disk. */
  stop(): Promise<void>;
}

/** Beyond Graph's time, how long a record may wait to be written before its request counts as lost. */
const LEASE_MARGIN_MS = 5_000;

/** How one kind of record is sent and observed. */
interface Kind<Record extends TrackingRecord, Observation> {
  send: () => Promise<Observation>;
  observe: (record: Record, observation: Observation | CommonObservation) => Record;
}

export function createTracker(options: TrackerOptions): Tracker {
  const { store, graph, now, timeoutMs } = options;
  const underWay = new Set<Promise<unknown>>();

  function submit<Record extends TrackingRecord, Observation>(
    record: Record,
    kind: Kind<Record, Observation>,
  ): Promise<Record> {
    const mutation = send(record, kind);
    underWay.add(mutation);
    return mutation.finally(() => underWay.delete(mutation));
  }

  async function send<Record extends TrackingRecord, Observation>(record: Record, kind: Kind<Record, Observation>) {
    const stored = (await store.insert(record, randomUUID(), timeoutMs + LEASE_MARGIN_MS)) as Record;
    if (stored.id !== record.id) return repeat(stored, record.requestHash);
    let observation: Observation | CommonObservation;
    let failure: GatewayError | undefined;
    try {
      observation = await kind.send();
    } catch (error) {
      [observation, failure] = isSurelyNotDone(error) ? toRefused(error) : toUnanswered(error, record.id);
    }
    const saved = await apply(stored, kind, observation);
    if (failure) throw failure;
    return saved;
  }

  /** The answer is written whatever has been written to the record meanwhile: it is the best evidence there is. */
  async function apply<Record extends TrackingRecord, Observation>(
    stored: Record,
    kind: Kind<Record, Observation>,
    observation: Observation | CommonObservation,
  ): Promise<Record> {
    let current = stored;
    try {
      for (;;) {
        const next = kind.observe(current, observation);
        const due = nextDue(next, { now: now(), intervalMs: options.pollIntervalMs, random: Math.random() });
        const written = await store.save([{ record: next, baseRevision: current.revision, ...due }]);
        if (written.has(next.id))
          return { ...next, dueAt: due.dueInMs === null ? null : new Date(Number(now()) + due.dueInMs) };
        const found = await store.find(current.kind, current.owner, current.id, current.callId ?? undefined);
        if (!found) throw new Error('the record is gone');
        current = found as Record;
      }
    } catch (error) {
      throw outcomeUnknown(stored.id, error);
    }
  }

  function repeat<Record extends TrackingRecord>(stored: Record, requestHash: string): Record {
    if (stored.requestHash !== requestHash) {
      throw new GatewayError(
        'IDEMPOTENCY_CONFLICT',
        'input.idempotencyKey: This key was used with another input. Take a new key for a new request.',
        {
          field: 'input.idempotencyKey',
        },
      );
    }
    if (stored.refusal) throw new GatewayError(stored.refusal.code, stored.refusal.message, stored.refusal.extensions);
    return stored;
  }

  function toRefused(error: unknown): [CommonObservation, GatewayError] {
    const failure = toGatewayError(error);
    const { code, ...extensions } = failure.extensions as { code: Refusal['code'] };
    const refusal: Refusal = { code, message: failure.message, extensions };
    return [
      { kind: 'refused', reason: isPassing(error) ? 'notSent' : 'refused', refusal, at: now(), source: 'mutation' },
      failure,
    ];
  }

  function toUnanswered(error: unknown, recordId: string): [CommonObservation, GatewayError] {
    return [{ kind: 'unanswered', at: now(), source: 'mutation' }, outcomeUnknown(recordId, error)];
  }

  function newRecord(owner: Owner, request: object, idempotencyKey: string | null | undefined, deadlineMs: number) {
    const at = now();
    return {
      id: randomUUID(),
      owner,
      idempotencyKey: idempotencyKey ?? null,
      requestHash: createHash('sha256').update(JSON.stringify(request)).digest('base64url'),
      graphId: null,
      state: 'submitting' as const,
      reason: null,
      refusal: null,
      revision: 1,
      changedAt: at,
      source: 'mutation' as const,
      changed: ['tracking.state'],
      observedAt: null,
      attempts: 0,
      lastError: null,
      createdAt: at,
      deadlineAt: new Date(Number(at) + deadlineMs),
      dueAt: null,
    };
  }

  return {
    async createInvitation(input, owner) {
      const request = toInvitationRequest(input, options.redirectOrigins);
      const record: InvitationRecord = {
        ...newRecord(owner, request, input.idempotencyKey, options.invitationDeadlineMs),
        kind: 'invitation',
        callId: null,
        request,
        payload: request as GraphInvitation,
      };
      return submit<InvitationRecord, InvitationObservation>(record, {
        send: async () => ({
          kind: 'answered',
          ...(await createInvitation(graph, request, { timeoutMs })),
          at: now(),
          source: 'mutation',
        }),
        observe: observeInvitation,
      });
    },

    async inviteParticipants(callId, input, owner) {
      const request = toInviteParticipantsRequest(callId, input);
      // A client context that we made differs each time: a repetition is recognised by what the caller gave.
      const given = { callId, ...request, clientContext: input.clientContext ?? null };
      const record: OperationRecord = {
        ...newRecord(owner, given, input.idempotencyKey, options.operationDeadlineMs),
        kind: 'inviteParticipantsOperation',
        callId,
        request,
        payload: request,
      };
      return submit<OperationRecord, OperationObservation>(record, {
        send: async () => ({
          kind: 'seen',
          ...(await inviteParticipants(graph, callId, request, { timeoutMs })),
          at: now(),
          source: 'mutation',
        }),
        observe: observeOperation,
      });
    },

    async stop() {
      await Promise.allSettled(underWay);
    },
  };
}

function outcomeUnknown(recordId: string, cause: unknown): GatewayError {
  const graph = toGraphAnswer(cause);
  return new GatewayError(
    'OUTCOME_UNKNOWN',
    'Graph was asked and did not tell the outcome: the invitation may have been made. Watch the record that `extensions.recordId` names; repeat only with the same idempotencyKey.',
    { recordId, ...(graph ? { graph } : {}) },
    cause,
  );
}
