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
}

export interface CallOperationsOptions {
  state: State;
  settings: { operationMs: number; finishedMs: number };
  now: () => number;
}

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

  return {
    start(callId, input) {
      const id = state.ids.nextId();
      insert.run(id, callId, now(), JSON.stringify(input), JSON.stringify(outcomeOf(input.participants)));
      return id;
    },
    byId(id) {
      const row = byId.get(id);
      return row && toOperation(row);
    },
    ofCall: (callId) => ofCall.all(callId).map(toOperation),
    all: () => all.all().map(toOperation),
    force: (id, outcome) => Number(force.run(id, JSON.stringify(outcome), now()).changes) > 0,
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
