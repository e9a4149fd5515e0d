// Graph's resources as the gateway keeps them: only the members that the schema shows, enum words in the schema's spelling.
import type { Invitation, InvitedUserMessageInfo, User } from '@microsoft/microsoft-graph-types';

export type InvitationStatus = 'PendingAcceptance' | 'Completed' | 'InProgress' | 'Error' | 'unknownFutureValue';
export type ExternalUserState = 'PendingAcceptance' | 'Accepted' | 'unknownFutureValue';
export type UserType = 'Guest' | 'Member' | 'unknownFutureValue';
export type OperationStatus = 'notStarted' | 'running' | 'completed' | 'failed' | 'unknownFutureValue';
export type EndpointType =
  | 'default'
  | 'voicemail'
  | 'skypeForBusiness'
  | 'skypeForBusinessVoipPhone'
  | 'unknownFutureValue';

/** Graph's `user`, the members of ours. A member that was not read is absent; one that Graph has no value for is null. */
export type GraphUser = Pick<
  User,
  'id' | 'displayName' | 'mail' | 'userPrincipalName' | 'createdDateTime' | 'accountEnabled'
> & {
  userType?: UserType | null;
  externalUserState?: ExternalUserState | null;
  externalUserStateChangeDateTime?: string | null;
};

/** Graph's `invitation`. */
export type GraphInvitation = Pick<
  Invitation,
  | 'invitedUserDisplayName'
  | 'invitedUserEmailAddress'
  | 'inviteRedeemUrl'
  | 'inviteRedirectUrl'
  | 'resetRedemption'
  | 'sendInvitationMessage'
> & {
  invitedUserMessageInfo?: InvitedUserMessageInfo | null;
  invitedUserType?: UserType | null;
  status?: InvitationStatus | null;
  invitedUser?: GraphUser | null;
  invitedUserSponsors?: readonly GraphUser[] | null;
};

/** Graph's `identity` with the members of its subtypes. */
export interface GraphIdentity {
  id?: string | null;
  displayName?: string | null;
  tenantId?: string | null;
  identityProvider?: string | null;
  email?: string | null;
  applicationType?: string | null;
  hidden?: boolean | null;
  azureCommunicationServicesResourceId?: string | null;
}

/** The kinds of identity, by their member of `identitySet`, with the type name that Graph knows each by. */
export const identityTypes = {
  user: 'communicationsUserIdentity',
  application: 'communicationsApplicationIdentity',
  device: 'identity',
  phone: 'communicationsPhoneIdentity',
  guest: 'communicationsGuestIdentity',
  encrypted: 'communicationsEncryptedIdentity',
  onPremises: 'identity',
  applicationInstance: 'communicationsApplicationInstanceIdentity',
  azureCommunicationServicesUser: 'azureCommunicationServicesUserIdentity',
} as const;

export type IdentityKind = keyof typeof identityTypes;

/** Graph's `identitySet`. */
export type GraphIdentitySet = { [Kind in IdentityKind]?: GraphIdentity | null };

/** Graph's `invitationParticipantInfo`. */
export interface GraphParticipant {
  identity?: GraphIdentitySet | null;
  hidden?: boolean | null;
  participantId?: string | null;
  removeFromDefaultAudioRoutingGroup?: boolean | null;
  replacesCallId?: string | null;
  endpointType?: EndpointType | null;
}

/** Graph's `resultInfo`. */
export interface GraphResultInfo {
  code?: number | null;
  subcode?: number | null;
  message?: string | null;
}

/** Graph's `inviteParticipantsOperation`; the two timestamps are in older descriptions only. */
export interface GraphOperation {
  clientContext?: string | null;
  resultInfo?: GraphResultInfo | null;
  status?: OperationStatus | null;
  participants?: readonly (GraphParticipant | null)[] | null;
  createdDateTime?: string | null;
  lastActionDateTime?: string | null;
}

/** What a guest is invited with: the writable members, those that the caller gave. */
export interface InvitationRequest {
  invitedUserEmailAddress: string;
  inviteRedirectUrl: string;
  invitedUserDisplayName?: string | null;
  invitedUserMessageInfo?: {
    ccRecipients?: readonly { emailAddress: { address: string; name?: string | null } }[] | null;
    customizedMessageBody?: string | null;
    messageLanguage?: string | null;
  } | null;
  invitedUserType?: 'Guest' | 'Member' | null;
  sendInvitationMessage?: boolean | null;
  resetRedemption?: boolean | null;
  invitedUser?: { id: string } | null;
  invitedUserSponsors?: readonly { id: string }[] | null;
}

/** What participants are invited with. */
export interface InviteParticipantsRequest {
  participants: readonly {
    identity: GraphIdentitySet;
    hidden?: boolean | null;
    participantId?: string | null;
    removeFromDefaultAudioRoutingGroup?: boolean | null;
    replacesCallId?: string | null;
  }[];
  clientContext: string;
}

type Json = { [member: string]: unknown };

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

// Reading is lenient on purpose: a member of another type than described counts as not sent,
// so that one odd member never costs the caller the whole answer.
const text = (value: unknown) => (typeof value === 'string' || value === null ? value : undefined);
const flag = (value: unknown) => (typeof value === 'boolean' || value === null ? value : undefined);
const object =
  <T>(read: (json: Json) => T) =>
  (value: unknown): T | null | undefined =>
    value === null ? null : isObject(value) ? read(value) : undefined;
const list =
  <T>(read: (item: unknown) => T | null | undefined) =>
  (value: unknown): (T | null)[] | null | undefined =>
    value === null ? null : Array.isArray(value) ? value.map((item) => read(item) ?? null) : undefined;
// Microsoft's own sources disagree on the case of enum words (CSDL and examples against the reference pages).
const word =
  <W extends string>(...words: W[]) =>
  (value: unknown): W | 'unknownFutureValue' | null | undefined =>
    typeof value === 'string'
      ? (words.find((known) => known.toLowerCase() === value.toLowerCase()) ?? 'unknownFutureValue')
      : value === null
        ? null
        : undefined;
// Samples show result codes as the string "0" too.
const int32 = (value: unknown) => {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return Number.isInteger(number) && Math.abs(number as number) <= 2 ** 31 - 1 ? (number as number) : undefined;
};

/** Reads the named members; what comes out undefined is left out. */
function pick<Shape extends { [member: string]: (value: unknown) => unknown }>(json: Json, shape: Shape) {
  const picked: Json = {};
  for (const [member, read] of Object.entries(shape)) {
    const value = read(json[member]);
    if (value !== undefined) picked[member] = value;
  }
  return picked as { [Member in keyof Shape]?: Exclude<ReturnType<Shape[Member]>, undefined> };
}

const userShape = {
  id: text,
  displayName: text,
  mail: text,
  userPrincipalName: text,
  userType: word('Guest', 'Member'),
  externalUserState: word('PendingAcceptance', 'Accepted'),
  externalUserStateChangeDateTime: text,
  createdDateTime: text,
  accountEnabled: flag,
};

/** Reads a `user` out of Graph's JSON. */
export function toUser(json: unknown): GraphUser {
  return isObject(json) ? (pick(json, userShape) as GraphUser) : {};
}

const recipient = object((json) =>
  pick(json, { emailAddress: object((address) => pick(address, { address: text, name: text })) }),
);

const invitationShape = {
  invitedUserDisplayName: text,
  invitedUserEmailAddress: text,
  invitedUserMessageInfo: object((json) =>
    pick(json, { ccRecipients: list(recipient), customizedMessageBody: text, messageLanguage: text }),
  ),
  invitedUserType: word('Guest', 'Member'),
  inviteRedeemUrl: text,
  inviteRedirectUrl: text,
  resetRedemption: flag,
  sendInvitationMessage: flag,
  status: word('PendingAcceptance', 'Completed', 'InProgress', 'Error'),
  // One edition of the reference prints the invited user as an array.
  invitedUser: (value: unknown) => object(toUser)(Array.isArray(value) ? value[0] : value),
  invitedUserSponsors: (value: unknown) =>
    Array.isArray(value) ? value.filter(isObject).filter(isUser).map(toUser) : value === null ? null : undefined,
};

function isUser(sponsor: Json): boolean {
  const type = sponsor['@odata.type'];
  return typeof type !== 'string' || /(^|\.)user$/i.test(type);
}

/** Reads an `invitation` out of Graph's JSON. */
export function toInvitation(json: unknown): { id: string | null; invitation: GraphInvitation } {
  const data = unwrap(json);
  return { id: text(data['id']) ?? null, invitation: pick(data, invitationShape) as GraphInvitation };
}

const identity = object((json) => pick(json, identityShape));
const identityShape = {
  id: text,
  displayName: text,
  tenantId: text,
  identityProvider: text,
  email: text,
  applicationType: text,
  hidden: flag,
  azureCommunicationServicesResourceId: text,
};
const identitySet = object((json) =>
  pick(json, Object.fromEntries(Object.keys(identityTypes).map((kind) => [kind, identity]))),
);

const operationShape = {
  clientContext: text,
  resultInfo: object((json) =>
    // Some samples misspell `subCode`.
    pick({ subcode: json['subCode'], ...json }, { code: int32, subcode: int32, message: text }),
  ),
  status: word('notStarted', 'running', 'completed', 'failed'),
  participants: list(
    object((json) =>
      pick(json, {
        identity: identitySet,
        hidden: flag,
        participantId: text,
        removeFromDefaultAudioRoutingGroup: flag,
        replacesCallId: text,
        endpointType: word('default', 'voicemail', 'skypeForBusiness', 'skypeForBusinessVoipPhone'),
      }),
    ),
  ),
  createdDateTime: text,
  lastActionDateTime: text,
};

/** Reads an `inviteParticipantsOperation` out of Graph's JSON. */
export function toOperation(json: unknown): { id: string | null; operation: GraphOperation } {
  const data = unwrap(json);
  return { id: text(data['id']) ?? null, operation: pick(data, operationShape) as GraphOperation };
}

/** An older edition of the reference wraps answers as `{ "value": { ... } }`. */
function unwrap(json: unknown): Json {
  if (!isObject(json)) return {};
  const members = Object.keys(json).filter((member) => !member.startsWith('@'));
  return members.length === 1 && isObject(json['value']) ? json['value'] : json;
}
