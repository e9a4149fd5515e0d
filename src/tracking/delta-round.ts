// One round through the directory's changes: from the link that was saved last, page by page, to the next one.
import type { GraphClient } from '../graph/client.ts';
import { GraphRefusal, GraphUnreachable } from '../graph/graph-error.ts';
import { deltaPath } from '../graph/users.ts';
import { applyNews } from './delta-news.ts';
import { toPage, type DeltaPage } from './delta-page.ts';
import { toDeltaState, type DeltaState } from './delta-state.ts';
import type { Store } from './store.ts';

export interface RoundOptions {
  store: Pick<Store, 'claimJob' | 'saveJob' | 'bringForward' | 'findByGuests' | 'findLost' | 'save' | 'find'>;
  client: Pick<GraphClient, 'get' | 'toOwnPath'>;
  now: () => Date;
  intervalMs: number;
  leaseMs: number;
  /** Whether to leave the rest to a later round, a page having been read. */
  isInterrupted: () => boolean;
}

/** `lost`: another replica has the job by now. */
export type Outcome = 'ended' | 'interrupted' | 'lost';

const MOST_PAGES = 50;
const LOST_LINK_STATUSES = new Set([400, 404, 410, 414, 431]);
/** So often a link may fail by what it leads to before it counts as lost. */
const MOST_FAILURES = 8;
const LOST_LINK_CODES = new Set(['syncstatenotfound', 'resyncrequired']);

/** The right to do the job, and what is done of it. */
export class Round {
  readonly #options: RoundOptions;
  readonly #token: string;
  #heldSince: number;
  #state: DeltaState;
  #pages = 0;
  #changed = 0;
  #restarts = 0;

  /** @param state as it was claimed under the token just now */
  constructor(options: RoundOptions, token: string, state: DeltaState) {
    this.#options = options;
    this.#token = token;
    this.#heldSince = Number(options.now());
    this.#state = state;
  }

  get pages(): number {
    return this.#pages;
  }

  /** How many changes of invitations the round has told. */
  get changed(): number {
    return this.#changed;
  }

  get restarts(): number {
    return this.#restarts;
  }

  /**
   * Goes on until the round ends; the job is still held then, and what was read last is to be saved with its release.
   * @throws GraphFailure
   */
  async run(): Promise<Outcome> {
    const { link, isProven } = this.#state;
    if (link === null) return this.#begin();
    try {
      return await this.#follow(link);
    } catch (error) {
      if (!isLinkLost(error)) throw error;
      this.#restarts += 1;
      this.#state = { ...this.#state, link: null, isProven: false };
      // A link that was never any good: beginning again at once would go on for ever.
      if (!isProven) throw error;
      return this.#begin();
    }
  }

  /** Gives the job up. @returns false when it was lost: nothing was written */
  async release(dueInMs: number): Promise<boolean> {
    return this.#save(dueInMs);
  }

  /**
   * @param isOfLink whether Graph answered, and not as it should
   * @returns how many failures in a row there are, with one more
   */
  noteFailure(isOfLink: boolean): number {
    const failures = this.#state.failures + 1;
    const isLost = isOfLink && failures % MOST_FAILURES === 0;
    this.#state = { ...this.#state, failures, ...(isLost ? { link: null, isProven: false } : {}) };
    return failures;
  }

  get unannouncedAt(): number | null {
    return this.#state.unannouncedAt;
  }

  /** Writes down that nobody had announced what the round told. */
  noteUnannounced(): void {
    this.#state = { ...this.#state, unannouncedAt: Number(this.#options.now()) };
  }

  /**
   * Begins with what changes from now on, and has everything pending read by id for what was before. Graph's own advice for a
   * lost link (the `Location` of its 410, with an empty token) would list every user of the tenant, to find a few guests.
   */
  async #begin(): Promise<Outcome> {
    const { store, now } = this.#options;
    const page = await this.#read(deltaPath());
    if (!page.isLast) throw new GraphUnreachable('delta does not begin with what is to come', true);
    const startedAt = Number(now());
    // After the link was given: a change before that is read, one after it is told. Before it is saved: a crash repeats both.
    await store.bringForward({ watchedOnly: false, laterThanMs: 0 });
    const succeededAt = this.#state.failures === 0 ? startedAt : this.#state.succeededAt;
    this.#state = { ...this.#state, link: page.link, startedAt, succeededAt, isProven: false };
    return 'ended';
  }

  /** Each page is written before its link is saved: after a crash it may be read twice, but is never passed over. */
  async #follow(first: string): Promise<Outcome> {
    for (let link = first; ;) {
      const page = await this.#read(link);
      this.#changed += await applyNews(page.items, this.#options);
      this.#pages += 1;
      this.#state = { ...this.#state, link: page.link };
      if (page.isLast) {
        this.#state = { ...this.#state, succeededAt: Number(this.#options.now()), isProven: true, failures: 0 };
        return 'ended';
      }
      if (!(await this.#save(null)) || !(await this.#renew())) return 'lost';
      if (this.#pages === MOST_PAGES || this.#options.isInterrupted()) return 'interrupted';
      link = this.#state.link ?? page.link;
    }
  }

  async #read(path: string): Promise<DeltaPage> {
    const { client, leaseMs } = this.#options;
    return toPage(await client.get(path, { timeoutMs: leaseMs / 2, priority: 'poll' }), client.toOwnPath, path);
  }

  #save(dueInMs: number | null): Promise<boolean> {
    return this.#options.store.saveJob('delta', this.#token, JSON.stringify(this.#state), dueInMs);
  }

  /** Only now and then, for it is a write more. @returns false when the job is another's */
  async #renew(): Promise<boolean> {
    const { store, leaseMs, now } = this.#options;
    if (Number(now()) - this.#heldSince < leaseMs / 2) return true;
    const claimed = await store.claimJob('delta', this.#token, leaseMs);
    if (!claimed) return false;
    // Another one may have had it, and given it up, in between.
    this.#state = toDeltaState(claimed.state);
    this.#heldSince = Number(now());
    return true;
  }
}

/** Graph answers a token that it no longer takes with 410, or with another 4xx that says so. */
function isLinkLost(error: unknown): boolean {
  if (!(error instanceof GraphRefusal)) return false;
  const { statusCode, code } = error;
  if (LOST_LINK_STATUSES.has(statusCode)) return true;
  const isAboutUs = statusCode === 401 || statusCode === 403 || statusCode === 429;
  return statusCode > 400 && statusCode < 500 && !isAboutUs && LOST_LINK_CODES.has(code?.toLowerCase() ?? '');
}
