// Mutations: a record first, then Graph, then the answer on the record. What was accepted is never sent twice.
import { randomUUID } from 'node:crypto';
import type { Caller } from '../auth/caller.ts';
import { GatewayError } from '../errors.ts';
import { inviteParticipants } from '../graph/calls.ts';
import type { CallLimits, GraphClient } from '../graph/client.ts';
import { createInvitation } from '../graph/invitations.ts';
import type { UserAssertion } from '../graph/token.ts';
import { apply } from './apply.ts';
import { createBulk, type BulkAnswer } from './bulk.ts';
import { nextDue } from './cadence.ts';
import { toInvitationRecord, toOperationRecord, type RecordOptions } from './new-record.ts';
import { observeInvitation, type InvitationObservation } from './observe-invitation.ts';
import { observeOperation, type OperationObservation } from './observe-operation.ts';
import type { InvitationRecord, OperationRecord, Owner, TrackingRecord } from './record.ts';
import { repeat } from './repeat.ts';
import type { InvitationInput, InviteParticipantsInput } from './requests.ts';
import type { CommonObservation } from './revise.ts';
import type { Store } from './store.ts';
import { outcomeUnknown, toFailure, toRefusalError } from './unanswered.ts';
import type { Unwritten } from './unwritten.ts';

export interface TrackerOptions extends RecordOptions {
  store: Store;
  unwritten: Pick<Unwritten, 'write'>;
  graph: Pick<GraphClient, 'post'>;
  /** How long Graph may take to answer a mutation. */
  timeoutMs: number;
  pollIntervalMs: number;
  /** Whether participants can be invited to calls in this cloud and version of Graph. */
  offersCallInvitations: boolean;
  /** The directory on behalf of whose users guests are invited; null = the application invites, whoever asks for it. */
  usersOf: string | null;
  /** Told when invitations wait to be sent. */
  onQueued: () => void;
}

/**
 * The single mutations resolve with the record, Graph's answer on it.
 * @throws GatewayError `BAD_USER_INPUT`, `FORBIDDEN` before anything is stored; `OUTCOME_UNKNOWN` with `recordId` when Graph was asked and
 *   no answer came back; `THROTTLED` or `UPSTREAM_UNAVAILABLE` when Graph surely did nothing; `IDEMPOTENCY_CONFLICT`; Graph's refusals
 */
export interface Tracker {
  createInvitation(input: InvitationInput, caller: Caller): Promise<InvitationRecord>;
  /** Records many invitations, to be sent later; each item has a record or an error, in the order of the inputs. */
  createInvitations(inputs: readonly InvitationInput[], caller: Caller): Promise<BulkAnswer>;
  inviteParticipants(callId: string, input: InviteParticipantsInput, caller: Caller): Promise<OperationRecord>;
  /** Resolves when every mutation under way has its outcome on disk, or waits for the store. */
  stop(): Promise<void>;
}

/** Beyond Graph's time, how long a record may wait to be written before its request counts as lost. */
export const LEASE_MARGIN_MS = 5_000;

/** How one kind of record is sent and observed. */
interface Kind<Record extends TrackingRecord, Observation> {
  send: (limits: CallLimits) => Promise<Observation>;
  observe: (record: Record, observation: Observation | CommonObservation) => Record;
}

export function createTracker(options: TrackerOptions): Tracker {
  const { store, graph, now, timeoutMs } = options;
  const underWay = new Set<Promise<unknown>>();

  function track<Result>(mutation: Promise<Result>): Promise<Result> {
    underWay.add(mutation);
    return mutation.finally(() => underWay.delete(mutation));
  }

  async function submit<Record extends TrackingRecord, Observation>(record: Record, kind: Kind<Record, Observation>) {
    // From before the record: whoever was stopped for longer than its lease must not send any more.
    const untilMs = Number(now()) + timeoutMs;
    const stored = (await store.insert(record, randomUUID(), timeoutMs + LEASE_MARGIN_MS)) as Record;
    if (stored.id !== record.id) return repeat(stored, record, 'input');
    let observation: Observation | CommonObservation;
    let failure: GatewayError | undefined;
    try {
      observation = await kind.send({ timeoutMs: Math.max(1, untilMs - Number(now())) });
    } catch (error) {
      const observed = toFailure(error, { at: now(), source: 'mutation' });
      failure =
        observed.kind === 'refused' ? toRefusalError(observed.refusal, error) : outcomeUnknown(record.id, error);
      observation = observed;
    }
    const saved = await write(stored, kind, observation);
    if (failure) throw failure;
    return saved;
  }

  /** The answer is written whatever has been written to the record meanwhile: it is the best evidence there is. */
  async function write<Record extends TrackingRecord, Observation>(
    stored: Record,
    kind: Kind<Record, Observation>,
    observation: Observation | CommonObservation,
  ): Promise<Record> {
    const put = () =>
      apply([stored], {
        store,
        observe: (current) => kind.observe(current, observation),
        nextDue: (next) =>
          nextDue(next, { now: now(), intervalMs: options.pollIntervalMs, isTold: false, random: Math.random() }),
      });
    try {
      const [written] = await options.unwritten.write(1, put);
      if (!written) throw new Error('the record is gone');
      return written;
    } catch (error) {
      throw outcomeUnknown(stored.id, error);
    }
  }

  return {
    async createInvitation(input, caller) {
      const onBehalfOf = toAssertion(caller, options.usersOf);
      const record = toInvitationRecord(input, toOwner(caller), { position: 'input', work: 'sweep', options });
      return track(
        submit<InvitationRecord, InvitationObservation>(record, {
          send: async (limits) => ({
            kind: 'answered',
            ...(await createInvitation(graph, record.request, { ...limits, onBehalfOf })),
            at: now(),
            source: 'mutation',
          }),
          observe: observeInvitation,
        }),
      );
    },

    async createInvitations(inputs, caller) {
      // They are sent when the user's token is gone: it is never written down.
      if (toAssertion(caller, options.usersOf)) {
        throw new GatewayError(
          'FORBIDDEN',
          'Many invitations at once cannot be sent on behalf of a user. Send createInvitation for each, or createInvitations with the token of an application.',
        );
      }
      return track(createBulk(inputs, toOwner(caller), options));
    },

    async inviteParticipants(callId, input, caller) {
      if (!options.offersCallInvitations) {
        throw new GatewayError(
          'FORBIDDEN',
          'The Graph cloud or version that this gateway works with has no invitation of participants to calls. GRAPH_CLOUD and GRAPH_VERSION choose it.',
        );
      }
      const record = toOperationRecord(callId, input, toOwner(caller), options);
      return track(
        submit<OperationRecord, OperationObservation>(record, {
          send: async (limits) => ({
            kind: 'seen',
            ...(await inviteParticipants(graph, callId, record.request, limits)),
            at: now(),
            source: 'mutation',
          }),
          observe: observeOperation,
        }),
      );
    },

    async stop() {
      await Promise.allSettled(underWay);
    },
  };
}

/**
 * @returns the user on whose behalf to invite; undefined when the application does
 * @throws GatewayError `FORBIDDEN` for a user of another directory
 */
function toAssertion({ tenantId, subject, assertion }: Caller, usersOf: string | null): UserAssertion | undefined {
  if (usersOf === null || assertion === null) return undefined;
  if (tenantId.toLowerCase() !== usersOf.toLowerCase()) {
    throw new GatewayError(
      'FORBIDDEN',
      'You are a user of another directory than the one that this gateway invites to. Sign in with an account of that directory.',
    );
  }
  return { tenantId, subject, token: assertion };
}

/** A record keeps nothing else of its caller. */
function toOwner({ tenantId, subject }: Caller): Owner {
  return { tenantId, subject };
}
