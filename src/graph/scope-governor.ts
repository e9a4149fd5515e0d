// Paces the calls of one scope: who goes next, who waits, who is refused without asking Graph.
import { Breaker } from './breaker.ts';
import { GraphHeldBack, GraphUnreachable } from './graph-error.ts';
import { Pace } from './pace.ts';
import type { Access, Priority, Scope } from './scope.ts';
import { ScopeHolds } from './scope-holds.ts';
import { createScopeCounters, type Availability, type ScopeState } from './scope-state.ts';
import { isOutage, readThrottleNews, type Answered } from './throttle-headers.ts';
import { WaitingCalls, type GovernedCall, type WaitingCall } from './waiting-calls.ts';

/** An answer, with those of its parts when it answers a batch. */
export interface GovernedAnswer extends Answered {
  parts: readonly Answered[];
}

/** What loops do: they read, and send what was accepted earlier. */
export type LoopPriority = Extract<Priority, 'poll' | 'mutation'>;

export interface ScopeGovernorOptions {
  scope: Scope;
  now: () => number;
  /** Told each time that the word changes. */
  onChange: (from: Availability, to: Availability) => void;
}

/**
 * Calls under way at once. Neither takes the other's places: a backlog of polls never delays a caller, and a rush of callers
 * never stops polling. More would only bring the limits nearer: Graph counts what is in a batch, 20 in most of ours, and one takes
 * well below a second.
 */
const PLACES = { caller: 56, poll: 16 };
export const MOST_IN_FLIGHT = PLACES.caller + PLACES.poll;
/** Calls at once right after a pause: doubled by each good answer, so that all who waited do not leave in one burst. */
const FIRST_PLACES = 2;
/** How soon to look again while another call finds out whether Graph is back: about as long as an answer takes. */
const PROBE_MS = 1_000;

const placeOf = (priority: Priority) => (priority === 'poll' ? 'poll' : 'caller');

export class ScopeGovernor {
  readonly #options: ScopeGovernorOptions;
  readonly #breaker: Breaker;
  readonly #holds = new ScopeHolds<GovernedCall>();
  readonly #pace: Pace;
  readonly #waiting = new WaitingCalls();
  readonly #inFlight = { caller: 0, poll: 0 };
  readonly #counters = createScopeCounters();
  #places = Infinity;
  #told: Availability = 'available';
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(options: ScopeGovernorOptions) {
    this.#options = options;
    this.#pace = new Pace(options.scope);
    this.#breaker = new Breaker(options.now, () => (this.#counters.breakerOpened += 1));
  }

  /** Makes the call when it is its turn. @throws GraphHeldBack or GraphUnreachable without having made it */
  run<Answer extends GovernedAnswer>(call: GovernedCall, attempt: () => Promise<Answer>): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const nowMs = this.#options.now();
      const refusal = this.#refusalOf(call, nowMs);
      if (refusal) return reject(refusal);
      const waiting: WaitingCall = { call, start: () => resolve(this.#make(call, attempt)), refuse: reject };
      this.#waiting.add(waiting);
      this.#turn();
      this.#waiting.limit(waiting, call.beginBeforeMs - nowMs);
    });
  }

  /** @returns how long a loop leaves alone what it has to read or to send; 0: go ahead. */
  delayMs(priority: LoopPriority): number {
    const nowMs = this.#options.now();
    const breakerMs = this.#breaker.mayPass(priority) ? 0 : Math.max(this.#breaker.leftMs(), PROBE_MS);
    const pauseMs = this.#pauseMs(priority === 'poll' ? 'read' : 'write', nowMs);
    return Math.ceil(Math.max(breakerMs, pauseMs, this.#pace.loopDelayMs(priority, nowMs)));
  }

  get availability(): Availability {
    if (this.#breaker.state !== 'closed') return 'unavailable';
    const nowMs = this.#options.now();
    if (this.#holds.isFelt(nowMs)) return 'throttled';
    return this.#pace.percentage(nowMs) === null ? 'available' : 'slowed';
  }

  state(): ScopeState {
    const nowMs = this.#options.now();
    const heldUntil = (access: Access) => {
      const leftMs = this.#holds.leftMs(access, nowMs);
      return leftMs > 0 ? nowMs + leftMs : null;
    };
    return {
      availability: this.availability,
      inFlight: this.#inFlight.caller + this.#inFlight.poll,
      waiting: this.#waiting.count,
      heldUntil: { read: heldUntil('read'), write: heldUntil('write') },
      percentage: this.#pace.percentage(nowMs),
      breaker: this.#breaker.state,
      counters: { ...this.#counters },
    };
  }

  /** Refuses whatever waits and whatever comes. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#refuse();
  }

  /** Starts whatever may start; looks again when the clock alone may change something. */
  #turn(): void {
    this.#waiting.start((call) => this.#judge(call));
    const { availability } = this;
    if (availability !== this.#told) {
      const from = this.#told;
      this.#told = availability;
      this.#options.onChange(from, availability);
    }
    const nowMs = this.#options.now();
    const paceMs = [this.#pace.delayMs('read', nowMs), this.#pace.freshMs(nowMs)].filter((ms) => ms > 0);
    const nextMs = Math.min(...this.#holds.nextMs(nowMs), ...paceMs);
    clearTimeout(this.#timer);
    if (!Number.isFinite(nextMs) || this.#isStopped) return;
    this.#timer = setTimeout(() => this.#turn(), Math.ceil(nextMs));
    this.#timer.unref();
  }

  /** @returns whether the call may begin now, or why it never will. */
  #judge(call: GovernedCall): Error | boolean {
    const nowMs = this.#options.now();
    const refusal = this.#refusalOf(call, nowMs);
    if (refusal) return refusal;
    const place = placeOf(call.priority);
    return (
      this.#inFlight[place] < PLACES[place] &&
      this.#inFlight.caller + this.#inFlight.poll < this.#places &&
      this.#holds.mayPass(call.access, nowMs) &&
      this.#pace.delayMs(call.priority, nowMs) === 0
    );
  }

  #refuse(): void {
    const nowMs = this.#options.now();
    this.#waiting.refuse((call) => this.#refusalOf(call, nowMs));
  }

  #refusalOf({ priority, access, beginBeforeMs, signal }: GovernedCall, nowMs: number): Error | undefined {
    if (this.#isStopped) return new GraphUnreachable('the gateway is stopping', false);
    if (signal?.aborted) return new GraphUnreachable('the call was given up', false);
    if (!this.#breaker.mayPass(priority))
      return new GraphUnreachable('it failed again and again and is left alone for a moment', false);
    const heldMs = this.#holds.leftMs(access, nowMs);
    // Loops have a schedule of their own, and records that they must not hold meanwhile.
    const pauseMs =
      priority === 'poll' ? this.#pollPauseMs(access, nowMs) : nowMs + heldMs >= beginBeforeMs ? heldMs : 0;
    if (pauseMs === 0) return undefined;
    this.#counters.heldBack += 1;
    return new GraphHeldBack(pauseMs);
  }

  #pollPauseMs(access: Access, nowMs: number): number {
    return Math.max(this.#pauseMs(access, nowMs), this.#pace.delayMs('poll', nowMs));
  }

  #pauseMs(access: Access, nowMs: number): number {
    return Math.max(this.#holds.leftMs(access, nowMs), this.#holds.isProbing(access) ? PROBE_MS : 0);
  }

  async #make<Answer extends GovernedAnswer>(call: GovernedCall, attempt: () => Promise<Answer>): Promise<Answer> {
    const place = placeOf(call.priority);
    this.#inFlight[place] += 1;
    this.#counters.requests += 1;
    this.#pace.began(call.priority, this.#options.now());
    this.#holds.enter(call);
    let isProof = false;
    try {
      const answer = await this.#breaker.run(attempt);
      isProof = this.#hear(answer, call.access);
      return answer;
    } catch (error) {
      if (error instanceof GraphUnreachable && error.isOutage) this.#counters.failures += 1;
      throw error;
    } finally {
      this.#inFlight[place] -= 1;
      this.#holds.leave(call, isProof, this.#options.now());
      if (this.availability !== 'available') this.#refuse();
      this.#turn();
    }
  }

  /** @returns whether the answer is Graph's own, and throttled nothing. */
  #hear(answer: GovernedAnswer, own: Access): boolean {
    const nowMs = this.#options.now();
    const news = readThrottleNews([answer, ...answer.parts], own, nowMs);
    for (const { limit, retryAfterMs } of news.pauses) this.#holds.begin(limit, retryAfterMs, nowMs);
    if (news.pauses.length > 0) this.#places = FIRST_PLACES;
    else this.#places = this.#places < MOST_IN_FLIGHT ? this.#places * 2 : Infinity;
    if (news.percentage !== null) this.#pace.hear(news.percentage, nowMs);
    const counters = this.#counters;
    counters.parts += answer.parts.length;
    counters.throttled += news.throttled;
    counters.resourceUnits += news.resourceUnits;
    if (isOutage(answer)) counters.failures += 1;
    return news.throttled === 0 && !isOutage(answer);
  }
}
