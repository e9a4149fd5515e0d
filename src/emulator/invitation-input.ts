/** What `POST /invitations` accepts, and in which words it refuses the rest. */
import { badRequest } from './graph-answer.ts';
import {
  flag,
  isMembers,
  listOf,
  objectOf,
  orNull,
  readOnly,
  text,
  textOf,
  wordOf,
  type Members,
} from './member-check.ts';

export interface InvitationInput {
  mail: string;
  displayName: string | null;
  /** As echoed: with a trailing slash when the client's URL has no path. */
  redirectUrl: string;
  userType: 'Guest' | 'Member';
  sendMessage: boolean;
  messageInfo: MessageInfo;
  /** Set for a reset of redemption. */
  resetUserId: string | undefined;
  resetRedemption: boolean;
  sponsors: string[] | undefined;
}

export interface MessageInfo {
  messageLanguage: string | null;
  ccRecipients: { emailAddress: { name: string | null; address: string | null } }[];
  customizedMessageBody: string | null;
}

const emailAddress = objectOf('emailAddress', { address: text, name: text });
const recipient = objectOf('recipient', { emailAddress: orNull(emailAddress) });
const messageInfo = objectOf('invitedUserMessageInfo', {
  ccRecipients: orNull(listOf(orNull(recipient))),
  customizedMessageBody: text,
  messageLanguage: text,
});
const checkInvitation = objectOf('invitation', {
  id: readOnly,
  inviteRedeemUrl: readOnly,
  status: readOnly,
  invitedUserDisplayName: text,
  invitedUserEmailAddress: text,
  invitedUserMessageInfo: orNull(messageInfo),
  invitedUserType: wordOf('Guest', 'Member'),
  inviteRedirectUrl: text,
  resetRedemption: flag,
  sendInvitationMessage: flag,
  invitedUser: orNull(objectOf('user', { id: text })),
  invitedUserSponsors: orNull(listOf(objectOf('directoryObject', { id: text }))),
});

const FORBIDDEN_IN_MAIL = /[~!#$%^&*()+=[\]{}\\/|;:"<>?,@\s\p{Cc}]/u;
const DOMAIN = /^[\p{L}\p{N}](?:[\p{L}\p{N}.-]*[\p{L}\p{N}])?$/u;

/** @throws GraphRefusal 400 that says what is wrong. */
export function readInvitationInput(body: unknown): InvitationInput {
  checkInvitation(body, '');
  const members = isMembers(body) ? body : {};
  const mail = required(members, 'invitedUserEmailAddress');
  requireMail(mail);
  const redirectUrl = normalizeRedirectUrl(required(members, 'inviteRedirectUrl'));
  const resetRedemption = members['resetRedemption'] === true;
  const resetUserId = isMembers(members['invitedUser']) ? textOf(members['invitedUser'], 'id') : null;
  if (resetRedemption && !resetUserId)
    throw badRequest('resetRedemption needs invitedUser with the id of an existing user.');
  if (!resetRedemption && members['invitedUser'])
    throw badRequest('invitedUser can only be set together with resetRedemption.');

  return {
    mail,
    redirectUrl,
    resetRedemption,
    resetUserId: resetUserId ?? undefined,
    displayName: textOf(members, 'invitedUserDisplayName'),
    userType: members['invitedUserType'] === 'Member' ? 'Member' : 'Guest',
    sendMessage: members['sendInvitationMessage'] === true,
    messageInfo: toMessageInfo(members['invitedUserMessageInfo']),
    sponsors: toSponsors(members),
  };
}

function required(members: Members, name: string): string {
  const value = textOf(members, name);
  if (!value) throw badRequest(`Required property missing in payload: '${name}'.`);
  return value;
}

function requireMail(mail: string): void {
  const at = mail.lastIndexOf('@');
  const local = mail.slice(0, Math.max(at, 0));
  const wrong =
    !local || !DOMAIN.test(mail.slice(at + 1)) || FORBIDDEN_IN_MAIL.test(local) || /^[.-]|[.-]$/.test(local);
  if (wrong) throw badRequest('The invited user email address is invalid: invitedUserEmailAddress.');
}

function normalizeRedirectUrl(given: string): string {
  const url = URL.parse(given);
  if (!url || !['http:', 'https:'].includes(url.protocol) || !/^https?:\/\//i.test(given)) {
    throw badRequest('inviteRedirectUrl must be an absolute http or https URL.');
  }
  const hasPath = /^[^:]+:\/\/[^/?#]*\//.test(given);
  return hasPath ? given : url.href;
}

/** Graph prints an empty list of recipients as one recipient without address. */
function toMessageInfo(value: unknown): MessageInfo {
  const members = isMembers(value) ? value : {};
  const given: unknown = members['ccRecipients'];
  const recipients: unknown[] = Array.isArray(given) ? given : [];
  if (recipients.length > 1) throw badRequest('Only one recipient is supported in ccRecipients.');
  return {
    messageLanguage: textOf(members, 'messageLanguage'),
    ccRecipients: [{ emailAddress: toEmailAddress(recipients[0]) }],
    customizedMessageBody: textOf(members, 'customizedMessageBody'),
  };
}

function toEmailAddress(value: unknown): { name: string | null; address: string | null } {
  const address = isMembers(value) && isMembers(value['emailAddress']) ? value['emailAddress'] : {};
  return { name: textOf(address, 'name'), address: textOf(address, 'address') };
}

function toSponsors(members: Members): string[] | undefined {
  const bound: unknown = members['invitedUserSponsors@odata.bind'];
  const links: unknown[] = Array.isArray(bound) ? bound : [];
  const given: unknown = members['invitedUserSponsors'];
  const objects: unknown[] = Array.isArray(given) ? given : [];
  if (!Array.isArray(bound) && !Array.isArray(given)) return undefined;
  const ids = objects.map((sponsor) => (isMembers(sponsor) ? textOf(sponsor, 'id') : null));
  const boundIds = links.map((link) => (typeof link === 'string' ? (link.split('/').at(-1) ?? null) : null));
  return [...ids, ...boundIds].map((id) => {
    if (!id) throw badRequest('Every element of invitedUserSponsors needs an id.');
    return id;
  });
}
