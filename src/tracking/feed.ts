// Carries the change log to subscribers: each watch gets what concerns it.
import { GatewayError, refuseInput } from '../errors.ts';
import { createBulkCounter, type BulkUpdate } from './bulk-updates.ts';
import { Interest } from './interest.ts';
import { LogTail } from './log-tail.ts';
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

/** How many records are read at once to start over. */
const PAGE = 500;
/** How many records of a call a subscriber gets to begin with. */
const MAX_CURRENT = 1_000;

export class Feed {
  readonly #options: FeedOptions;
  readonly #tail: LogTail;
  readonly #interest: Interest;
  readonly #byRecord = new Watches();
  readonly #byCall = new Watches();
  /** Unfinished records that somebody here watches through their call. */
  readonly #followed = new Map<string, string>();
  /** How many changes were handed out. */
  #handedOut = 0;

  constructor(options: FeedOptions) {
    this.#options = options;
    this.#interest = new Interest(options);
    this.#tail = new LogTail({
      ...options,
      isWanted: () => !this.#byRecord.isEmpty || !this.#byCall.isEmpty,
      onChanges: (records) => this.#handOut(records),
      onJump: () => this.#startOver(),
      onEnd: () => this.#interest.renew(() => this.#watched()),
    });
  }

  start(): Promise<void> {
    return this.#tail.start();
  }

  /** Ends every watch. */
  async stop(): Promise<void> {
    await this.#tail.stop();
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
  ): Promise<Watch<TrackingRecord>> {
    if (typeof afterRevision === 'number' && afterRevision < 0) {
      refuseInput(
        'afterRevision',
        'Revisions begin at 1. Give the last `tracking.revision` that you saw, or 0 for all.',
      );
    }
    const find = () => this.#options.store.find(kind, viewer, id, callId);
    const handedOut = this.#handedOut;
    const known = await find();
    if (!known) throw notFound();
    const watch = this.#addWatch(this.#byRecord, known.id, viewer, isFinished);
    try {
      // Only what is handed out from here on is certain to reach the watch.
      const current = handedOut === this.#handedOut ? known : ((await find()) ?? known);
      const states = typeof afterRevision === 'number' ? await this.#missed(current, afterRevision) : [current];
      watch.open(states, { id: current.id, revision: (states[0]?.revision ?? current.revision + 1) - 1 });
      if (!isFinished(current)) {
        await this.#interest.note([current.id]);
        if (kind === 'invitation') this.#options.onInvitationWatch();
      }
    } catch (error) {
      watch.stop();
      throw error;
    }
    return watch;
  }

  /** The current states of what the viewer sees of a call, oldest first, then every change, of new records too. Never ends by itself. */
  async watchCall(viewer: Viewer, callId: string): Promise<Watch<TrackingRecord>> {
    const watch = this.#addWatch(this.#byCall, callId, viewer, () => false);
    try {
      const records = await this.#listCall(viewer, callId);
      watch.open(records);
      const unfinished = records.filter((record) => !isFinished(record));
      for (const record of unfinished) this.#followed.set(record.id, callId);
      await this.#interest.note(unfinished.map((record) => record.id));
    } catch (error) {
      watch.stop();
      throw error;
    }
    return watch;
  }

  /**
   * The current state of each invitation of a bulk, in their order, then every change, until all are sent.
   * @throws GatewayError `NOT_FOUND` when there is no such bulk that the viewer sees
   */
  async watchBulk(viewer: Viewer, bulkId: string): Promise<Watch<BulkUpdate>> {
    const find = () => this.#options.store.findBulk(viewer, bulkId);
    const handedOut = this.#handedOut;
    const known = await find();
    if (!known) throw notFound();
    const ids = new Set(known.records.map(({ id }) => id));
    const unsent = new Set(ids);
    const watch: Watch<BulkUpdate> = new Watch({
      viewer,
      isLast(record) {
        if (record.state !== 'submitting') unsent.delete(record.id);
        return unsent.size === 0;
      },
      toEvent: (record) => toUpdate(record),
      onEnd: () => {
        for (const id of ids) this.#byRecord.remove(id, watch);
      },
    });
    for (const id of ids) this.#byRecord.add(id, watch);
    let toUpdate = createBulkCounter([]);
    try {
      // Only what is handed out from here on is certain to reach the watch.
      const { records } = handedOut === this.#handedOut ? known : ((await find()) ?? known);
      const states = [...new Map(records.map((record) => [record.id, record])).values()];
      toUpdate = createBulkCounter(states);
      watch.open(states);
      return watch;
    } catch (error) {
      watch.stop();
      throw error;
    }
  }

  #addWatch(watches: Watches, key: string, viewer: Viewer, isLast: (record: TrackingRecord) => boolean) {
    const watch: Watch<TrackingRecord> = new Watch({
      viewer,
      isLast,
      toEvent: (record) => record,
      onEnd: () => watches.remove(key, watch),
    });
    watches.add(key, watch);
    return watch;
  }

  async #handOut(records: readonly TrackingRecord[]): Promise<void> {
    this.#handedOut += records.length;
    await this.#interest.note(records.filter((record) => this.#dispatch(record)).map(({ id }) => id));
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
    const hasMissed = current.revision > afterRevision;
    const missed = hasMissed ? await this.#options.store.revisionsAfter(current.id, afterRevision) : [];
    return missed.length === 0 && isFinished(current) ? [current] : missed;
  }

  async #startOver(): Promise<void> {
    this.#handedOut += 1;
    const ids = this.#byRecord.keys();
    while (ids.length > 0) {
      const latest = await this.#options.store.histories(ids.splice(0, PAGE), 1);
      for (const record of latest.flat()) this.#byRecord.push(record.id, record);
    }
    for (const callId of this.#byCall.keys()) {
      const watches = Map.groupBy(this.#byCall.of(callId), ({ viewer: { tenantId, subject, isAdmin } }) =>
        JSON.stringify([tenantId, subject, isAdmin]),
      );
      for (const alike of watches.values()) {
        const [{ viewer }] = alike as [Watch<unknown>];
        const records = await this.#listCall(viewer, callId);
        for (const watch of alike) records.forEach((record) => watch.push(record));
      }
    }
  }

  /** What the viewer sees of a call as it is now, oldest first. */
  async #listCall(viewer: Viewer, callId: string): Promise<TrackingRecord[]> {
    const query = { kind: 'inviteParticipantsOperation', viewer, callId, first: MAX_CURRENT } as const;
    return (await this.#options.store.list(query)).reverse();
  }

  #watched(): Set<string> {
    for (const [id, callId] of this.#followed) if (!this.#byCall.has(callId)) this.#followed.delete(id);
    return new Set([...this.#byRecord.keys(), ...this.#followed.keys()]);
  }
}

function notFound(): GatewayError {
  return new GatewayError('NOT_FOUND', 'There is no such record, or it is not yours. Check the id.');
}
