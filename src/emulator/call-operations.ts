/** Invite operations of calls: stored once, their progress worked out from the time at every read. */
import type { SQLOutputValue } from 'node:sqlite';
import { textOf, type Members } from './member-check.ts';
import { identitiesOf, type InvitedParticipant, type ParticipantsInput } from './participant-input.ts';
import type { State } from './state.ts';

export interface ResultInfo {
  code: number;
  subcode: number;
  message: string | null;
}

export interface Outcome {
  status: string;
  resultInfo: Members | null;
}

export interface CallOperation {
  id: string;
  callId: string;
  clientContext: string | null;
  participants: InvitedParticipant[];
  status: string;
  resultInfo: Members | null;
  startedAt: number;
  /** Finished so long ago that Graph would answer 404. */
  gone: boolean;
}

export interface CallOperations {
  start(callId: string, input: ParticipantsInput): string;
  byId(id: string): CallOperation | undefined;
  ofCall(callId: string): CallOperation[];
  all(): CallOperation[];
  /** From now on the operation has this outcome. False when there is no such operation. */
  force(id: string, outcome: Outcome): boolean;
  /** When the next operation ends whose end nobody has taken; undefined when there is none. */
  nextEnd(): number | undefined;
  /** Those that have ended by their time; each is taken once. */
  takeEnded(): CallOperation[];
  /** The operation if it is finished and nobody has taken its end. */
  takeFinished(id: string): CallOperation | undefined;
}

export interface CallOperationsOptions {
  state: State;
  settings: { operationMs: number; finishedMs: number };
  now: () => number;
}

/** What admin has forced ends by force only. */
const ENDING = `
  SELECT operationId, unannounced.startedAt FROM unannounced JOIN operations ON id = operationId
  WHERE unannounced.startedAt <= ? AND forced IS NULL ORDER BY unannounced.startedAt LIMIT ?`;
/** Ends taken at once; the rest follows in the next turn. */
const MOST_ENDS = 500;
const COMPLETED: ResultInfo = { code: 200, subcode: 0, message: 'Action completed successfully.' };

/**
 * Failures to show: whoever's id or display name contains `fail` cannot be reached.
 * A phone fails as telephony does; `fail-forbidden` is refused; everybody else loses the media connection.
 */
const FAILED_PHONE: ResultInfo = {
  code: 412,
  subcode: 9999,
  message: 'addParticipants failed for participant. DiagCode: 412#10073.@',
};
const FAILED_FORBIDDEN: ResultInfo = {
  code: 403,
  subcode: 10151,
  message: 'Participant cannot be invited. DiagCode: 403#10151.@',
};
const FAILED_MEDIA: ResultInfo = { code: 410, subcode: 301004, message: 'Client media error. DiagCode: 410#301004.@' };

export function createCallOperations({ state, settings, now }: CallOperationsOptions): CallOperations {
  const insert = state.db.prepare(
    'INSERT INTO operations (id, callId, startedAt, data, outcome) VALUES (?, ?, ?, ?, ?)',
  );
  const byId = state.db.prepare('SELECT * FROM operations WHERE id = ?');
  const ofCall = state.db.prepare('SELECT * FROM operations WHERE callId = ? ORDER BY seq');
  const all = state.db.prepare('SELECT * FROM operations ORDER BY seq');
  const force = state.db.prepare('UPDATE operations SET forced = ?2, forcedAt = ?3 WHERE id = ?1');

  const insertEnd = state.db.prepare('INSERT INTO unannounced (operationId, startedAt) VALUES (?, ?)');
  const takeEnd = state.db.prepare('DELETE FROM unannounced WHERE operationId = ?');
  const ending = state.db.prepare(ENDING);

  function toOperation(row: Record<string, SQLOutputValue>): CallOperation {
    const startedAt = Number(row['startedAt']);
    const endsAt = startedAt + settings.operationMs;
    const forced = row['forced'] !== null;
    const running = !forced && now() < endsAt;
    const { status, resultInfo } = running
      ? { status: 'running', resultInfo: null }
      : (JSON.parse(String(forced ? row['forced'] : row['outcome'])) as Outcome);
    const finishedAt = forced ? Number(row['forcedAt']) : endsAt;
    return {
      ...(JSON.parse(String(row['data'])) as ParticipantsInput),
      id: String(row['id']),
      callId: String(row['callId']),
      status,
      resultInfo,
      startedAt,
      gone: isFinished(status) && now() >= finishedAt + settings.finishedMs,
    };
  }

  const read = (id: string): CallOperation | undefined => {
    const row = byId.get(id);
    return row && toOperation(row);
  };

  return {
    start(callId, input) {
      const id = state.ids.nextId();
      const at = now();
      state.transaction(() => {
        insert.run(id, callId, at, JSON.stringify(input), JSON.stringify(outcomeOf(input.participants)));
        insertEnd.run(id, at);
      });
      return id;
    },
    byId: read,
    ofCall: (callId) => ofCall.all(callId).map(toOperation),
    all: () => all.all().map(toOperation),
    force: (id, outcome) => Number(force.run(id, JSON.stringify(outcome), now()).changes) > 0,
    nextEnd() {
      const first = ending.get(Number.MAX_SAFE_INTEGER, 1);
      return first && Number(first['startedAt']) + settings.operationMs;
    },
    takeEnded: () =>
      state.transaction(() =>
        ending.all(now() - settings.operationMs, MOST_ENDS).flatMap(({ operationId }) => {
          takeEnd.run(String(operationId));
          return read(String(operationId)) ?? [];
        }),
      ),
    takeFinished(id) {
      const operation = read(id);
      if (!operation || !isFinished(operation.status)) return undefined;
      return Number(takeEnd.run(id).changes) > 0 ? operation : undefined;
    },
  };
}

export function isFinished(status: string): boolean {
  return ['completed', 'failed'].includes(status.toLowerCase());
}

/** The result that goes with a status when nobody said which. */
export function usualResultOf(status: string): Members | null {
  if (!isFinished(status)) return null;
  return { ...(status.toLowerCase() === 'completed' ? COMPLETED : FAILED_MEDIA) };
}

function outcomeOf(participants: InvitedParticipant[]): Outcome {
  for (const [kind, identity] of participants.flatMap(identitiesOf)) {
    const words = `${textOf(identity, 'id') ?? ''} ${textOf(identity, 'displayName') ?? ''}`.toLowerCase();
    if (!words.includes('fail')) continue;
    const reached = words.includes('fail-forbidden') ? FAILED_FORBIDDEN : FAILED_MEDIA;
    return { status: 'failed', resultInfo: { ...(kind === 'phone' ? FAILED_PHONE : reached) } };
  }
  return { status: 'completed', resultInfo: { ...COMPLETED } };
}
