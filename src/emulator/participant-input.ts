/** What `POST .../participants/invite` accepts, and the shape in which Graph echoes it. */
import { badRequest } from './graph-answer.ts';
import { flag, isMembers, listOf, objectOf, orNull, text, textOf, wordOf, type Members } from './member-check.ts';

export interface ParticipantsInput {
  clientContext: string | null;
  /** As echoed. */
  participants: InvitedParticipant[];
}

export interface InvitedParticipant extends Members {
  identity: Members;
}

const MOST_PARTICIPANTS = 5;
const LONGEST_CONTEXT = 256;
const KINDS_PRINTED_FOR_ALL = ['application', 'device', 'phone', 'user'];
const KINDS_PRINTED_FOR_PHONES = ['guest', 'encrypted', 'onPremises', 'applicationInstance'];
const PARTICIPANT_MEMBERS = ['hidden', 'participantId', 'removeFromDefaultAudioRoutingGroup'];

const identity = orNull(objectOf('identity', { id: text, displayName: text, tenantId: text }, true));
const identitySet = objectOf(
  'identitySet',
  {
    user: identity,
    application: identity,
    device: identity,
    phone: identity,
    guest: identity,
    encrypted: identity,
    onPremises: identity,
    applicationInstance: identity,
    azureCommunicationServicesUser: identity,
  },
  true,
);
const participantInfo = objectOf(
  'invitationParticipantInfo',
  {
    identity: identitySet,
    hidden: flag,
    participantId: text,
    removeFromDefaultAudioRoutingGroup: flag,
    replacesCallId: text,
    endpointType: wordOf('default', 'voicemail', 'skypeForBusiness', 'skypeForBusinessVoipPhone', 'unknownFutureValue'),
  },
  true,
);
const checkInvite = objectOf('inviteParticipants', { participants: listOf(participantInfo), clientContext: text });

/** @throws GraphRefusal 400 that says what is wrong. */
export function readParticipantsInput(body: unknown): ParticipantsInput {
  checkInvite(body, '');
  const members = isMembers(body) ? body : {};
  const given: unknown[] = Array.isArray(members['participants']) ? members['participants'] : [];
  if (given.length < 1 || given.length > MOST_PARTICIPANTS) {
    throw badRequest(`participants must hold 1 to ${MOST_PARTICIPANTS} elements, found ${given.length}.`);
  }
  const clientContext = textOf(members, 'clientContext');
  if (clientContext !== null && clientContext.length > LONGEST_CONTEXT) {
    throw badRequest(`clientContext must not be longer than ${LONGEST_CONTEXT} characters.`);
  }
  const participants = given.map((participant, index) => toEcho(participant, index));
  // With replacesCallId Graph reads the first participant and ignores the rest without a word.
  const replaces = participants.some((participant) => participant['replacesCallId'] !== null);
  return { clientContext, participants: replaces ? participants.slice(0, 1) : participants };
}

/** The identities that are set, by kind. */
export function identitiesOf(participant: InvitedParticipant): [kind: string, identity: Members][] {
  return Object.entries(participant.identity).flatMap(([kind, value]) => (isMembers(value) ? [[kind, value]] : []));
}

function toEcho(value: unknown, index: number): InvitedParticipant {
  const info = isMembers(value) ? value : {};
  const set = isMembers(info['identity']) ? withoutAnnotations(info['identity']) : {};
  if (!Object.values(set).some(isMembers)) {
    throw badRequest(`participants[${index}].identity is required and must name at least one identity.`);
  }
  const kinds = isMembers(set['phone'])
    ? [...KINDS_PRINTED_FOR_ALL, ...KINDS_PRINTED_FOR_PHONES]
    : KINDS_PRINTED_FOR_ALL;
  const echoed = PARTICIPANT_MEMBERS.filter((name) => name in info).map((name) => [name, info[name]]);
  return {
    endpointType: null,
    id: null,
    replacesCallId: textOf(info, 'replacesCallId'),
    ...Object.fromEntries(echoed),
    identity: { ...Object.fromEntries(kinds.map((kind) => [kind, null])), ...set },
  };
}

function withoutAnnotations(members: Members): Members {
  return Object.fromEntries(Object.entries(members).filter(([name]) => !name.includes('@')));
}
