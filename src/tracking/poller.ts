// Reads the operations that are due, 20 in one batch, and writes down what was learned.
import { randomUUID } from 'node:crypto';
import { BATCH_SIZE, type BatchReader, type ReadResult } from '../graph/batch.ts';
import { operationPath, rosterPath, toRosterIds } from '../graph/calls.ts';
import { toPath } from '../graph/client.ts';
import { isGraphFailure } from '../graph/graph-error.ts';
import { toOperation } from '../graph/read-resources.ts';
import { nextDue } from './cadence.ts';
import { observeOperation, type OperationObservation } from './observe-operation.ts';
import { retryAfterOf, rubbish, toFailed } from './read-failure.ts';
import type { OperationRecord } from './record.ts';
import type { Observed } from './revise.ts';
import type { Store, Write } from './store.ts';
import { WorkLoop } from './work-loop.ts';

export interface PollerOptions {
  store: Pick<Store, 'claim' | 'save' | 'nextDueInMs'>;
  reader: BatchReader;
  now: () => Date;
  /** Time between two reads of a watched operation. */
  intervalMs: number;
  /** How long a claimed record is ours; a read is given up after half of it. */
  leaseMs: number;
  /** How long Graph wants no polls: meanwhile nothing is claimed. */
  pauseMs: () => number;
  /** Whether Graph's notifications arrive, so that polling is only the backstop. */
  isTold: () => boolean;
  onError: (error: unknown) => void;
}

/** Each has one batch under way. */
const LANES = 4;

export class Poller {
  readonly #options: PollerOptions;
  readonly #loop: WorkLoop;
  #lastClaim: Promise<unknown> = Promise.resolve();

  constructor(options: PollerOptions) {
    this.#options = options;
    this.#loop = new WorkLoop({ ...options, work: 'poll', lanes: LANES, pass: () => this.#drain() });
  }

  start(): void {
    this.#loop.start();
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  poke(): void {
    this.#loop.poke();
  }

  /** One pass: everything that is due now. */
  async tick(): Promise<void> {
    await Promise.all(Array.from({ length: LANES }, () => this.#drain()));
  }

  async #drain(): Promise<void> {
    while (this.#options.pauseMs() === 0 && !this.#loop.isStopping) {
      const leaseToken = randomUUID();
      const records = await this.#claim(leaseToken);
      if (records.length > 0) await this.#options.store.save(await this.#read(records), leaseToken);
      if (records.length < BATCH_SIZE) return;
    }
  }

  /** One claim at a time: two at once pass over each other's rows on PostgreSQL, and come back with less than a full batch. */
  #claim(leaseToken: string): Promise<OperationRecord[]> {
    const { store, leaseMs, intervalMs } = this.#options;
    const claim = this.#lastClaim.then(() =>
      store.claim({ work: 'poll', limit: BATCH_SIZE, leaseMs, leaseToken, horizonMs: intervalMs / 2 }),
    );
    this.#lastClaim = claim.catch(() => {});
    return claim as Promise<OperationRecord[]>;
  }

  /** Reads the operations in one batch; one that needs no read is judged as it is. */
  async #read(records: readonly OperationRecord[]): Promise<Write[]> {
    const paths = records.map((record) => toPath(() => pathOf(record)));
    const results = await this.#readAll(paths);
    const observed = { at: this.#options.now(), source: 'poll' as const };
    const seen = records.map((record, index) =>
      observeOperation(record, toObservation(record, results[index], observed)),
    );
    const rosters = await this.#readRosters(seen.filter(({ reason }) => reason === 'goneFromGraph'));
    return records.map((record, index) => {
      const roster = rosters.get(record.callId);
      const isGone = seen[index]?.reason === 'goneFromGraph';
      const next =
        isGone && roster ? observeOperation(record, { kind: 'roster', ids: roster, ...observed }) : seen[index];
      return this.#toWrite(record, next ?? record, results[index]);
    });
  }

  async #readAll(paths: readonly (string | undefined)[]): Promise<(ReadResult | undefined)[]> {
    try {
      return await this.#options.reader.read(paths, { timeoutMs: this.#options.leaseMs / 2, priority: 'poll' });
    } catch (error) {
      if (!isGraphFailure(error)) throw error;
      return paths.map((path) => (path === undefined ? undefined : { error }));
    }
  }

  /** Of operations that Graph no longer knows, only the call itself may still tell the outcome. */
  async #readRosters(gone: readonly OperationRecord[]): Promise<Map<string, ReadonlySet<string>>> {
    const callIds = [...new Set(gone.map(({ callId }) => callId))];
    const results = await this.#readAll(callIds.map((callId) => toPath(() => rosterPath(callId))));
    return new Map(
      callIds.flatMap((callId, index) => {
        const result = results[index];
        return result && 'body' in result ? [[callId, toRosterIds(result.body)] as const] : [];
      }),
    );
  }

  #toWrite(record: OperationRecord, seen: OperationRecord, result: ReadResult | undefined): Write {
    const { intervalMs } = this.#options;
    const now = this.#options.now();
    const cadence = { now, intervalMs, isTold: this.#options.isTold(), random: Math.random() };
    return {
      record: seen,
      baseRevision: record.revision,
      ...nextDue(seen, { ...cadence, retryAfterMs: retryAfterOf(result) }),
    };
  }
}

/** @returns where the operation is read; undefined while its id is not known, when nothing can be read. */
function pathOf({ state, callId, graphId }: OperationRecord): string | undefined {
  return state === 'active' && graphId !== null ? operationPath(callId, graphId) : undefined;
}

function toObservation(
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
