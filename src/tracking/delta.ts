// Follows the directory's changes for all pending invitations at once: one request when nothing changed, however many they are.
import { randomUUID } from 'node:crypto';
import type { GraphClient } from '../graph/client.ts';
import {
  GraphHeldBack,
  GraphRefusal,
  GraphUnreachable,
  isGraphFailure,
  type GraphFailure,
} from '../graph/graph-error.ts';
import { Round, type RoundOptions } from './delta-round.ts';
import { toDeltaState, type DeltaState } from './delta-state.ts';
import { toHeardAtMs } from './heard.ts';
import { Loop } from './loop.ts';
import type { Store } from './store.ts';

export interface DeltaOptions {
  store: RoundOptions['store'] & Pick<Store, 'pendingInvitations' | 'readJob' | 'expediteJob'>;
  client: Pick<GraphClient, 'get' | 'toOwnPath'>;
  now: () => Date;
  /** Time between two rounds while somebody watches a pending invitation. */
  intervalMs: number;
  /** How long one replica may be silent before another goes on; a page is given up after half of it. */
  leaseMs: number;
  /** How long Graph wants no polls: meanwhile nothing is claimed. */
  pauseMs: () => number;
  /** Whether Graph has promised to notify of changes: each notification makes the job due. */
  isNotified: () => boolean;
  /** Told when a change was found that no notification had announced: the promise may be void. */
  onUnannounced: () => void;
  /** Told once each time that the following begins to fail, and about a pass that failed for another reason. */
  onError: (error: unknown) => void;
}

const LONGEST_SLEEP_MS = 1_000;
const LONGEST_BACKOFF_MS = 300_000;
const UNWATCHED = 4;
const NOTIFIED = 15;
/** So long, or so many intervals, after the end of a round the following still counts as healthy. */
const HEALTHY_MS = 60_000;
const HEALTHY_INTERVALS = 10;

/** One replica at a time has the job. Nothing is asked while no invitation is pending. */
export class Delta {
  readonly #options: DeltaOptions;
  readonly #loop: Loop;
  readonly #counts = { pages: 0, failures: 0, restarts: 0 };
  #isStopping = false;
  #state = toDeltaState(null);
  // An earlier process may have left records to a delta that fails by now.
  #wasHealthy = true;
  #isReported = false;
  #hurriedAt = -Infinity;

  constructor(options: DeltaOptions) {
    this.#options = options;
    this.#loop = new Loop({ tick: () => this.#pass(), onError: options.onError, retryMs: LONGEST_SLEEP_MS });
  }

  start(): void {
    this.#loop.start();
  }

  /** Finishes the page under way; another replica, or the next start, goes on after it. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#loop.stop();
  }

  /** Looks now whether the job is due: it may have been expedited. */
  poke(): void {
    this.#loop.poke();
  }

  /** Makes the next round come now: somebody begins to watch, and should not wait for the pace of those whom nobody watches. */
  hurry(): void {
    const at = Number(this.#options.now());
    // After a failure the wait is Graph's to decide; the sweep sees to those who watch.
    if (this.#state.failures > 0 || at - this.#hurriedAt < this.#options.intervalMs) return;
    this.#hurriedAt = at;
    this.#options.store.expediteJob('delta').then(() => this.poke(), this.#options.onError);
  }

  /** One pass: a round when it is due. */
  async tick(): Promise<void> {
    await this.#pass();
  }

  /** What this replica did since it began: pages that were read, tries that failed, links that Graph no longer knew. */
  get counts(): Readonly<{ pages: number; failures: number; restarts: number }> {
    return { ...this.#counts };
  }

  /**
   * @param since also whether they have been ever since then
   * @returns whether changes are told, to whichever replica, so that reading each invitation is only the backstop
   */
  isHealthy(since?: Date): boolean {
    const { startedAt, succeededAt } = this.#state;
    if (startedAt === null || succeededAt === null) return false;
    const isFollowed = Number(this.#options.now()) - succeededAt < this.#healthyMs;
    return isFollowed && (since === undefined || startedAt <= Number(since));
  }

  get #healthyMs(): number {
    return Math.max(HEALTHY_MS, HEALTHY_INTERVALS * this.#options.intervalMs);
  }

  /** @returns when to look again. */
  async #pass(): Promise<number> {
    const { store, leaseMs, pauseMs } = this.#options;
    const pending = await store.pendingInvitations();
    if (!pending.any) return LONGEST_SLEEP_MS;
    if (pauseMs() === 0) {
      const token = randomUUID();
      const job = await store.claimJob('delta', token, leaseMs);
      if (job) await this.#work(token, toDeltaState(job.state), pending.watched);
    }
    const { state, dueInMs } = await store.readJob('delta');
    this.#state = toDeltaState(state);
    if (this.#state.failures === 0) this.#isReported = false;
    const isHealthy = this.isHealthy();
    // Records that were left to delta are not due for long: from now on reading them is all there is.
    if (this.#wasHealthy && !isHealthy) await store.bringForward({ watchedOnly: false, laterThanMs: 0 });
    this.#wasHealthy = isHealthy;
    return Math.min(Math.max(dueInMs, pauseMs()), LONGEST_SLEEP_MS);
  }

  async #work(token: string, state: DeltaState, isWatched: boolean): Promise<void> {
    const { pauseMs, intervalMs } = this.#options;
    const isInterrupted = () => this.#isStopping || pauseMs() > 0;
    const round = new Round({ ...this.#options, isInterrupted }, token, state);
    try {
      const outcome = await round.run();
      if (outcome === 'lost') return;
      // However many pages Graph may have, others are to be asked too.
      if (outcome === 'interrupted')
        return void (await round.release(this.#isStopping ? 0 : Math.max(pauseMs(), intervalMs)));
      await round.release(await this.#judgePace(round, state, isWatched));
    } catch (error) {
      if (!isGraphFailure(error)) throw error;
      await this.#fail(round, error);
    } finally {
      this.#counts.pages += round.pages;
      this.#counts.restarts += round.restarts;
    }
  }

  async #fail(round: Round, error: GraphFailure): Promise<void> {
    const { intervalMs, onError } = this.#options;
    const askedMs = ('retryAfterMs' in error && error.retryAfterMs) || 0;
    // Graph was not even asked, and whoever holds us back tells why.
    if (error instanceof GraphHeldBack) return void (await round.release(askedMs));
    this.#counts.failures += 1;
    const isOfLink = error instanceof GraphRefusal || (error instanceof GraphUnreachable && !error.isOutage);
    const backoffMs = Math.min(intervalMs * 2 ** Math.min(round.noteFailure(isOfLink), 20), LONGEST_BACKOFF_MS);
    await round.release(Math.max(backoffMs * jitter(), askedMs));
    if (!this.#isReported) onError(error);
    this.#isReported = true;
  }

  /**
   * Notifications slow us down only while they are heard of: a subscription may be gone, or lead nowhere, without a word.
   * @param before where the job stood before the round
   */
  async #judgePace(round: Round, before: DeltaState, isWatched: boolean): Promise<number> {
    const { store, isNotified, onUnannounced } = this.#options;
    if (!isNotified()) return this.#toPauseMs(isWatched ? 1 : UNWATCHED);
    const heardAtMs = toHeardAtMs((await store.readJob('changeNotifications')).state);
    if (round.changed > 0 && heardAtMs <= (before.succeededAt ?? 0)) {
      round.noteUnannounced();
      onUnannounced();
    }
    const isHeard = heardAtMs > (round.unannouncedAt ?? 0);
    return this.#toPauseMs(isHeard ? NOTIFIED : isWatched ? 1 : UNWATCHED);
  }

  #toPauseMs(intervals: number): number {
    const { intervalMs } = this.#options;
    return Math.min(intervals * intervalMs, this.#healthyMs / 2) * jitter();
  }
}

function jitter(): number {
  return 0.9 + Math.random() / 10;
}
