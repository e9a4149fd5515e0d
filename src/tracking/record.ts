// What the gateway keeps about one invitation or operation: its one row, in the words of this project.
//
// operation    a Graph `commsOperation`, here always an `inviteParticipantsOperation`
// record       our stored row about one invitation or operation
// status       Graph's word for how far it is; only Graph decides it
// state        our judgement: submitting, active, settled or unknown (the outcome cannot be learned)
// observation  one thing we learned about a record, from a mutation, poll, delta or webhook
// revision     rises by one when something that a client can see changes
// change log   one row per revision; the feed carries it to subscribers
// viewer       who wants to see records: a caller, as far as seeing goes
// lease        the right of one replica to work on a record until the lease ends
// watch        one subscriber's interest in a record
// work         what an unfinished record is due for: to be sent, polled (operations) or swept (invitations)
// job          what one replica at a time does for all, such as to follow the directory's changes
import type { ErrorCode, ErrorExtensions } from '../errors.ts';
import type {
  GraphInvitation,
  GraphOperation,
  InvitationRequest,
  InviteParticipantsRequest,
} from '../graph/resources.ts';
import { toUserKey } from '../graph/users.ts';

/** How much is known of the outcome. `settled` and `unknown` are the two ends. */
export type State = 'submitting' | 'active' | 'settled' | 'unknown';

/** Why a record is settled or unknown, where Graph's status does not say it. */
export type Reason =
  'refused' | 'notSent' | 'guestDeleted' | 'joined' | 'ambiguous' | 'goneFromGraph' | 'deadlineExceeded';

/** What an unfinished record is due for. */
export type Work = 'send' | 'poll' | 'sweep';

/** Where an observation came from. */
export type Source = 'mutation' | 'poll' | 'delta' | 'webhook';

/** The error that a refused mutation was answered with, kept so that a repetition gets the same. */
export interface Refusal {
  code: ErrorCode;
  message: string;
  extensions: ErrorExtensions;
}

/** Why the last read brought nothing. */
export interface ReadError {
  code: ErrorCode;
  at: Date;
}

/** Whose a record is. */
export interface Owner {
  tenantId: string;
  subject: string;
}

/** Who wants to see records: the own ones, those shared with the subject, and as an admin all of the tenant. */
export interface Viewer extends Owner {
  isAdmin: boolean;
}

/** What each revision may change; the rest of a record never changes after its insert. */
export interface Progress<Payload> {
  /** Graph's id, null until known. */
  graphId: string | null;
  /** The resource as last known: Graph's answer over what was asked. Only members that the schema shows. */
  payload: Payload;
  state: State;
  reason: Reason | null;
  refusal: Refusal | null;
  revision: number;
  /** When, from where and in which members the current revision differs from the one before. */
  changedAt: Date;
  source: Source;
  changed: readonly string[];
  /** When Graph was last heard about it. */
  observedAt: Date | null;
  /** Reads in a row that brought nothing. */
  attempts: number;
  lastError: ReadError | null;
  /** `send` until its request is begun, then for good the other one of its kind. */
  work: Work;
}

interface Tracked<Kind extends string, Request, Payload> extends Progress<Payload> {
  /** The gateway's own id. */
  id: string;
  kind: Kind;
  owner: Owner;
  /** Subjects of the owner's tenant who may see the record too, as they are compared. */
  sharedWith: readonly string[];
  /** Of an operation; null for an invitation. */
  callId: string | null;
  /** Unique per owner and kind while set; taken away when nothing was sent under it, or when its time is over. */
  idempotencyKey: string | null;
  /** Tells another request under the same key. */
  requestHash: string;
  /** What Graph was asked. */
  request: Request;
  createdAt: Date;
  deadlineAt: Date;
  /** When the record is due for work; null when nothing is left to do. */
  dueAt: Date | null;
}

/** The record of one guest invitation. */
export type InvitationRecord = Tracked<'invitation', InvitationRequest, GraphInvitation>;

/** The record of one invitation of participants to a call. */
export type OperationRecord = Tracked<'inviteParticipantsOperation', InviteParticipantsRequest, GraphOperation> & {
  callId: string;
};

export type TrackingRecord = InvitationRecord | OperationRecord;
export type RecordKind = TrackingRecord['kind'];

/** @returns whether the record's stream ends here: nothing more is expected. */
export function isFinished(record: { state: State }): boolean {
  return record.state === 'settled' || record.state === 'unknown';
}

/** @returns whether somebody is the owner. */
export function isOwnedBy({ owner }: { owner: Owner }, { tenantId, subject }: Owner): boolean {
  return owner.tenantId === tenantId && owner.subject === subject;
}

/** The one rule of who sees a record; the store's statements say the same. */
export function isVisibleTo(record: TrackingRecord, viewer: Viewer): boolean {
  if (record.owner.tenantId !== viewer.tenantId) return false;
  return viewer.isAdmin || isOwnedBy(record, viewer) || record.sharedWith.includes(toSubjectKey(viewer.subject));
}

/**
 * @returns the form in which a subject is compared with those a record is shared with. Object ids of Entra are GUIDs, which people
 *   copy in either case; the subjects of other issuers are case-sensitive (OpenID Connect).
 */
export function toSubjectKey(subject: string): string {
  return toUserKey(subject);
}
