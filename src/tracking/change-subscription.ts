// Keeps one subscription to changes of users alive at Graph, one replica at a time.
import { randomUUID } from 'node:crypto';
import type { GraphClient } from '../graph/client.ts';
import { isGraphFailure } from '../graph/graph-error.ts';
import type { Logger } from '../logger.ts';
import { Loop } from './loop.ts';
import { retryAfterOf } from './read-failure.ts';
import type { Store } from './store.ts';
import {
  createSubscriptionKeeper,
  ForeignSubscription,
  MOST_CALLS,
  type KeepSubscription,
} from './subscription-keeper.ts';
import { CHANGES_PATH, readSubscriptionState, type SubscriptionState } from './subscription-state.ts';

export interface ChangeSubscriptionOptions {
  store: Pick<Store, 'claimJob' | 'saveJob' | 'expediteJob' | 'readJob'>;
  graph: Pick<GraphClient, 'get' | 'post' | 'patch' | 'delete' | 'toOwnPath'>;
  /** Scheme, host and port at which Graph reaches us. */
  publicUrl: string;
  /** How long Graph may take to answer; a new subscription includes its question to us. */
  timeoutMs: number;
  now: () => Date;
  logger: Pick<Logger, 'info' | 'warn'>;
  onError: (error: unknown) => void;
}

const JOB = 'subscription';
const IDLE_MS = 5_000;
const LEAST_PAUSE_MS = 100;
const LEAST_LIFE_MS = 60_000;
const FIRST_BACKOFF_MS = 5_000;
const LONGEST_BACKOFF_MS = 300_000;

/** Another replica has the job now. */
class LeaseLost extends Error {}

export class ChangeSubscription {
  readonly #options: ChangeSubscriptionOptions;
  readonly #notificationUrl: string;
  readonly #keep: KeepSubscription;
  readonly #loop: Loop;
  readonly #stopping = new AbortController();
  #expiresAtMs = -Infinity;
  #isBegun = false;
  #reported = '';

  constructor(options: ChangeSubscriptionOptions) {
    this.#options = options;
    const { graph, timeoutMs, now } = options;
    const notificationUrl = new URL(CHANGES_PATH, options.publicUrl).href;
    const limits = { timeoutMs, priority: 'poll', signal: this.#stopping.signal } as const;
    this.#notificationUrl = notificationUrl;
    this.#keep = createSubscriptionKeeper({ graph, notificationUrl, limits, now });
    this.#loop = new Loop({ tick: () => this.#pass(), onError: options.onError, retryMs: IDLE_MS });
  }

  start(): void {
    this.#loop.start();
  }

  /** The subscription stays: another replica, or the next start, goes on with it. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop.stop();
  }

  /** Looks at the job now: there may be news of the subscription. */
  poke(): void {
    this.#loop.poke();
  }

  /** Looks whether Graph still has it: a change came that it did not tell. */
  verify(): void {
    this.#options.store.expediteJob(JOB).then(() => this.poke(), this.#options.onError);
  }

  /** Whether Graph tells us of changes, whichever replica has seen to it. */
  isHealthy(): boolean {
    return Number(this.#options.now()) < this.#expiresAtMs;
  }

  /** One pass: the job, when it is due. */
  async tick(): Promise<void> {
    await this.#pass();
  }

  /** @returns milliseconds until the next one is wanted. */
  async #pass(): Promise<number> {
    const { store, timeoutMs } = this.#options;
    if (!this.#isBegun) await this.#begin();
    const leaseToken = randomUUID();
    const job = await store.claimJob(JOB, leaseToken, (MOST_CALLS + 1) * timeoutMs);
    if (job) await this.#do(readSubscriptionState(job.state), leaseToken);
    const { state, dueInMs } = await store.readJob(JOB);
    const { id, expiresAtMs } = readSubscriptionState(state);
    this.#expiresAtMs = id === null ? -Infinity : (expiresAtMs ?? -Infinity);
    return Math.min(Math.max(dueInMs, LEAST_PAUSE_MS), IDLE_MS);
  }

  /** A subscription that leads to where we were reached before is of no use. */
  async #begin(): Promise<void> {
    const { notificationUrl } = readSubscriptionState((await this.#options.store.readJob(JOB)).state);
    if (notificationUrl !== null && notificationUrl !== this.#notificationUrl)
      await this.#options.store.expediteJob(JOB);
    this.#isBegun = true;
  }

  /** The job is due when half of the life is over, after a failure, and when Graph asked for it: a renewal is right for all. */
  async #do(claimed: SubscriptionState, leaseToken: string): Promise<void> {
    const { store, now, logger } = this.#options;
    let state = claimed;
    const write = async (next: SubscriptionState, dueInMs: number | null) => {
      if (!(await store.saveJob(JOB, leaseToken, JSON.stringify(next), dueInMs))) throw new LeaseLost();
      state = next;
    };
    try {
      const kept = await this.#keep(claimed, (next) => write(next, null));
      const leftMs = Math.max((kept.expiresAtMs ?? 0) - Number(now()), LEAST_LIFE_MS);
      await write(kept, leftMs / 2);
      if (kept.id === claimed.id) return this.#report('');
      // Of what changed while there was none nobody tells.
      await store.expediteJob('delta');
      logger.info({ subscription: kept.id }, 'Graph notifies this gateway of changes of users');
      this.#reported = '';
    } catch (error) {
      if (error instanceof LeaseLost) return;
      if (!isGraphFailure(error) && !(error instanceof ForeignSubscription)) throw error;
      await this.#fail(state, error, write).catch((reason: unknown) => {
        if (!(reason instanceof LeaseLost)) throw reason;
      });
    }
  }

  async #fail(
    state: SubscriptionState,
    error: Error,
    write: (next: SubscriptionState, dueInMs: number) => Promise<void>,
  ): Promise<void> {
    // Given up for our stop: whoever comes next begins at once.
    if (this.#stopping.signal.aborted) return write(state, 0);
    const failures = state.failures + 1;
    const backoffMs = Math.min(FIRST_BACKOFF_MS * 2 ** (failures - 1), LONGEST_BACKOFF_MS);
    const retryAfterMs = isGraphFailure(error) ? retryAfterOf({ error }) : null;
    await write({ ...state, failures }, Math.max(backoffMs, retryAfterMs ?? 0));
    this.#report(error.message);
  }

  /** Once for each change, so that an outage is one line. */
  #report(problem: string): void {
    if (problem === this.#reported) return;
    this.#reported = problem;
    const { logger } = this.#options;
    if (problem === '') logger.info({}, 'Graph notifies this gateway of changes of users again');
    else
      logger.warn({ problem }, 'Graph cannot be made to notify this gateway of changes of users; it is asked instead');
  }
}
