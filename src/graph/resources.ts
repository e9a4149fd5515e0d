// Graph's resources as the gateway keeps them and asks for them: the members that the schema shows, enum words in its spelling.
import type { Invitation, InvitedUserMessageInfo, User } from '@microsoft/microsoft-graph-types';

/** Not Graph's limit: what the stores' indexes hold, and far beyond any id that Graph is known to give. In characters. */
export const MAX_ID = 512;

export type InvitationStatus = 'PendingAcceptance' | 'Completed' | 'InProgress' | 'Error' | 'unknownFutureValue';
export type ExternalUserState = 'PendingAcceptance' | 'Accepted' | 'unknownFutureValue';
export type UserType = 'Guest' | 'Member' | 'unknownFutureValue';
export type OperationStatus = 'notStarted' | 'running' | 'completed' | 'failed' | 'unknownFutureValue';
export type EndpointType =
  'default' | 'voicemail' | 'skypeForBusiness' | 'skypeForBusinessVoipPhone' | 'unknownFutureValue';

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
