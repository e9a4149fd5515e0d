// Reads invitations that are due by their guests, hundreds in one request: all there is without delta, and the proof of it.
import { randomUUID } from 'node:crypto';
import { BATCH_SIZE, type BatchReader, type ReadResult } from '../graph/batch.ts';
import { isGraphFailure } from '../graph/graph-error.ts';
import { FILTER_SIZE } from '../graph/users.ts';
import { nextDue } from './cadence.ts';
import { observeInvitation } from './observe-invitation.ts';
import { retryAfterOf } from './read-failure.ts';
import type { InvitationRecord } from './record.ts';
import type { Store, Write } from './store.ts';
import { planReads, toObservations, type Read } from './sweep-reads.ts';
import { WorkLoop } from './work-loop.ts';

export interface SweeperOptions {
  store: Pick<Store, 'claim' | 'save' | 'nextDueInMs' | 'bringForward'>;
  reader: BatchReader;
  now: () => Date;
  /** Time between two reads of a watched invitation while nobody tells of changes. */
  intervalMs: number;
  /** How long a claimed record is ours; a read is given up after half of it. */
  leaseMs: number;
  /** How long Graph wants no polls: meanwhile nothing is claimed. */
  pauseMs: () => number;
  /** Whether the directory's changes are followed, and, when it is asked, ever since `since`. */
  isFollowed: (since?: Date) => boolean;
  /** Told of a record, once, when a read found a change that delta had not told although it should have. */
  onMissed: (recordId: string) => void;
  onError: (error: unknown) => void;
}

/** What one batch holds. */
const SWEEP_SIZE = BATCH_SIZE * FILTER_SIZE;
/** In less time, or in fewer intervals, delta need not have told of a change. */
const GRACE_MS = 60_000;
const GRACE_INTERVALS = 10;

export class Sweeper {
  readonly #options: SweeperOptions;
  readonly #loop: WorkLoop;
  #broughtForwardAt = -Infinity;
  #missedByDelta = 0;

  constructor(options: SweeperOptions) {
    this.#options = options;
    this.#loop = new WorkLoop({ ...options, work: 'sweep', lanes: 1, pass: () => this.tick() });
  }

  start(): void {
    this.#loop.start();
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  /** How many changes this replica found that delta should have told. */
  get missedByDelta(): number {
    return this.#missedByDelta;
  }

  /** One pass: everything that is due now. */
  async tick(): Promise<void> {
    const { store, leaseMs, intervalMs, pauseMs } = this.#options;
    while (pauseMs() === 0 && !this.#loop.isStopping) {
      await this.#bringWatchedForward();
      const leaseToken = randomUUID();
      const claim = { work: 'sweep', limit: SWEEP_SIZE, leaseMs, leaseToken, horizonMs: intervalMs / 2 } as const;
      const records = (await store.claim(claim)) as InvitationRecord[];
      if (records.length > 0) await this.#sweep(records, leaseToken);
      if (records.length < SWEEP_SIZE) return;
    }
  }

  /** Nobody tells of changes: an invitation that was left alone for long, and is watched now, must not wait. */
  async #bringWatchedForward(): Promise<void> {
    const { store, now, intervalMs, isFollowed } = this.#options;
    const at = Number(now());
    if (isFollowed() || at - this.#broughtForwardAt < intervalMs) return;
    this.#broughtForwardAt = at;
    await store.bringForward({ watchedOnly: true, laterThanMs: 1.5 * intervalMs });
  }

  async #sweep(records: readonly InvitationRecord[], leaseToken: string): Promise<void> {
    const { store, now, onMissed } = this.#options;
    const reads = planReads(records);
    const readAt = now();
    const results = await this.#read(reads);
    const observed = { at: now(), source: 'poll' as const };
    // What is read together is due together, so that the next sweep is as full.
    const random = Math.random();
    const swept = reads.flatMap((read, index) =>
      toObservations(read, results[index], observed).map(({ record, observation }) => {
        const seen = observeInvitation(record, observation);
        return { record, write: this.#toWrite(record, seen, results[index], { readAt, random }) };
      }),
    );
    const written = await store.save(
      swept.map(({ write }) => write),
      leaseToken,
    );
    for (const { record, write } of swept) {
      if (!written.has(record.id) || !this.#isMissed(record, write.record as InvitationRecord)) continue;
      this.#missedByDelta += 1;
      onMissed(record.id);
    }
  }

  /** Reads everything in as few batches as it takes. */
  async #read(reads: readonly Read[]): Promise<(ReadResult | undefined)[]> {
    const { reader, leaseMs } = this.#options;
    const paths = reads.map(({ path }) => path);
    try {
      return await reader.read(paths, { timeoutMs: leaseMs / 2, priority: 'poll' });
    } catch (error) {
      if (!isGraphFailure(error)) throw error;
      return paths.map((path) => (path === undefined ? undefined : { error }));
    }
  }

  #toWrite(
    record: InvitationRecord,
    seen: InvitationRecord,
    result: ReadResult | undefined,
    { readAt, random }: { readAt: Date; random: number },
  ): Write {
    const { now, intervalMs, isFollowed } = this.#options;
    // Of a change between this read and the beginning of delta neither would tell.
    const cadence = { now: now(), intervalMs, isTold: isFollowed(readAt), random };
    return {
      record: seen,
      baseRevision: record.revision,
      ...nextDue(seen, { ...cadence, retryAfterMs: retryAfterOf(result) }),
    };
  }

  /** Of a deletion Graph does not say when it was: only changes of the guest's state prove that delta missed one. */
  #isMissed(before: InvitationRecord, after: InvitationRecord): boolean {
    const { now, intervalMs, isFollowed } = this.#options;
    const isChanged =
      after.revision > before.revision &&
      after.changed.includes('invitedUser.externalUserState') &&
      before.payload.invitedUser?.externalUserState !== undefined;
    if (!isChanged || !before.observedAt || !isFollowed(before.observedAt)) return false;
    const changedAt = Date.parse(after.payload.invitedUser?.externalUserStateChangeDateTime ?? '');
    return Number(now()) - changedAt > Math.max(GRACE_MS, GRACE_INTERVALS * intervalMs);
  }
}
