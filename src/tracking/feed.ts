// Carries the change log to subscribers: a cursor moves along the log, and each watch gets what concerns it.
import { GatewayError, refuseInput } from '../errors.ts';
import { toBulkUpdates, type BulkUpdate } from './bulk-updates.ts';
import { Loop } from './loop.ts';
import { isFinished, type RecordKind, type TrackingRecord, type Viewer } from './record.ts';
import type { Store } from './store.ts';
import { Watch } from './watch.ts';
import { Watches } from './watches.ts';

export interface FeedOptions {
  store: Store;
  /** Time between two reads of a watched record. */
  pollIntervalMs: number;
  /** Told when a watch may have brought the next read of a record forward. */
  onWatch: () => void;
  /** Told when somebody begins to watch an unfinished invitation. */
  onInvitationWatch: () => void;
  onError: (error: unknown) => void;
}

const PAGE = 500;
/** The guarantee behind the wake-ups, which may be lost. */
const TICK_MS = 2_000;
/** How long a record counts as watched after the last renewal. */
const WATCHED_MS = 30_000;
const RENEW_MS = 10_000;
/** How many records of a call a subscriber gets to begin with. */
const MAX_CURRENT = 1_000;

export class Feed {
  readonly #options: FeedOptions;
  readonly #loop: Loop;
  readonly #byRecord = new Watches();
  readonly #byCall = new Watches();
  /** Unfinished records that somebody here watches through their call. */
  readonly #followed = new Map<string, string>();
  #cursor = 0;
  #renewAt = 0;
  #unlisten: (() => void) | undefined;

  constructor(options: FeedOptions) {
    this.#options = options;
    this.#loop = new Loop({
      tick: async () => {
        await this.tick();
        await this.#renew();
        return TICK_MS;
      },
      onError: options.onError,
      retryMs: TICK_MS,
    });
  }

  async start(): Promise<void> {
    this.#cursor = await this.#options.store.head();
    this.#unlisten = this.#options.store.onChange(() => this.#loop.poke());
    this.#loop.start();
  }

  /** Ends every watch. */
  async stop(): Promise<void> {
    this.#unlisten?.();
    await this.#loop.stop();
    for (const watch of [...this.#byRecord.all(), ...this.#byCall.all()]) watch.complete();
  }

  /** How many subscribers are watching. */
  get watchCount(): number {
    return [...this.#byRecord.all(), ...this.#byCall.all()].length;
  }

  /**
   * The current state of a record, then every later one, and the end after its final state.
   * @param afterRevision gives the revisions after this one instead of the current state; of a finished record at least its final one
   * @throws GatewayError `NOT_FOUND` when there is no such record that the viewer sees
   */
  async watchRecord(
    kind: RecordKind,
    viewer: Viewer,
    { id, callId, afterRevision }: { id: string; callId?: string; afterRevision?: number | null },
  ): Promise<AsyncIterableIterator<TrackingRecord>> {
    if (typeof afterRevision === 'number' && afterRevision < 0) {
      refuseInput(
        'afterRevision',
        'Revisions begin at 1. Give the last `tracking.revision` that you saw, or 0 for all.',
      );
    }
    const { store } = this.#options;
    const known = await store.find(kind, viewer, id, callId);
    if (!known) throw notFound();
    const watch: Watch = new Watch({
      isLast: isFinished,
      onEnd: () => this.#byRecord.remove(known.id, watch),
    });
    this.#byRecord.add(known.id, watch, viewer);
    try {
      // Read again: only what happens from here on is certain to reach the watch.
      const current = (await store.find(kind, viewer, known.id, callId)) ?? known;
      const states = typeof afterRevision === 'number' ? await this.#missed(current, afterRevision) : [current];
      watch.open(states, { id: current.id, revision: (states[0]?.revision ?? current.revision + 1) - 1 });
      if (!isFinished(current)) {
        await this.#noteInterest([current.id]);
        if (kind === 'invitation') this.#options.onInvitationWatch();
      }
    } catch (error) {
      void watch.return();
      throw error;
    }
    return watch;
  }

  /** The current states of what the viewer sees of a call, oldest first, then every change, of new records too. Never ends by itself. */
  async watchCall(viewer: Viewer, callId: string): Promise<AsyncIterableIterator<TrackingRecord>> {
    const watch: Watch = new Watch({
      isLast: () => false,
      onEnd: () => this.#byCall.remove(callId, watch),
    });
    this.#byCall.add(callId, watch, viewer);
    try {
      const records = await this.#listCall(viewer, callId);
      watch.open(records);
      const unfinished = records.filter((record) => !isFinished(record));
      for (const record of unfinished) this.#followed.set(record.id, callId);
      await this.#noteInterest(unfinished.map((record) => record.id));
    } catch (error) {
      void watch.return();
      throw error;
    }
    return watch;
  }

  /**
   * The current state of each invitation of a bulk, in their order, then every change, until all are sent.
   * @throws GatewayError `NOT_FOUND` when there is no such bulk that the viewer sees
   */
  async watchBulk(viewer: Viewer, bulkId: string): Promise<AsyncIterableIterator<BulkUpdate>> {
    const { store } = this.#options;
    const known = await store.findBulk(viewer, bulkId);
    if (!known) throw notFound();
    const ids = new Set(known.records.map(({ id }) => id));
    const unsent = new Set(ids);
    const watch: Watch = new Watch({
      isLast(record) {
        if (record.state !== 'submitting') unsent.delete(record.id);
        return unsent.size === 0;
      },
      onEnd: () => {
        for (const id of ids) this.#byRecord.remove(id, watch);
      },
    });
    for (const id of ids) this.#byRecord.add(id, watch, viewer);
    try {
      // Read again: only what happens from here on is certain to reach the watch.
      const { records } = (await store.findBulk(viewer, bulkId)) ?? known;
      const states = [...new Map(records.map((record) => [record.id, record])).values()];
      watch.open(states);
      return toBulkUpdates(watch, states);
    } catch (error) {
      void watch.return();
      throw error;
    }
  }

  /** Reads the log to its end and hands out what is new. */
  async tick(): Promise<void> {
    const { store } = this.#options;
    for (;;) {
      const changes = await store.changesAfter(this.#cursor, PAGE);
      const started: string[] = [];
      for (const { seq, record } of changes) {
        this.#cursor = seq;
        if (this.#dispatch(record)) started.push(record.id);
      }
      if (started.length > 0) await this.#noteInterest(started);
      if (changes.length === PAGE) continue;
      // A database that was restored or failed over may have gone back behind us.
      const head = changes.length === 0 ? await store.head() : this.#cursor;
      if (head < this.#cursor) await this.#startOver(head);
      return;
    }
  }

  /** @returns whether the record began to be followed through its call. */
  #dispatch(record: TrackingRecord): boolean {
    this.#byRecord.push(record.id, record);
    if (record.callId === null || !this.#byCall.push(record.callId, record) || isFinished(record)) {
      this.#followed.delete(record.id);
      return false;
    }
    const isNew = !this.#followed.has(record.id);
    this.#followed.set(record.id, record.callId);
    return isNew;
  }

  /** Of a finished record the final state is given even when nothing was missed. */
  async #missed(current: TrackingRecord, afterRevision: number): Promise<TrackingRecord[]> {
    const missed = await this.#options.store.revisionsAfter(current.id, afterRevision);
    return missed.length === 0 && isFinished(current) ? [current] : missed;
  }

  async #startOver(head: number): Promise<void> {
    this.#cursor = head;
    for (const id of this.#byRecord.keys()) {
      const [latest] = (await this.#options.store.histories([id], 1))[0] ?? [];
      if (latest) this.#byRecord.push(id, latest);
    }
    for (const callId of this.#byCall.keys()) {
      for (const [watch, viewer] of this.#byCall.of(callId))
        for (const record of await this.#listCall(viewer, callId)) watch.push(record);
    }
  }

  /** What the viewer sees of a call as it is now, oldest first. */
  async #listCall(viewer: Viewer, callId: string): Promise<TrackingRecord[]> {
    const query = { kind: 'inviteParticipantsOperation', viewer, callId, first: MAX_CURRENT } as const;
    return (await this.#options.store.list(query)).reverse();
  }

  async #noteInterest(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    await this.#options.store.watch(ids, WATCHED_MS, this.#options.pollIntervalMs);
    this.#options.onWatch();
  }

  async #renew(): Promise<void> {
    if (Date.now() < this.#renewAt) return;
    this.#renewAt = Date.now() + RENEW_MS;
    for (const [id, callId] of this.#followed) if (!this.#byCall.has(callId)) this.#followed.delete(id);
    await this.#noteInterest([...new Set([...this.#byRecord.keys(), ...this.#followed.keys()])]);
  }
}

function notFound(): GatewayError {
  return new GatewayError('NOT_FOUND', 'There is no such record, or it is not yours. Check the id.');
}
