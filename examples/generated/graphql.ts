/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';
/** An application (Graph `communicationsApplicationIdentity`). */
export type ApplicationIdentityInput = {
  applicationType?: string | null | undefined;
  displayName?: string | null | undefined;
  hidden?: boolean | null | undefined;
  id: string;
};

/** An application instance (Graph `communicationsApplicationInstanceIdentity`). */
export type ApplicationInstanceIdentityInput = {
  displayName?: string | null | undefined;
  hidden?: boolean | null | undefined;
  id: string;
  tenantId?: string | null | undefined;
};

/** A user of Azure Communication Services (Graph `azureCommunicationServicesUserIdentity`). */
export type AzureCommunicationServicesUserIdentityInput = {
  azureCommunicationServicesResourceId?: string | null | undefined;
  displayName?: string | null | undefined;
  id: string;
};

/** What to invite a guest with: the writable members of Graph's `invitation`. Only members that you give are sent. */
export type CreateInvitationInput = {
  /**
   * Makes a repetition safe: the same key with the same input gives the same invitation and invites nobody again.
   * 1 to 128 characters. A key holds for a day, unless the gateway is configured otherwise.
   */
  idempotencyKey?: string | null | undefined;
  /** Where the guest's browser goes after redeeming: an `https` address. */
  inviteRedirectUrl: string;
  /** Only with `resetRedemption`: the guest whose redemption is reset. */
  invitedUser?: InvitedUserInput | null | undefined;
  invitedUserDisplayName?: string | null | undefined;
  /** The address to invite. */
  invitedUserEmailAddress: string;
  invitedUserMessageInfo?: InvitedUserMessageInfoInput | null | undefined;
  /** The users who answer for the guest. */
  invitedUserSponsors?: Array<InvitedUserSponsorInput> | null | undefined;
  /** Only a company administrator may invite a `Member`. */
  invitedUserType?: InvitedUserType | null | undefined;
  /** Resets the redemption of the guest that `invitedUser` names. */
  resetRedemption?: boolean | null | undefined;
  /** Whether Graph sends an e-mail; Graph's default is not to. */
  sendInvitationMessage?: boolean | null | undefined;
  /** Who may see it too: subjects (object ids) of users or applications of your tenant, at most 20. It is never sent to Graph. */
  sharedWith?: Array<string> | null | undefined;
};

/** A name and an address (Graph `emailAddress`). */
export type EmailAddressInput = {
  address: string;
  name?: string | null | undefined;
};

/** How far a guest is with the invitation. */
export type ExternalUserState =
  | 'Accepted'
  | 'PendingAcceptance'
  /** A word of Graph that this schema does not know. */
  | 'unknownFutureValue';

/** Which Graph is asked. */
export type GatewayMode =
  /** One on this machine: nobody is really invited. */
  | 'emulator'
  /** Microsoft Graph. */
  | 'live';

/** Whether Graph takes our requests. */
export type GraphAvailability =
  /** It does. */
  | 'available'
  /** It does, and we hold back reads so that it goes on to. */
  | 'slowed'
  /** It asked us to wait. Mutations may be answered `THROTTLED`. */
  | 'throttled'
  /** It does not answer. Mutations may be answered `UPSTREAM_UNAVAILABLE`. */
  | 'unavailable';

/** Somebody without an account (Graph `communicationsGuestIdentity`). */
export type GuestIdentityInput = {
  displayName?: string | null | undefined;
  email?: string | null | undefined;
  id: string;
};

/** An identity with nothing of its own kind (Graph `identity`, `communicationsPhoneIdentity`, `communicationsEncryptedIdentity`). */
export type IdentityInput = {
  displayName?: string | null | undefined;
  id: string;
};

/** Who to invite: exactly one kind. */
export type IdentitySetInput =
  {   application: ApplicationIdentityInput; applicationInstance?: never; azureCommunicationServicesUser?: never; device?: never; encrypted?: never; guest?: never; onPremises?: never; phone?: never; user?: never; }
  |  { application?: never;   applicationInstance: ApplicationInstanceIdentityInput; azureCommunicationServicesUser?: never; device?: never; encrypted?: never; guest?: never; onPremises?: never; phone?: never; user?: never; }
  |  { application?: never; applicationInstance?: never;   azureCommunicationServicesUser: AzureCommunicationServicesUserIdentityInput; device?: never; encrypted?: never; guest?: never; onPremises?: never; phone?: never; user?: never; }
  |  { application?: never; applicationInstance?: never; azureCommunicationServicesUser?: never;   device: IdentityInput; encrypted?: never; guest?: never; onPremises?: never; phone?: never; user?: never; }
  |  { application?: never; applicationInstance?: never; azureCommunicationServicesUser?: never; device?: never;   encrypted: IdentityInput; guest?: never; onPremises?: never; phone?: never; user?: never; }
  |  { application?: never; applicationInstance?: never; azureCommunicationServicesUser?: never; device?: never; encrypted?: never;   guest: GuestIdentityInput; onPremises?: never; phone?: never; user?: never; }
  |  { application?: never; applicationInstance?: never; azureCommunicationServicesUser?: never; device?: never; encrypted?: never; guest?: never;   onPremises: IdentityInput; phone?: never; user?: never; }
  |  { application?: never; applicationInstance?: never; azureCommunicationServicesUser?: never; device?: never; encrypted?: never; guest?: never; onPremises?: never;   /** An E.164 number as `id`; needs an application instance that owns a number. */
  phone: IdentityInput; user?: never; }
  |  { application?: never; applicationInstance?: never; azureCommunicationServicesUser?: never; device?: never; encrypted?: never; guest?: never; onPremises?: never; phone?: never;   user: UserIdentityInput; };

/** Which invitations to list; members given together must all hold. */
export type InvitationFilter = {
  /** The address invited, compared without regard to case. */
  invitedUserEmailAddress?: string | null | undefined;
  /** The judgement of the gateway, one of these. */
  state?: Array<TrackingState> | null | undefined;
};

/** One participant to invite (Graph `invitationParticipantInfo`). */
export type InvitationParticipantInfoInput = {
  /** Keeps the participant off the roster. */
  hidden?: boolean | null | undefined;
  identity: IdentitySetInput;
  /** The participant to move from the meeting that `replacesCallId` names. */
  participantId?: string | null | undefined;
  /** Leaves the participant out of the main audio mix. */
  removeFromDefaultAudioRoutingGroup?: boolean | null | undefined;
  /** The call that the identity is in now; a call between two is dropped once the participant is added. */
  replacesCallId?: string | null | undefined;
};

/** The state of an invitation as Graph answered the request. */
export type InvitationStatus =
  | 'Completed'
  | 'Error'
  | 'InProgress'
  | 'PendingAcceptance'
  /** A word of Graph that this schema does not know. */
  | 'unknownFutureValue';

/** Whom to invite to a call. Only members that you give are sent. */
export type InviteParticipantsInput = {
  /**
   * At most 256 characters; unique, unguessable and without personal data, for Graph writes it to its logs.
   * The gateway makes one when you give none.
   */
  clientContext?: string | null | undefined;
  /**
   * Makes a repetition safe: the same key with the same input gives the same operation and invites nobody again.
   * 1 to 128 characters. A key holds for a day, unless the gateway is configured otherwise.
   */
  idempotencyKey?: string | null | undefined;
  /** One to five; one when it has `replacesCallId`. */
  participants: Array<InvitationParticipantInfoInput>;
  /** Who may see it too: subjects (object ids) of users or applications of your tenant, at most 20. It is never sent to Graph. */
  sharedWith?: Array<string> | null | undefined;
};

/** Which operations to list; members given together must all hold. */
export type InviteParticipantsOperationFilter = {
  /** Only those of this call. */
  callId?: string | null | undefined;
  /** The judgement of the gateway, one of these. */
  state?: Array<TrackingState> | null | undefined;
};

/** The guest whose redemption is reset. */
export type InvitedUserInput = {
  /** The directory's object id. */
  id: string;
};

/** The message to the guest (Graph `invitedUserMessageInfo`). */
export type InvitedUserMessageInfoInput = {
  /** At most one. */
  ccRecipients?: Array<RecipientInput> | null | undefined;
  /** Plain text instead of Graph's default message. */
  customizedMessageBody?: string | null | undefined;
  /** The language of the default message, ISO 639, such as `en-US`. Ignored by Graph when `customizedMessageBody` is given. */
  messageLanguage?: string | null | undefined;
};

/** A user who answers for the guest. */
export type InvitedUserSponsorInput = {
  /** The directory's object id. */
  id: string;
};

/** What an invited user can be (Graph `invitedUserType`). */
export type InvitedUserType =
  | 'Guest'
  | 'Member';

/** The state of an operation (Graph `operationStatus`). */
export type OperationStatus =
  | 'completed'
  | 'failed'
  | 'notStarted'
  | 'running'
  /** A word of Graph that this schema does not know; the operation counts as running. */
  | 'unknownFutureValue';

/** Somebody a message goes to (Graph `recipient`). */
export type RecipientInput = {
  emailAddress: EmailAddressInput;
};

/** Why a resource is settled or unknown, where Graph's status does not say it. */
export type TrackingReason =
  /** Graph was asked, the answer was lost, and nothing proves what became of it. */
  | 'ambiguous'
  /** Graph did not tell the outcome before the deadline. */
  | 'deadlineExceeded'
  /** Graph no longer knows the operation, and nobody told its outcome. */
  | 'goneFromGraph'
  /** The guest was deleted from the directory. */
  | 'guestDeleted'
  /** Graph no longer knows the operation, and all who were invited are in the call. */
  | 'joined'
  /** Graph could not be asked in time and surely did nothing. */
  | 'notSent'
  /** Graph refused the request. Nothing was invited. */
  | 'refused'
  /** A word newer than your client. */
  | 'unknownFutureValue';

/** What the gateway learned a change from. */
export type TrackingSource =
  /** A change that the directory reported. */
  | 'delta'
  /** Our own request, or Graph's answer to it. */
  | 'mutation'
  /** A read of the resource. */
  | 'poll'
  /** A word newer than your client. */
  | 'unknownFutureValue'
  /** A notification from Graph. */
  | 'webhook';

/** The gateway's judgement, beside Graph's own status. */
export type TrackingState =
  /** Graph accepted the request and the outcome is awaited. */
  | 'active'
  /** The outcome is known and will not change. */
  | 'settled'
  /** On disk; Graph's answer to the request is not known yet. */
  | 'submitting'
  /** The outcome cannot be learned; `reason` says why. Late evidence may still settle it. */
  | 'unknown'
  /** A word newer than your client. */
  | 'unknownFutureValue';

/** A user of an organisation (Graph `communicationsUserIdentity`). */
export type UserIdentityInput = {
  displayName?: string | null | undefined;
  /** The directory's object id. */
  id: string;
  tenantId?: string | null | undefined;
};

export type CreateInvitationMutationVariables = Exact<{
  input: CreateInvitationInput;
}>;


export type CreateInvitationMutation = { createInvitation: { id: string | null, status: InvitationStatus | null, inviteRedeemUrl: string | null, invitedUser: { id: string | null, userPrincipalName: string | null } | null, tracking: { id: string, state: TrackingState, revision: number } } };

export type CreateInvitationsMutationVariables = Exact<{
  inputs: Array<CreateInvitationInput> | CreateInvitationInput;
}>;


export type CreateInvitationsMutation = { createInvitations: { bulkId: string | null, results: Array<{ invitation: { invitedUserEmailAddress: string | null, tracking: { id: string, state: TrackingState } } | null, error: { code: string, message: string, field: string | null } | null }> } };

export type GatewayQueryVariables = Exact<{ [key: string]: never; }>;


export type GatewayQuery = { gateway: { version: string, mode: GatewayMode, graph: GraphAvailability, pollLagMs: number } };

export type InvitationQueryVariables = Exact<{
  id: string;
}>;


export type InvitationQuery = { invitation: { id: string | null, invitedUserEmailAddress: string | null, status: InvitationStatus | null, invitedUser: { id: string | null, displayName: string | null, externalUserState: ExternalUserState | null, externalUserStateChangeDateTime: string | null } | null, tracking: { state: TrackingState, reason: TrackingReason | null, revision: number, observedAt: string | null, nextPollAt: string | null, history: Array<{ revision: number, at: string, source: TrackingSource, changed: Array<string> }> } } | null };

export type InvitationUpdatedSubscriptionVariables = Exact<{
  id: string;
  afterRevision?: number | null | undefined;
}>;


export type InvitationUpdatedSubscription = { invitationUpdated: { id: string | null, status: InvitationStatus | null, invitedUser: { externalUserState: ExternalUserState | null, externalUserStateChangeDateTime: string | null } | null, tracking: { state: TrackingState, reason: TrackingReason | null, revision: number } } };

export type InvitationsQueryVariables = Exact<{
  filter?: InvitationFilter | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type InvitationsQuery = { invitations: { nodes: Array<{ id: string | null, invitedUserEmailAddress: string | null, status: InvitationStatus | null, invitedUser: { externalUserState: ExternalUserState | null } | null, tracking: { id: string, state: TrackingState } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type InvitationsUpdatedSubscriptionVariables = Exact<{
  bulkId: string;
}>;


export type InvitationsUpdatedSubscription = { invitationsUpdated: { invitation: { id: string | null, invitedUserEmailAddress: string | null, status: InvitationStatus | null, tracking: { id: string, state: TrackingState, reason: TrackingReason | null, revision: number, refusal: { code: string, message: string } | null } }, counts: { total: number, submitting: number, active: number, settled: number, unknown: number, refused: number } } };

export type InviteParticipantsMutationVariables = Exact<{
  callId: string;
  input: InviteParticipantsInput;
}>;


export type InviteParticipantsMutation = { inviteParticipants: { id: string | null, status: OperationStatus | null, clientContext: string | null, tracking: { id: string, state: TrackingState, revision: number } } };

export type InviteParticipantsOperationQueryVariables = Exact<{
  callId: string;
  id: string;
}>;


export type InviteParticipantsOperationQuery = { inviteParticipantsOperation: { id: string | null, status: OperationStatus | null, resultInfo: { code: number | null, subcode: number | null, message: string | null } | null, participants: Array<{ identity: { user: { id: string | null, displayName: string | null } | null, phone: { id: string | null } | null } | null } | null> | null, tracking: { state: TrackingState, reason: TrackingReason | null, revision: number } } | null };

export type InviteParticipantsOperationUpdatedSubscriptionVariables = Exact<{
  callId: string;
  id: string;
  afterRevision?: number | null | undefined;
}>;


export type InviteParticipantsOperationUpdatedSubscription = { inviteParticipantsOperationUpdated: { id: string | null, status: OperationStatus | null, resultInfo: { code: number | null, subcode: number | null, message: string | null } | null, tracking: { state: TrackingState, reason: TrackingReason | null, revision: number } } };

export type InviteParticipantsOperationsQueryVariables = Exact<{
  filter?: InviteParticipantsOperationFilter | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type InviteParticipantsOperationsQuery = { inviteParticipantsOperations: { nodes: Array<{ id: string | null, status: OperationStatus | null, tracking: { id: string, callId: string | null, state: TrackingState } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type InviteParticipantsOperationsUpdatedSubscriptionVariables = Exact<{
  callId: string;
}>;


export type InviteParticipantsOperationsUpdatedSubscription = { inviteParticipantsOperationsUpdated: { id: string | null, status: OperationStatus | null, resultInfo: { code: number | null, message: string | null } | null, tracking: { id: string, state: TrackingState, revision: number } } };


export const CreateInvitationDocument = {"__meta__":{"hash":"sha256:77d1e785b08af349bedb9101c8da0470c0b5ab3e391d3ec7ce85882bfa2631bc"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CreateInvitation"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CreateInvitationInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"createInvitation"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"inviteRedeemUrl"}},{"kind":"Field","name":{"kind":"Name","value":"invitedUser"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"userPrincipalName"}}]}},{"kind":"Field","name":{"kind":"Name","value":"tracking"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"revision"}}]}}]}}]}}]} as unknown as DocumentNode<CreateInvitationMutation, CreateInvitationMutationVariables>;
export const CreateInvitationsDocument = {"__meta__":{"hash":"sha256:11237e320185d607541947e8023a264b60c80e93e3d96235e1097a8e9e04fd27"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CreateInvitations"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"inputs"}},"type":{"kind":"NonNullType","type":{"kind":"ListType","type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CreateInvitationInput"}}}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"createInvitations"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"inputs"},"value":{"kind":"Variable","name":{"kind":"Name","value":"inputs"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"bulkId"}},{"kind":"Field","name":{"kind":"Name","value":"results"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"invitation"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"invitedUserEmailAddress"}},{"kind":"Field","name":{"kind":"Name","value":"tracking"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"error"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"field"}}]}}]}}]}}]}}]} as unknown as DocumentNode<CreateInvitationsMutation, CreateInvitationsMutationVariables>;
export const GatewayDocument = {"__meta__":{"hash":"sha256:f2fc9e86d66325dbd5512e49b9ee443613d767497b7326bd926f23656051780f"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Gateway"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"gateway"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"version"}},{"kind":"Field","name":{"kind":"Name","value":"mode"}},{"kind":"Field","name":{"kind":"Name","value":"graph"}},{"kind":"Field","name":{"kind":"Name","value":"pollLagMs"}}]}}]}}]} as unknown as DocumentNode<GatewayQuery, GatewayQueryVariables>;
export const InvitationDocument = {"__meta__":{"hash":"sha256:f017b44d1edda84215ae111f10f7f40a99e6dd11bdddbbdf5d6d674cc25f2661"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Invitation"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"invitation"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"invitedUserEmailAddress"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"invitedUser"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"displayName"}},{"kind":"Field","name":{"kind":"Name","value":"externalUserState"}},{"kind":"Field","name":{"kind":"Name","value":"externalUserStateChangeDateTime"}}]}},{"kind":"Field","name":{"kind":"Name","value":"tracking"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"reason"}},{"kind":"Field","name":{"kind":"Name","value":"revision"}},{"kind":"Field","name":{"kind":"Name","value":"observedAt"}},{"kind":"Field","name":{"kind":"Name","value":"nextPollAt"}},{"kind":"Field","name":{"kind":"Name","value":"history"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"last"},"value":{"kind":"IntValue","value":"5"}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"revision"}},{"kind":"Field","name":{"kind":"Name","value":"at"}},{"kind":"Field","name":{"kind":"Name","value":"source"}},{"kind":"Field","name":{"kind":"Name","value":"changed"}}]}}]}}]}}]}}]} as unknown as DocumentNode<InvitationQuery, InvitationQueryVariables>;
export const InvitationUpdatedDocument = {"__meta__":{"hash":"sha256:ac8056d27b83d62f5346eb6cf8641246e4a6eb9c7414c45de7b9d11f8fe32eb6"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"subscription","name":{"kind":"Name","value":"InvitationUpdated"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"afterRevision"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"invitationUpdated"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}},{"kind":"Argument","name":{"kind":"Name","value":"afterRevision"},"value":{"kind":"Variable","name":{"kind":"Name","value":"afterRevision"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"invitedUser"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"externalUserState"}},{"kind":"Field","name":{"kind":"Name","value":"externalUserStateChangeDateTime"}}]}},{"kind":"Field","name":{"kind":"Name","value":"tracking"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"reason"}},{"kind":"Field","name":{"kind":"Name","value":"revision"}}]}}]}}]}}]} as unknown as DocumentNode<InvitationUpdatedSubscription, InvitationUpdatedSubscriptionVariables>;
export const InvitationsDocument = {"__meta__":{"hash":"sha256:bb479ce6a8a71d4d9362f9a0667eec12fe6cce84dbd29a02c9568597d6d8fbed"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Invitations"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"filter"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"InvitationFilter"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"first"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"invitations"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"filter"},"value":{"kind":"Variable","name":{"kind":"Name","value":"filter"}}},{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"Variable","name":{"kind":"Name","value":"first"}}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"invitedUserEmailAddress"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"invitedUser"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"externalUserState"}}]}},{"kind":"Field","name":{"kind":"Name","value":"tracking"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}},{"kind":"Field","name":{"kind":"Name","value":"endCursor"}}]}}]}}]}}]} as unknown as DocumentNode<InvitationsQuery, InvitationsQueryVariables>;
export const InvitationsUpdatedDocument = {"__meta__":{"hash":"sha256:938dd19a2452fe6126a3ccea8fa1ded22b9a57cbe4673a3954b5a77adf19378d"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"subscription","name":{"kind":"Name","value":"InvitationsUpdated"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"bulkId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"invitationsUpdated"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"bulkId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"bulkId"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"invitation"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"invitedUserEmailAddress"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"tracking"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"reason"}},{"kind":"Field","name":{"kind":"Name","value":"revision"}},{"kind":"Field","name":{"kind":"Name","value":"refusal"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"counts"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"total"}},{"kind":"Field","name":{"kind":"Name","value":"submitting"}},{"kind":"Field","name":{"kind":"Name","value":"active"}},{"kind":"Field","name":{"kind":"Name","value":"settled"}},{"kind":"Field","name":{"kind":"Name","value":"unknown"}},{"kind":"Field","name":{"kind":"Name","value":"refused"}}]}}]}}]}}]} as unknown as DocumentNode<InvitationsUpdatedSubscription, InvitationsUpdatedSubscriptionVariables>;
export const InviteParticipantsDocument = {"__meta__":{"hash":"sha256:3e32966ea4be34f844519c3659c972cf04e6af5e93625c13b29a582b52fe5a1f"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"InviteParticipants"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"callId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"InviteParticipantsInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"inviteParticipants"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"callId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"callId"}}},{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"clientContext"}},{"kind":"Field","name":{"kind":"Name","value":"tracking"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"revision"}}]}}]}}]}}]} as unknown as DocumentNode<InviteParticipantsMutation, InviteParticipantsMutationVariables>;
export const InviteParticipantsOperationDocument = {"__meta__":{"hash":"sha256:4bd0681f0373c78d6978c8dd7594f876f26f1c8ade1f7b5cc4f814e054bf123c"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"InviteParticipantsOperation"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"callId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"inviteParticipantsOperation"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"callId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"callId"}}},{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"resultInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"subcode"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}},{"kind":"Field","name":{"kind":"Name","value":"participants"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"identity"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"user"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"displayName"}}]}},{"kind":"Field","name":{"kind":"Name","value":"phone"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"tracking"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"reason"}},{"kind":"Field","name":{"kind":"Name","value":"revision"}}]}}]}}]}}]} as unknown as DocumentNode<InviteParticipantsOperationQuery, InviteParticipantsOperationQueryVariables>;
export const InviteParticipantsOperationUpdatedDocument = {"__meta__":{"hash":"sha256:fb1268d3455c1abe99407aa2f23dcf7deb608e02a51f59d04c4344d82daae124"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"subscription","name":{"kind":"Name","value":"InviteParticipantsOperationUpdated"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"callId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"afterRevision"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"inviteParticipantsOperationUpdated"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"callId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"callId"}}},{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}},{"kind":"Argument","name":{"kind":"Name","value":"afterRevision"},"value":{"kind":"Variable","name":{"kind":"Name","value":"afterRevision"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"resultInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"subcode"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}},{"kind":"Field","name":{"kind":"Name","value":"tracking"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"reason"}},{"kind":"Field","name":{"kind":"Name","value":"revision"}}]}}]}}]}}]} as unknown as DocumentNode<InviteParticipantsOperationUpdatedSubscription, InviteParticipantsOperationUpdatedSubscriptionVariables>;
export const InviteParticipantsOperationsDocument = {"__meta__":{"hash":"sha256:c5cc3725a434b643504c80782edeb78dc6531527933022c86450c49f9a8cb155"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"InviteParticipantsOperations"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"filter"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"InviteParticipantsOperationFilter"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"first"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"inviteParticipantsOperations"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"filter"},"value":{"kind":"Variable","name":{"kind":"Name","value":"filter"}}},{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"Variable","name":{"kind":"Name","value":"first"}}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"tracking"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"callId"}},{"kind":"Field","name":{"kind":"Name","value":"state"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}},{"kind":"Field","name":{"kind":"Name","value":"endCursor"}}]}}]}}]}}]} as unknown as DocumentNode<InviteParticipantsOperationsQuery, InviteParticipantsOperationsQueryVariables>;
export const InviteParticipantsOperationsUpdatedDocument = {"__meta__":{"hash":"sha256:ced168a896cc092eeaa0dbd77d0d2405804f4cc7bce93b8d44d7bb9739c5694f"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"subscription","name":{"kind":"Name","value":"InviteParticipantsOperationsUpdated"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"callId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"inviteParticipantsOperationsUpdated"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"callId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"callId"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"resultInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}},{"kind":"Field","name":{"kind":"Name","value":"tracking"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"revision"}}]}}]}}]}}]} as unknown as DocumentNode<InviteParticipantsOperationsUpdatedSubscription, InviteParticipantsOperationsUpdatedSubscriptionVariables>;