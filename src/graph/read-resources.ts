// From Graph's JSON to the resources that the gateway keeps. Lenient: Graph's own descriptions contradict each other.
import { identityTypes, MAX_ID, type GraphInvitation, type GraphOperation, type GraphUser } from './resources.ts';

type Json = { [member: string]: unknown };

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

// Reading is lenient on purpose: a member of another type than described counts as not sent,
// so that one odd member never costs the caller the whole answer.
const text = (value: unknown) => (typeof value === 'string' || value === null ? value : undefined);
const identifier = (value: unknown) => (typeof value === 'string' && value.length > MAX_ID ? undefined : text(value));
const time = (value: unknown) =>
  typeof value === 'string' && Number.isNaN(Date.parse(value)) ? undefined : text(value);
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
  for (const member in shape) {
    const value = shape[member]?.(json[member]);
    if (value !== undefined) picked[member] = value;
  }
  return picked as { [Member in keyof Shape]?: Exclude<ReturnType<Shape[Member]>, undefined> };
}

const userShape = {
  id: identifier,
  displayName: text,
  mail: text,
  userPrincipalName: text,
  userType: word('Guest', 'Member'),
  externalUserState: word('PendingAcceptance', 'Accepted'),
  externalUserStateChangeDateTime: time,
  createdDateTime: time,
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
  return { id: identifier(data['id']) ?? null, invitation: pick(data, invitationShape) as GraphInvitation };
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
  createdDateTime: time,
  lastActionDateTime: time,
};

/** Reads an `inviteParticipantsOperation` out of Graph's JSON. */
export function toOperation(json: unknown): { id: string | null; operation: GraphOperation } {
  const data = unwrap(json);
  return { id: identifier(data['id']) ?? null, operation: pick(data, operationShape) as GraphOperation };
}

/** An older edition of the reference wraps answers as `{ "value": { ... } }`. */
function unwrap(json: unknown): Json {
  if (!isObject(json)) return {};
  const members = Object.keys(json).filter((member) => !member.startsWith('@'));
  return members.length === 1 && isObject(json['value']) ? json['value'] : json;
}
