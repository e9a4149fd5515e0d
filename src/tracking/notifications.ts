// Works off the stored notifications of calls: finds whose they are, and writes down what they tell.
import { randomUUID } from 'node:crypto';
import type { Logger } from '../logger.ts';
import { createSeldomLog, type SeldomLog } from '../seldom-log.ts';
import { apply } from './apply.ts';
import { nextDue } from './cadence.ts';
import { correlate, idIn, readNotices, type CallNotice } from './call-notice.ts';
import { toHeardAtMs } from './heard.ts';
import { Loop } from './loop.ts';
import { observeOperation, type OperationObservation } from './observe-operation.ts';
import type { OperationRecord } from './record.ts';
import type { Notification, Store } from './store.ts';
import type { WebhookOutcome } from './webhook-outcomes.ts';

export interface NotificationsOptions {
  store: Pick<
    Store,
    'claimNotifications' | 'settleNotifications' | 'findOperations' | 'save' | 'find' | 'noteJob' | 'readJob'
  >;
  now: () => Date;
  /** Time between two reads of a watched operation: what is still running is due again accordingly. */
  pollIntervalMs: number;
  /** How long claimed notifications are ours. */
  leaseMs: number;
  logger: Pick<Logger, 'warn'>;
  count: (outcome: WebhookOutcome) => void;
  onError: (error: unknown) => void;
}

const GROUP = 100;
/** A replica may die with notifications under its lease, and other replicas' health is to be known. */
const IDLE_MS = 2_000;
/** How long a notification without a record is kept: the answer to its mutation may still come. */
const KEPT_MS = 120_000;
const HEALTHY_MS = 600_000;
const NOTED_EVERY_MS = 30_000;

/** What one group of notifications comes to. */
interface Sorted {
  /** By the record's id. */
  matched: Map<string, { record: OperationRecord; notices: CallNotice[] }>;
  done: number[];
  later: { seq: number; ageMs: number }[];
  /** Counted when all is written down: what fails is sorted again. */
  outcomes: WebhookOutcome[];
}

export class Notifications {
  readonly #options: NotificationsOptions;
  readonly #loop: Loop;
  readonly #refuse: SeldomLog<WebhookOutcome>;
  /** When a notification last found its record, here or at another replica. */
  #heardAtMs = -Infinity;
  #notedAtMs = -Infinity;

  constructor(options: NotificationsOptions) {
    this.#options = options;
    this.#refuse = createSeldomLog(options);
    const tick = async () => {
      await this.tick();
      return IDLE_MS;
    };
    this.#loop = new Loop({ tick, onError: options.onError, retryMs: IDLE_MS });
  }

  start(): void {
    this.#loop.start();
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  /** Looks for notifications now: some have just been stored. */
  poke(): void {
    this.#loop.poke();
  }

  /** Whether notifications arrive and can be told apart, so that polling is only the backstop. */
  isHealthy(): boolean {
    return Number(this.#options.now()) - this.#heardAtMs < HEALTHY_MS;
  }

  /** One pass: everything that is due now. */
  async tick(): Promise<void> {
    const { state } = await this.#options.store.readJob('callNotifications');
    this.#heardAtMs = Math.max(this.#heardAtMs, toHeardAtMs(state));
    while ((await this.#work()) === GROUP);
  }

  async #work(): Promise<number> {
    const { store, leaseMs } = this.#options;
    const leaseToken = randomUUID();
    const rows = await store.claimNotifications(GROUP, leaseToken, leaseMs);
    if (rows.length > 0) await this.#workOff(rows, leaseToken);
    return rows.length;
  }

  /** One that cannot be worked on must not hold up those beside it. */
  async #workOff(rows: readonly Notification[], leaseToken: string): Promise<void> {
    let sorted: Sorted;
    try {
      sorted = await this.#sort(rows);
      // Only what is written down is forgotten; observing it twice changes nothing.
      await this.#observe([...sorted.matched.values()]);
    } catch (error) {
      const [row, ...more] = rows;
      if (row && more.length === 0) return this.#giveUp(row, leaseToken, error);
      for (const one of rows) await this.#workOff([one], leaseToken);
      return;
    }
    await this.#settle(leaseToken, sorted);
    for (const outcome of sorted.outcomes)
      if (outcome === 'rubbish') this.#refuse(outcome, {}, 'a stored notification cannot be read and is dropped');
      else this.#options.count(outcome);
  }

  /** Settled before the next one is tried: when the store is down altogether, this ends it for all of them. */
  async #giveUp({ seq, receivedAt }: Notification, leaseToken: string, error: unknown): Promise<void> {
    const isOld = Number(this.#options.now()) - Number(receivedAt) >= KEPT_MS;
    await this.#settle(leaseToken, { done: isOld ? [seq] : [], later: isOld ? [] : [{ seq, ageMs: Infinity }] });
    this.#refuse('failed', { err: error }, 'a stored notification cannot be worked on; it is tried again for a while');
  }

  async #settle(leaseToken: string, { done, later }: Pick<Sorted, 'done' | 'later'>): Promise<void> {
    const { store } = this.#options;
    const [young, old] = [later.filter(({ ageMs }) => ageMs < 10_000), later.filter(({ ageMs }) => ageMs >= 10_000)];
    await store.settleNotifications(leaseToken, { done, later: young.map(({ seq }) => seq), laterMs: 1_000 });
    await store.settleNotifications(leaseToken, { done: [], later: old.map(({ seq }) => seq), laterMs: 15_000 });
  }

  async #sort(rows: readonly Notification[]): Promise<Sorted> {
    const read = rows.map(({ seq, body, receivedAt }) => ({
      seq,
      ageMs: Number(this.#options.now()) - Number(receivedAt),
      notices: readNotices(body),
    }));
    const all = read.flatMap(({ notices }) => notices ?? []);
    const records = await this.#options.store.findOperations({
      clientContexts: all.flatMap(({ clientContext }) => clientContext ?? []),
      graphIds: all.flatMap(({ id, place }) => [id ?? [], place.operationId ?? []].flat()),
    });
    const sorted: Sorted = { matched: new Map(), done: [], later: [], outcomes: [] };
    for (const { seq, ageMs, notices } of read) {
      if (!notices) sorted.outcomes.push('rubbish');
      const isOld = ageMs >= KEPT_MS;
      const isLate = (notices ?? []).map((notice) => this.#match(notice, records, sorted, isOld)).includes(false);
      if (isLate && !isOld) sorted.later.push({ seq, ageMs });
      else sorted.done.push(seq);
    }
    return sorted;
  }

  /** @returns false when nothing can be done about the notice yet. */
  #match(notice: CallNotice, records: readonly OperationRecord[], sorted: Sorted, isOld: boolean): boolean {
    const { matched, outcomes } = sorted;
    const record = correlate(notice, records);
    if (!record) {
      if (isOld) outcomes.push('unmatched');
      return false;
    }
    // The answer to the mutation is on its way: only it tells the operation's id, which a settled record would never learn.
    if (record.state === 'submitting' && idIn(notice, record) === null && !isOld) return false;
    const group = matched.get(record.id) ?? { record, notices: [] };
    group.notices.push(notice);
    matched.set(record.id, group);
    outcomes.push('matched');
    return true;
  }

  async #observe(groups: readonly { record: OperationRecord; notices: CallNotice[] }[]): Promise<void> {
    if (groups.length === 0) return;
    const { store, now, pollIntervalMs } = this.#options;
    const noticesOf = new Map(groups.map(({ record, notices }) => [record.id, notices]));
    const records = groups.map(({ record }) => record).filter(({ state }) => state !== 'settled');
    await apply(records, {
      store,
      observe: (record) => observeOperation(record, toSeen(record, noticesOf.get(record.id) ?? [], now())),
      nextDue: (record) =>
        nextDue(record, { now: now(), intervalMs: pollIntervalMs, isTold: true, random: Math.random() }),
    });
    await this.#noteHealth();
  }

  async #noteHealth(): Promise<void> {
    const { store, now } = this.#options;
    this.#heardAtMs = Number(now());
    if (this.#heardAtMs - this.#notedAtMs < NOTED_EVERY_MS) return;
    this.#notedAtMs = this.#heardAtMs;
    await store.noteJob('callNotifications', JSON.stringify({ at: now() }));
  }
}

/** Of several notices at once the end counts, in whatever order they came; none of them is a failure of Graph's unless it says so. */
function toSeen(record: OperationRecord, notices: readonly CallNotice[], at: Date): OperationObservation {
  const end = notices.find(({ operation: { status } }) => status === 'completed' || status === 'failed');
  const id = notices.map((notice) => idIn(notice, record)).find((known) => known !== null) ?? null;
  return { kind: 'seen', id, operation: (end ?? notices.at(-1))?.operation ?? {}, source: 'webhook', at };
}
