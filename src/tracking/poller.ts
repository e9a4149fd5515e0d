// Reads the operations that are due, 20 in one batch, and writes down what was learned.
import { randomUUID } from 'node:crypto';
import { BATCH_SIZE, type BatchReader, type ReadResult } from '../graph/batch.ts';
import { operationPath, rosterPath, toRosterIds } from '../graph/calls.ts';
import { toPath } from '../graph/client.ts';
import { isGraphFailure } from '../graph/graph-error.ts';
import { toOperation } from '../graph/read-resources.ts';
import { nextDue } from './cadence.ts';
import { Loop } from './loop.ts';
import { observeOperation, type OperationObservation } from './observe-operation.ts';
import { retryAfterOf, rubbish, toFailed } from './read-failure.ts';
import type { OperationRecord } from './record.ts';
import type { Observed } from './revise.ts';
import type { Store, Write } from './store.ts';

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

/** Batches under way at once: when Graph answers in 100 ms, about as many reads as it allows an application (50,000 in 15 s). */
const LANES = 16;
/** Batches that one claim is for: a statement costs far more than what a row adds to it. */
const BATCHES_PER_CLAIM = 5;
const LONGEST_SLEEP_MS = 1_000;
/** How long what is due is left to another replica that is claiming it. */
const CONTENDED_MS = 20;

export class Poller {
  readonly #options: PollerOptions;
  readonly #loop: Loop;
  readonly #underWay = new Set<Promise<void>>();
  #isStopping = false;

  constructor(options: PollerOptions) {
    this.#options = options;
    this.#loop = new Loop({ tick: () => this.#pass(), onError: options.onError, retryMs: LONGEST_SLEEP_MS });
  }

  start(): void {
    this.#loop.start();
  }

  /** Finishes the batches under way, so that no lease is left behind. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#loop.stop();
    await Promise.all(this.#underWay);
  }

  poke(): void {
    this.#loop.poke();
  }

  /** One pass: everything that is due now. */
  async tick(): Promise<void> {
    await this.#pass();
    await Promise.all(this.#underWay);
  }

  /**
   * Claims what is due as fast as batches come back; those under way at its end go on beside the next pass.
   * @returns milliseconds until there is something to do again
   */
  async #pass(): Promise<number> {
    const { store, pauseMs } = this.#options;
    while (pauseMs() === 0 && !this.#isStopping) {
      const dueInMs = await store.nextDueInMs('poll');
      if (dueInMs !== 0) return Math.min(dueInMs ?? LONGEST_SLEEP_MS, LONGEST_SLEEP_MS);
      if (this.#underWay.size === LANES) await Promise.race(this.#underWay);
      else if ((await this.#claim()) === 0) return CONTENDED_MS;
    }
    return Math.min(pauseMs(), LONGEST_SLEEP_MS);
  }

  /** Starts a batch for each 20 records that are due. @returns how many there were */
  async #claim(): Promise<number> {
    const { store, leaseMs, intervalMs } = this.#options;
    const leaseToken = randomUUID();
    const limit = BATCH_SIZE * Math.min(BATCHES_PER_CLAIM, LANES - this.#underWay.size);
    const claim = { work: 'poll', limit, leaseMs, leaseToken, horizonMs: intervalMs / 2 } as const;
    const records = (await store.claim(claim)) as OperationRecord[];
    for (let at = 0; at < records.length; at += BATCH_SIZE) this.#start(records.slice(at, at + BATCH_SIZE), leaseToken);
    return records.length;
  }

  #start(records: readonly OperationRecord[], leaseToken: string): void {
    const batch: Promise<void> = this.#read(records)
      .then((writes) => this.#options.store.save(writes, leaseToken))
      .catch(this.#options.onError)
      .then(() => void this.#underWay.delete(batch));
    this.#underWay.add(batch);
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
