// How a record of an invitation follows from what is observed. Pure.
import type { GraphInvitation, GraphUser } from '../graph/resources.ts';
import type { InvitationRecord } from './record.ts';
import { failRead, giveUp, judgeDeadline, refuse, revise, type CommonObservation, type Observed } from './revise.ts';

export type InvitationObservation =
  | CommonObservation
  // Graph's answer to our request.
  | (Observed & { kind: 'answered'; id: string | null; invitation: GraphInvitation })
  // The invited user, read by id.
  | (Observed & { kind: 'guest'; user: GraphUser })
  // The users that have the invited address.
  | (Observed & { kind: 'found'; users: readonly GraphUser[] })
  // The directory reported that the invited user was deleted.
  | (Observed & { kind: 'removed' });

/** How long a guest whose invitation was not answered is looked for: lists of users lag behind. */
const SEARCH_MS = 120_000;

/**
 * A settled record stays as it is. An unknown one goes on when evidence comes late.
 * `revision` rises by one exactly when something that a client can see changes.
 */
export function observeInvitation(record: InvitationRecord, observation: InvitationObservation): InvitationRecord {
  if (record.state === 'settled') return record;
  return judgeDeadline(record, learn(record, observation), observation);
}

function learn(record: InvitationRecord, observation: InvitationObservation): InvitationRecord {
  switch (observation.kind) {
    case 'answered': {
      const { status, invitedUser } = observation.invitation;
      return revise(record, observation, {
        graphId: observation.id,
        payload: {
          ...record.payload,
          ...observation.invitation,
          invitedUser: withKnown(toTracked(invitedUser), record.payload.invitedUser),
        },
        state: status === 'Completed' || status === 'Error' ? 'settled' : 'active',
        reason: null,
      });
    }
    case 'guest':
      return followGuest(record, observation, observation.user);
    case 'found':
      return search(record, observation, observation.users);
    case 'refused':
      return refuse(record, observation);
    case 'unanswered':
      // A reset leaves no new guest behind that could prove it.
      return record.state === 'submitting' && record.request.resetRedemption === true
        ? giveUp(record, observation)
        : record;
    case 'missing':
      // A new guest may not be readable yet. One that was read before is gone when it is missed twice in a row.
      return wasRead(record) && record.lastError?.code === 'NOT_FOUND'
        ? revise(record, observation, { state: 'settled', reason: 'guestDeleted' })
        : failRead(record, observation, 'NOT_FOUND');
    case 'removed':
      return revise(record, observation, { state: 'settled', reason: 'guestDeleted' });
    case 'failed':
      return failRead(record, observation, observation.code);
    default:
      return observation satisfies never;
  }
}

function followGuest(record: InvitationRecord, observed: Observed, user: GraphUser): InvitationRecord {
  const { externalUserState, externalUserStateChangeDateTime } = user;
  // A reset, or a guest who was here before, may show an acceptance that is older than our request.
  const isNewGuest = record.request.resetRedemption !== true && isSince(user.createdDateTime, record.createdAt);
  // A lost answer that is found after all is followed again; of a reset nothing in the directory proves it.
  const isFoundAgain = record.state === 'submitting' || (record.reason === 'ambiguous' && isNewGuest);
  const isAccepted =
    externalUserState === 'Accepted' && (isNewGuest || isSince(externalUserStateChangeDateTime, record.createdAt));
  return revise(record, observed, {
    payload: { ...record.payload, invitedUser: { ...record.payload.invitedUser, ...toTracked(user) } },
    ...(isAccepted ? { state: 'settled', reason: null } : isFoundAgain ? { state: 'active', reason: null } : {}),
  });
}

function search(record: InvitationRecord, observation: Observed, users: readonly GraphUser[]): InvitationRecord {
  // Only a guest made after our record is evidence that our request made it.
  const [guest, ...more] = users.filter((user) => isEvidence(record, user));
  if (guest && more.length === 0) return followGuest(record, observation, guest);
  const isHopeless =
    more.length > 0 || users.length > 0 || Number(observation.at) - Number(record.createdAt) > SEARCH_MS;
  return record.state === 'submitting' && isHopeless
    ? giveUp(record, observation)
    : failRead(record, observation, 'NOT_FOUND');
}

/** @returns whether a user with the invited address proves that our request invited it. */
export function isEvidence(record: InvitationRecord, user: GraphUser): boolean {
  return Boolean(user.id) && isSince(user.createdDateTime, record.createdAt);
}

function wasRead(record: InvitationRecord): boolean {
  return record.payload.invitedUser?.externalUserState !== undefined;
}

const TRACKED = ['id', 'userPrincipalName', 'externalUserState', 'externalUserStateChangeDateTime'] as const;

/** The members of the invited user that belong to the record; the others are read when somebody asks for them. */
function toTracked(user: GraphUser | null | undefined): GraphUser | null {
  if (!user?.id) return null;
  return Object.fromEntries(
    TRACKED.filter((member) => user[member] !== undefined).map((member) => [member, user[member]]),
  );
}

/** An answer that is written down late knows less of the guest than what was read meanwhile. */
function withKnown(answered: GraphUser | null, known: GraphUser | null | undefined): GraphUser | null {
  if (!answered) return toTracked(known);
  return known?.id === answered.id ? { ...answered, ...known } : answered;
}

/** Graph cuts its times to whole seconds, so ours is cut too. */
function isSince(time: string | null | undefined, since: Date): boolean {
  return time ? Date.parse(time) >= Math.floor(Number(since) / 1000) * 1000 : false;
}
