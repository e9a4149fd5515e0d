// Sends the invitations that wait, 20 in one batch. One that was begun is never sent again unless Graph surely did nothing.
import { randomUUID } from 'node:crypto';
import { BATCH_SIZE, sendBatch, type BatchPart, type PartResult } from '../graph/batch.ts';
import type { GraphClient } from '../graph/client.ts';
import { GraphRefusal, isGraphFailure } from '../graph/graph-error.ts';
import { toInvitationAnswer, toInvitationPost } from '../graph/invitations.ts';
import { apply } from './apply.ts';
import { nextDue } from './cadence.ts';
import { observeInvitation, type InvitationObservation } from './observe-invitation.ts';
import { retryAfterOf } from './read-failure.ts';
import type { InvitationRecord } from './record.ts';
import { failRead, refuse, type CommonObservation } from './revise.ts';
import { isStoreFailure } from './store-failure.ts';
import type { Store, Write } from './store.ts';
import { LEASE_MARGIN_MS } from './tracker.ts';
import { toFailure } from './unanswered.ts';
import type { Unwritten } from './unwritten.ts';
import { WorkLoop } from './work-loop.ts';

export interface SenderOptions {
  store: Pick<Store, 'claim' | 'save' | 'find' | 'nextDueInMs'>;
  unwritten: Pick<Unwritten, 'write'>;
  client: GraphClient;
  now: () => Date;
  /** How long Graph may take to answer a batch. */
  timeoutMs: number;
  intervalMs: number;
  /** How long Graph wants nothing sent: meanwhile nothing is claimed. */
  pauseMs: () => number;
  onError: (error: unknown) => void;
}

/** What became of one invitation; `isOfAll`: the batch failed, whatever was in it. */
type SendResult = PartResult & { isOfAll?: boolean };

interface Claim {
  records: readonly InvitationRecord[];
  leaseToken: string;
}

/** Graph surely did nothing, and would not for any invitation. */
type Unsent = CommonObservation & { kind: 'refused' };

const LANES = 2;
/** Bad request, too large: there may be one invitation in it that is to blame. */
const CONTENT_STATUSES = new Set([400, 413]);
/** How long an invitation that Graph does not take is tried. */
const GIVE_UP_MS = 86_400_000;

/** A claim counts as the beginning of the sending: after a crash what was claimed is looked up, not sent. */
export class Sender {
  readonly #options: SenderOptions;
  readonly #loop: WorkLoop;
  /** Tokens of claims that the store broke off: what they may have taken was not sent. */
  readonly #brokenOff: string[] = [];

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#loop = new WorkLoop({ ...options, work: 'send', lanes: LANES, pass: () => this.tick() });
  }

  start(): void {
    this.#loop.start();
  }

  /** Finishes the batches under way: their outcome is on disk then, or waits for the store. */
  stop(): Promise<void> {
    return this.#loop.stop();
  }

  poke(): void {
    this.#loop.poke();
  }

  /** Sends everything that waits and is due. */
  async tick(): Promise<void> {
    const { now, timeoutMs, pauseMs } = this.#options;
    while (pauseMs() === 0 && !this.#loop.isStopping) {
      // From before the claim: whoever was stopped for longer than the lease must not send any more.
      const untilMs = Number(now()) + timeoutMs;
      const claim = await this.#claim();
      if (claim.records.length > 0) await this.#send(claim, untilMs);
      if (claim.records.length < BATCH_SIZE) return;
    }
  }

  async #claim(): Promise<Claim> {
    const { store, timeoutMs } = this.#options;
    const brokenOff = this.#brokenOff.pop();
    const leaseToken = brokenOff ?? randomUUID();
    const claim = { limit: BATCH_SIZE, leaseMs: timeoutMs + LEASE_MARGIN_MS, horizonMs: 0 };
    try {
      const isRepeated = brokenOff !== undefined;
      const records = await store.claim({ work: 'send', leaseToken, isRepeated, ...claim });
      return { records: records as InvitationRecord[], leaseToken };
    } catch (error) {
      if (isStoreFailure(error)) this.#brokenOff.push(leaseToken);
      throw error;
    }
  }

  async #send({ records, leaseToken }: Claim, untilMs: number): Promise<void> {
    const { store, unwritten } = this.#options;
    const posts = records.map(({ request }) => toInvitationPost(request));
    const results = await this.#post(posts, untilMs);
    const at = this.#options.now();
    const heard = records.map((record, index) => {
      const result = results[index] as SendResult;
      return { record, result, observation: toObservation(result, at) };
    });
    const byId = new Map(heard.map((one) => [one.record.id, one]));
    const unsent = heard.flatMap(({ record, result, observation }) =>
      isUnsent(observation) ? [this.#toWrite(record, unsend(record, observation), result)] : [],
    );
    const sent = heard.flatMap(({ record, observation }) => (isUnsent(observation) ? [] : [record]));
    await unwritten.write(records.length, async () => {
      // Only under the claim: were this written late, or again, somebody else might be sending it by then.
      await store.save(unsent, leaseToken);
      await apply(sent, {
        store,
        observe: (record) => observeInvitation(record, byId.get(record.id)?.observation as InvitationObservation),
        nextDue: (record) => this.#nextDue(record, byId.get(record.id)?.result),
      });
    });
  }

  /** What Graph refuses as a whole is sent in halves when it may be for one of the parts. */
  async #post(posts: readonly BatchPart[], untilMs: number): Promise<SendResult[]> {
    const { client, now } = this.#options;
    try {
      return await sendBatch(client, posts, { timeoutMs: Math.max(1, untilMs - Number(now())) });
    } catch (error) {
      if (!isGraphFailure(error)) throw error;
      const isForContent = error instanceof GraphRefusal && CONTENT_STATUSES.has(error.statusCode);
      if (!isForContent || posts.length === 1) return posts.map(() => ({ error, isOfAll: !isForContent }));
      const half = Math.ceil(posts.length / 2);
      const first = await this.#post(posts.slice(0, half), untilMs);
      return [...first, ...(await this.#post(posts.slice(half), untilMs))];
    }
  }

  #toWrite(before: InvitationRecord, record: InvitationRecord, result: SendResult): Write {
    return { record, baseRevision: before.revision, ...this.#nextDue(record, result) };
  }

  #nextDue(record: InvitationRecord, result: SendResult | undefined) {
    const { now, intervalMs } = this.#options;
    return nextDue(record, {
      now: now(),
      intervalMs,
      isTold: false,
      retryAfterMs: retryAfterOf(result),
      random: Math.random(),
    });
  }
}

function isUnsent(observation: InvitationObservation): observation is Unsent {
  return observation.kind === 'refused' && observation.reason === 'notSent';
}

/** @returns the record as it waits to be sent again, or as given up. */
function unsend(record: InvitationRecord, observation: Unsent): InvitationRecord {
  const { at, refusal } = observation;
  const isLate = Number(at) >= Math.min(Number(record.deadlineAt), Number(record.createdAt) + GIVE_UP_MS);
  return isLate ? refuse(record, observation) : { ...failRead(record, observation, refusal.code), work: 'send' };
}

function toObservation(result: SendResult, at: Date): InvitationObservation {
  const observed = { at, source: 'mutation' as const };
  if ('error' in result) {
    const failure = toFailure(result.error, observed);
    // Nobody refused this invitation: our token may have been too old, say.
    return failure.kind === 'refused' && result.isOfAll ? { ...failure, reason: 'notSent' } : failure;
  }
  try {
    return { kind: 'answered', ...toInvitationAnswer(result.body), ...observed };
  } catch (error) {
    return toFailure(error, observed);
  }
}
