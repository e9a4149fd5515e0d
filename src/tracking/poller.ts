// Reads what is due, 20 records in one batch, and writes down what was learned.
import { randomUUID } from 'node:crypto';
import { BATCH_SIZE, type BatchReader, type ReadResult } from '../graph/batch.ts';
import { operationPath } from '../graph/calls.ts';
import { toPath } from '../graph/client.ts';
import { GraphRefusal, GraphUnreachable, isMissing, toGatewayError } from '../graph/graph-error.ts';
import { toOperation, toUser } from '../graph/read-resources.ts';
import { guestPath, usersByMailPath } from '../graph/users.ts';
import { nextDue } from './cadence.ts';
import { Loop } from './loop.ts';
import { observeInvitation, type InvitationObservation } from './observe-invitation.ts';
import { observeOperation, type OperationObservation } from './observe-operation.ts';
import type { InvitationRecord, OperationRecord, TrackingRecord } from './record.ts';
import type { CommonObservation, Observed } from './revise.ts';
import type { Store, Write } from './store.ts';

export interface PollerOptions {
  store: Store;
  reader: BatchReader;
  now: () => Date;
  /** Time between two reads of a watched record. */
  intervalMs: number;
  /** How long a claimed record is ours; a read is given up after half of it. */
  leaseMs: number;
  onError: (error: unknown) => void;
}

const LANES = 4;
const LONGEST_SLEEP_MS = 1_000;

/** Several lanes, each with one batch under way, so that a slow answer holds up nobody else. */
export class Poller {
  readonly #options: PollerOptions;
  readonly #lanes: readonly Loop[];
  #lastClaim: Promise<unknown> = Promise.resolve();

  constructor(options: PollerOptions) {
    this.#options = options;
    const tick = async () => {
      await this.#drain();
      return Math.min((await options.store.nextDueInMs()) ?? LONGEST_SLEEP_MS, LONGEST_SLEEP_MS);
    };
    this.#lanes = Array.from(
      { length: LANES },
      () => new Loop({ tick, onError: options.onError, retryMs: LONGEST_SLEEP_MS }),
    );
  }

  start(): void {
    for (const lane of this.#lanes) lane.start();
  }

  /** Finishes the batches under way, so that no lease is left behind. */
  async stop(): Promise<void> {
    await Promise.all(this.#lanes.map((lane) => lane.stop()));
  }

  /** Looks for due records now: something may have become due earlier than thought. */
  poke(): void {
    for (const lane of this.#lanes) lane.poke();
  }

  /** One pass: everything that is due now. */
  async tick(): Promise<void> {
    await Promise.all(this.#lanes.map(() => this.#drain()));
  }

  async #drain(): Promise<void> {
    for (;;) {
      const leaseToken = randomUUID();
      const records = await this.#claim(leaseToken);
      if (records.length > 0) await this.#options.store.save(await this.#read(records), leaseToken);
      if (records.length < BATCH_SIZE) return;
    }
  }

  /** One claim at a time: two at once pass over each other's rows on PostgreSQL, and come back with less than a full batch. */
  #claim(leaseToken: string): Promise<TrackingRecord[]> {
    const { store, leaseMs, intervalMs } = this.#options;
    const claim = this.#lastClaim.then(() =>
      store.claim({ limit: BATCH_SIZE, leaseMs, leaseToken, horizonMs: intervalMs / 2 }),
    );
    this.#lastClaim = claim.catch(() => {});
    return claim;
  }

  /** Reads the records in one batch; one that needs no read is judged as it is. */
  async #read(records: readonly TrackingRecord[]): Promise<Write[]> {
    const paths = records.map((record) => toPath(() => pathOf(record)));
    let results: (ReadResult | undefined)[];
    try {
      results = await this.#options.reader.read(paths, { timeoutMs: this.#options.leaseMs / 2, repeat: 'never' });
    } catch (error) {
      if (!(error instanceof GraphRefusal || error instanceof GraphUnreachable)) throw error;
      results = paths.map((path) => (path === undefined ? undefined : { error }));
    }
    return records.map((record, index) => this.#judge(record, results[index]));
  }

  #judge(record: TrackingRecord, result: ReadResult | undefined): Write {
    const { intervalMs } = this.#options;
    const now = this.#options.now();
    const observed = { at: now, source: 'poll' as const };
    const seen = observe(record, result, observed);
    const error = result && 'error' in result ? result.error : undefined;
    const retryAfterMs = error instanceof GraphRefusal ? error.retryAfterMs : null;
    return {
      record: seen,
      baseRevision: record.revision,
      ...nextDue(seen, { now, intervalMs, retryAfterMs, random: Math.random() }),
    };
  }
}

/** @returns where the record is read, or undefined when there is nothing to read. */
function pathOf(record: TrackingRecord): string | undefined {
  if (record.kind === 'inviteParticipantsOperation') {
    return record.state === 'active' && record.graphId !== null
      ? operationPath(record.callId, record.graphId)
      : undefined;
  }
  // Still submitting when due: whoever sent it is gone, or its answer was lost.
  if (record.state === 'submitting' && record.request.resetRedemption === true) return undefined;
  const guestId = guestIdOf(record);
  return guestId ? guestPath(guestId) : usersByMailPath(record.request.invitedUserEmailAddress);
}

/** @returns the id by which the guest is read; undefined when the guest must be looked for by mail. */
function guestIdOf(record: InvitationRecord): string | undefined {
  return record.state === 'active' ? record.payload.invitedUser?.id : undefined;
}

function observe(record: TrackingRecord, result: ReadResult | undefined, observed: Observed): TrackingRecord {
  return record.kind === 'invitation'
    ? observeInvitation(record, toInvitationObservation(record, result, observed))
    : observeOperation(record, toOperationObservation(record, result, observed));
}

function toOperationObservation(
  record: OperationRecord,
  result: ReadResult | undefined,
  observed: Observed,
): OperationObservation {
  if (!result) return { kind: 'unanswered', ...observed };
  if ('error' in result) return toFailed(result.error, observed);
  const { id, operation } = toOperation(result.body);
  if (id === null && operation.status === undefined) return rubbish(observed);
  return { kind: 'seen', id: record.graphId, operation, ...observed };
}

function toInvitationObservation(
  record: InvitationRecord,
  result: ReadResult | undefined,
  observed: Observed,
): InvitationObservation {
  if (!result) return { kind: 'unanswered', ...observed };
  if ('error' in result) return toFailed(result.error, observed);
  const guestId = guestIdOf(record);
  if (!guestId) {
    const users = (result.body as { value?: unknown } | null | undefined)?.value;
    return Array.isArray(users) ? { kind: 'found', users: users.map(toUser), ...observed } : rubbish(observed);
  }
  const user = toUser(result.body);
  return user.id ? { kind: 'guest', user, ...observed } : rubbish(observed);
}

/** A success without the resource in it comes from something on the way: nothing was learned. */
function rubbish(observed: Observed): CommonObservation {
  return { kind: 'failed', code: 'UPSTREAM_UNAVAILABLE', ...observed };
}

function toFailed(error: GraphRefusal | GraphUnreachable, observed: Observed): CommonObservation {
  return isMissing(error)
    ? { kind: 'missing', ...observed }
    : { kind: 'failed', code: toGatewayError(error).code, ...observed };
}
