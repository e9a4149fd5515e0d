// From a caller's input to what Graph is asked: checked, and only with the members that were given.
import { randomUUID } from 'node:crypto';
import { refuseInput } from '../errors.ts';
import { MAX_ID, type InvitationRequest, type InviteParticipantsRequest } from '../graph/resources.ts';
import type { InviteLists } from '../invite-lists.ts';
import { requireAllowedGuest, requireAllowedRecipient } from './invite-guard.ts';
import { toSubjectKey } from './record.ts';

/** What an input has for the gateway alone. */
interface Own {
  idempotencyKey?: string | null;
  sharedWith?: readonly string[] | null;
}

/** As the schema's `CreateInvitationInput`. */
export type InvitationInput = InvitationRequest & Own;

/** As the schema's `InviteParticipantsInput`. */
export type InviteParticipantsInput = Omit<InviteParticipantsRequest, 'clientContext'> &
  Own & { clientContext?: string | null };

const MAX_PARTICIPANTS = 5;
const MAX_CLIENT_CONTEXT = 256;
const MAX_IDEMPOTENCY_KEY = 128;
const MAX_SHARED_WITH = 20;
/** Of a `sub` (OpenID Connect); with other ids beside it the stores' indexes hold it. */
const MAX_SUBJECT = 255;
/** By member, of texts that are no ids. Graph tells the limit of names alone; the schema's `@cost` goes by the others. */
const MAX_TEXT = new Map([
  // Twenty of the largest inputs must fit into one request.
  ['customizedMessageBody', 16_384],
  ['inviteRedirectUrl', 2_048],
  ['invitedUserDisplayName', 256],
  ['displayName', 256],
  ['name', 256],
]);
/** They take six bytes as JSON, and NUL cannot be stored everywhere. */
const CONTROL_CHARACTER = /[^\P{Cc}\t\n\r]/u;
// Not Graph's limit, like that of an id.
const MAX_EMAIL_ADDRESS = 320;
// The reference page of `invitation` lists what an address must not have; the exceptions speak of the part before the @.
const FORBIDDEN_IN_USER_NAME = /[~!#$%^&*()+=[\]{}\\/|;:"<>?,@\s\p{Cc}]/u;
const DOMAIN =
  /^(?=.{1,253}$)([\p{L}\p{N}]([\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?\.)+[\p{L}\p{N}]([\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?$/u;

/**
 * @param position the input's place among the arguments, such as `input` or `inputs[3]`
 * @param lists whom it may go to and where it may lead
 * @throws GatewayError `BAD_USER_INPUT` with the position of the first bad value
 */
export function toInvitationRequest(
  input: InvitationInput,
  { position, lists }: { position: string; lists: InviteLists },
): InvitationRequest {
  requireText(input, position);
  requireEmailAddress(input.invitedUserEmailAddress, `${position}.invitedUserEmailAddress`);
  requireAllowedGuest(input.invitedUserEmailAddress, `${position}.invitedUserEmailAddress`, lists);
  requireRedirect(input.inviteRedirectUrl, `${position}.inviteRedirectUrl`, lists.redirectOrigins);
  requireIdempotencyKey(input.idempotencyKey, position);
  const recipients = input.invitedUserMessageInfo?.ccRecipients ?? [];
  if (recipients.length > 1) {
    refuseInput(
      `${position}.invitedUserMessageInfo.ccRecipients`,
      `${recipients.length} cc recipients; Graph takes at most 1. Leave the others out.`,
    );
  }
  recipients.forEach(({ emailAddress: { address } }, index) => {
    const field = `${position}.invitedUserMessageInfo.ccRecipients[${index}].emailAddress.address`;
    requireEmailAddress(address, field);
    requireAllowedRecipient(address, field, lists);
  });
  if (input.invitedUser && input.resetRedemption !== true) {
    refuseInput(
      `${position}.invitedUser`,
      'An existing user is named, but not to be reset. Set resetRedemption to true, or leave invitedUser out.',
    );
  }
  if (input.resetRedemption === true && !input.invitedUser) {
    refuseInput(
      `${position}.invitedUser`,
      'A reset needs the user whose redemption is reset. Give invitedUser with its id.',
    );
  }
  if (input.invitedUser) requireId(input.invitedUser.id, `${position}.invitedUser.id`);
  input.invitedUserSponsors?.forEach(({ id }, index) => requireId(id, `${position}.invitedUserSponsors[${index}].id`));
  const { idempotencyKey: _, sharedWith: __, ...request } = toPlain(input);
  // A list that Graph does not know as null.
  if (request.invitedUserMessageInfo?.ccRecipients === null) delete request.invitedUserMessageInfo.ccRecipients;
  return request;
}

/** @throws GatewayError `BAD_USER_INPUT` with the position of the first bad value */
export function toInviteParticipantsRequest(callId: string, input: InviteParticipantsInput): InviteParticipantsRequest {
  requireText(callId, 'callId');
  requireText(input, 'input');
  requireId(callId, 'callId');
  requireIdempotencyKey(input.idempotencyKey, 'input');
  const { participants, clientContext } = input;
  if (participants.length < 1 || participants.length > MAX_PARTICIPANTS) {
    refuseInput(
      'input.participants',
      `${participants.length} participants; Graph takes 1 to ${MAX_PARTICIPANTS} in one request. Split the list.`,
    );
  }
  const replacing = participants.findIndex((participant) => typeof participant.replacesCallId === 'string');
  if (replacing >= 0 && participants.length > 1) {
    // Graph would take the first and silently leave out the rest.
    refuseInput(
      `input.participants[${replacing}].replacesCallId`,
      'With replacesCallId Graph takes one participant. Send each in a request of its own.',
    );
  }
  participants.forEach(({ identity }, index) => {
    for (const [kind, member] of Object.entries(identity))
      requireId(member?.id ?? '', `input.participants[${index}].identity.${kind}.id`);
  });
  if (typeof clientContext === 'string' && (clientContext === '' || clientContext.length > MAX_CLIENT_CONTEXT)) {
    refuseInput(
      'input.clientContext',
      `${clientContext.length} characters; Graph takes 1 to ${MAX_CLIENT_CONTEXT}. Shorten it, or leave it out.`,
    );
  }
  // Notifications are matched by it, so it must not be guessable.
  return { ...toPlain({ participants }), clientContext: clientContext ?? randomUUID() };
}

/**
 * @param position the input's place among the arguments, such as `input` or `inputs[3]`
 * @returns the subjects that an input shares its record with, each once, as they are compared
 * @throws GatewayError `BAD_USER_INPUT` with the position of the first bad value
 */
export function toSharedWith({ sharedWith }: Own, position: string): string[] {
  const subjects = sharedWith ?? [];
  const field = `${position}.sharedWith`;
  if (subjects.length > MAX_SHARED_WITH)
    refuseInput(field, `${subjects.length} subjects; ${MAX_SHARED_WITH} are allowed. Leave some out.`);
  subjects.forEach((subject, index) => requireId(subject, `${field}[${index}]`, MAX_SUBJECT));
  return [...new Set(subjects.map(toSubjectKey))].toSorted();
}

function requireEmailAddress(address: string, field: string): void {
  const at = address.lastIndexOf('@');
  const [userName, domain] = [address.slice(0, Math.max(at, 0)), address.slice(at + 1)];
  if (at < 1 || address.length > MAX_EMAIL_ADDRESS || !DOMAIN.test(domain)) {
    refuseInput(field, 'This is not an e-mail address. Give one such as name@example.com.');
  }
  // Also what others may read as one of these characters: a full-width @ would make another domain of it.
  if (FORBIDDEN_IN_USER_NAME.test(userName.normalize('NFKC')) || /^[.-]|[.-]$/.test(userName)) {
    refuseInput(
      field,
      'Graph does not take this address: before the @ it takes no white space and none of ~ ! # $ % ^ & * ( ) + = [ ] { } \\ / | ; : " < > ? , and no . or - at either end. Use another address of this person.',
    );
  }
}

function requireRedirect(address: string, field: string, redirectOrigins: readonly string[]): void {
  const url = URL.parse(address);
  // Other readers of the address, the guest's browser among them, may take these for the end of the host.
  const isAmbiguous = /[\\\s\p{Cc}]/u.test(address) || url?.username !== '' || url.password !== '';
  if (url?.protocol !== 'https:' || isAmbiguous)
    refuseInput(field, 'This is not an https address. Give one such as https://myapps.example.com/.');
  else if (redirectOrigins.length > 0 && !redirectOrigins.includes(url.origin)) {
    refuseInput(field, `Redirects to this origin are not allowed here. Use one of: ${redirectOrigins.join(', ')}.`);
  }
}

function requireIdempotencyKey(key: string | null | undefined, position: string): void {
  if (typeof key === 'string' && (key === '' || key.length > MAX_IDEMPOTENCY_KEY)) {
    refuseInput(
      `${position}.idempotencyKey`,
      `${key.length} characters; 1 to ${MAX_IDEMPOTENCY_KEY} are allowed. A UUID serves well.`,
    );
  }
}

/** Half of a surrogate pair cannot be sent anywhere. */
function requireText(value: unknown, field: string, most = MAX_ID): void {
  if (typeof value === 'string' && value.length > most) {
    refuseInput(field, `${value.length} characters; ${most} are allowed. Shorten it.`);
  }
  if (typeof value === 'string' && (!value.isWellFormed() || CONTROL_CHARACTER.test(value))) {
    refuseInput(
      field,
      'This is no text: it has a control character or half of a character. Check how it was cut or encoded.',
    );
  }
  if (typeof value !== 'object' || value === null) return;
  for (const [key, member] of Object.entries(value)) {
    requireText(member, Array.isArray(value) ? `${field}[${key}]` : `${field}.${key}`, MAX_TEXT.get(key));
  }
}

/** Graph's ids are opaque: only what cannot stand in a path is refused. */
function requireId(id: string, field: string, most = MAX_ID): void {
  if (id.trim() === '' || id === '.' || id === '..' || id.length > most)
    refuseInput(field, 'This cannot be an id. Give the id as Graph showed it.');
}

/** Arguments come as objects without prototype; what is stored and sent is plain JSON. */
function toPlain<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}
