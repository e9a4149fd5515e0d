import type { GraphQLResolveInfo, GraphQLScalarType, GraphQLScalarTypeConfig } from 'graphql';
import type { InvitationRecord, OperationRecord, TrackingRecord, Refusal, ReadError } from '../tracking/record.ts';
import type { GraphAnswer as GraphAnswerFacts } from '../errors.ts';
import type { BulkResult } from '../tracking/bulk.ts';
import type { BulkUpdate } from '../tracking/bulk-updates.ts';
import type { GatewayStatus, GraphQLContext } from '../context.ts';
import type { GraphUser, GraphParticipant, GraphIdentitySet, GraphIdentity, GraphResultInfo } from '../graph/resources.ts';
import type { InvitedUserMessageInfo as GraphInvitedUserMessageInfo, Recipient as GraphRecipient, EmailAddress as GraphEmailAddress } from '@microsoft/microsoft-graph-types';
export type Maybe<T> = T | null;
export type InputMaybe<T> = T | null | undefined;
export type Omit<T, K extends keyof T> = Pick<T, Exclude<keyof T, K>>;
export type RequireFields<T, K extends keyof T> = Omit<T, K> & { [P in K]-?: NonNullable<T[P]> };
/** All built-in and custom scalars, mapped to their actual values */
export type Scalars = {
  ID: { input: string; output: string; }
  String: { input: string; output: string; }
  Boolean: { input: boolean; output: boolean; }
  Int: { input: number; output: number; }
  Float: { input: number; output: number; }
  /** A moment in time, RFC 3339, as Graph or the gateway gave it. */
  DateTime: { input: Date | string; output: Date | string; }
};

/** An application (Graph `communicationsApplicationIdentity`). */
export type ApplicationIdentityInput = {
  readonly applicationType?: InputMaybe<Scalars['String']['input']>;
  readonly displayName?: InputMaybe<Scalars['String']['input']>;
  readonly hidden?: InputMaybe<Scalars['Boolean']['input']>;
  readonly id: Scalars['String']['input'];
};

/** An application instance (Graph `communicationsApplicationInstanceIdentity`). */
export type ApplicationInstanceIdentityInput = {
  readonly displayName?: InputMaybe<Scalars['String']['input']>;
  readonly hidden?: InputMaybe<Scalars['Boolean']['input']>;
  readonly id: Scalars['String']['input'];
  readonly tenantId?: InputMaybe<Scalars['String']['input']>;
};

/** A user of Azure Communication Services (Graph `azureCommunicationServicesUserIdentity`). */
export type AzureCommunicationServicesUserIdentityInput = {
  readonly azureCommunicationServicesResourceId?: InputMaybe<Scalars['String']['input']>;
  readonly displayName?: InputMaybe<Scalars['String']['input']>;
  readonly id: Scalars['String']['input'];
};

/** What to invite a guest with: the writable members of Graph's `invitation`. Only members that you give are sent. */
export type CreateInvitationInput = {
  /**
   * Makes a repetition safe: the same key with the same input gives the same invitation and invites nobody again.
   * 1 to 128 characters. A key holds for a day, unless the gateway is configured otherwise.
   */
  readonly idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  /** Where the guest's browser goes after redeeming: an `https` address. */
  readonly inviteRedirectUrl: Scalars['String']['input'];
  /** Only with `resetRedemption`: the guest whose redemption is reset. */
  readonly invitedUser?: InputMaybe<InvitedUserInput>;
  readonly invitedUserDisplayName?: InputMaybe<Scalars['String']['input']>;
  /** The address to invite. */
  readonly invitedUserEmailAddress: Scalars['String']['input'];
  readonly invitedUserMessageInfo?: InputMaybe<InvitedUserMessageInfoInput>;
  /** The users who answer for the guest. */
  readonly invitedUserSponsors?: InputMaybe<ReadonlyArray<InvitedUserSponsorInput>>;
  /** Only a company administrator may invite a `Member`. */
  readonly invitedUserType?: InputMaybe<InvitedUserType>;
  /** Resets the redemption of the guest that `invitedUser` names. */
  readonly resetRedemption?: InputMaybe<Scalars['Boolean']['input']>;
  /** Whether Graph sends an e-mail; Graph's default is not to. */
  readonly sendInvitationMessage?: InputMaybe<Scalars['Boolean']['input']>;
  /** Who may see it too: subjects (object ids) of users or applications of your tenant, at most 20. It is never sent to Graph. */
  readonly sharedWith?: InputMaybe<ReadonlyArray<Scalars['ID']['input']>>;
};

/** Why one input was not recorded. Not part of Microsoft Graph. */
export type CreateInvitationsError = {
  readonly __typename?: 'CreateInvitationsError';
  /** As `extensions.code` of an error, such as `BAD_USER_INPUT` or `IDEMPOTENCY_CONFLICT`. */
  readonly code: Scalars['String']['output'];
  /** The position of the bad value, such as `inputs[3].inviteRedirectUrl`. */
  readonly field: Maybe<Scalars['String']['output']>;
  /** What is wrong and how to mend it. */
  readonly message: Scalars['String']['output'];
};

/** What became of the inputs of one `createInvitations`. */
export type CreateInvitationsPayload = {
  readonly __typename?: 'CreateInvitationsPayload';
  /** Names the recorded invitations for `invitationsUpdated`; null when none was. */
  readonly bulkId: Maybe<Scalars['ID']['output']>;
  /** One for each input, in order. */
  readonly results: ReadonlyArray<CreateInvitationsResult>;
};

/** Either an invitation or an error. */
export type CreateInvitationsResult = {
  readonly __typename?: 'CreateInvitationsResult';
  /** Why this input was not recorded, or what the invitation with its key was refused for. */
  readonly error: Maybe<CreateInvitationsError>;
  /** The recorded invitation, `submitting` unless its idempotency key was used before. */
  readonly invitation: Maybe<Invitation>;
};

/** A name and an address (Graph `emailAddress`). */
export type EmailAddress = {
  readonly __typename?: 'EmailAddress';
  readonly address: Maybe<Scalars['String']['output']>;
  readonly name: Maybe<Scalars['String']['output']>;
};

/** A name and an address (Graph `emailAddress`). */
export type EmailAddressInput = {
  readonly address: Scalars['String']['input'];
  readonly name?: InputMaybe<Scalars['String']['input']>;
};

/** What a participant is reached on (Graph `endpointType`). */
export type EndpointType =
  | 'default'
  | 'skypeForBusiness'
  | 'skypeForBusinessVoipPhone'
  /** A word of Graph that this schema does not know. */
  | 'unknownFutureValue'
  | 'voicemail';

/** How far a guest is with the invitation. */
export type ExternalUserState =
  | 'Accepted'
  | 'PendingAcceptance'
  /** A word of Graph that this schema does not know. */
  | 'unknownFutureValue';

/** The gateway itself. Not part of Microsoft Graph. */
export type Gateway = {
  readonly __typename?: 'Gateway';
  /** Whether Graph takes our requests at present. */
  readonly graph: GraphAvailability;
  readonly mode: GatewayMode;
  /** How late the most overdue read is, in milliseconds; 0 when none is. */
  readonly pollLagMs: Scalars['Int']['output'];
  /** The gateway's version. */
  readonly version: Scalars['String']['output'];
};

/** Which Graph is asked. */
export type GatewayMode =
  /** One on this machine: nobody is really invited. */
  | 'emulator'
  /** Microsoft Graph. */
  | 'live';

/** What Graph said about a refused request: enough to report it to Microsoft. */
export type GraphAnswer = {
  readonly __typename?: 'GraphAnswer';
  /** Graph's own error code. */
  readonly code: Maybe<Scalars['String']['output']>;
  /** Graph's id of the request. */
  readonly requestId: Maybe<Scalars['String']['output']>;
  readonly statusCode: Scalars['Int']['output'];
};

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
  readonly displayName?: InputMaybe<Scalars['String']['input']>;
  readonly email?: InputMaybe<Scalars['String']['input']>;
  readonly id: Scalars['String']['input'];
};

/**
 * One identity (Graph `identity` and its subtypes for communications).
 * Which members have a value depends on the kind.
 */
export type Identity = {
  readonly __typename?: 'Identity';
  /** Of an application. */
  readonly applicationType: Maybe<Scalars['String']['output']>;
  /** Of a user of Azure Communication Services. */
  readonly azureCommunicationServicesResourceId: Maybe<Scalars['String']['output']>;
  readonly displayName: Maybe<Scalars['String']['output']>;
  /** Of a guest. */
  readonly email: Maybe<Scalars['String']['output']>;
  /** Of an application or application instance: kept off the roster. */
  readonly hidden: Maybe<Scalars['Boolean']['output']>;
  readonly id: Maybe<Scalars['String']['output']>;
  readonly identityProvider: Maybe<Scalars['String']['output']>;
  readonly tenantId: Maybe<Scalars['String']['output']>;
};

/** An identity with nothing of its own kind (Graph `identity`, `communicationsPhoneIdentity`, `communicationsEncryptedIdentity`). */
export type IdentityInput = {
  readonly displayName?: InputMaybe<Scalars['String']['input']>;
  readonly id: Scalars['String']['input'];
};

/** Who takes part: of each entry, one member is set (Graph `identitySet`). */
export type IdentitySet = {
  readonly __typename?: 'IdentitySet';
  readonly application: Maybe<Identity>;
  readonly applicationInstance: Maybe<Identity>;
  readonly azureCommunicationServicesUser: Maybe<Identity>;
  readonly device: Maybe<Identity>;
  readonly encrypted: Maybe<Identity>;
  /** Somebody without an account. */
  readonly guest: Maybe<Identity>;
  readonly onPremises: Maybe<Identity>;
  /** A number of the telephone network; its `id` is the number in E.164. */
  readonly phone: Maybe<Identity>;
  readonly user: Maybe<Identity>;
};

/** Who to invite: exactly one kind. */
export type IdentitySetInput =
  { readonly application: ApplicationIdentityInput; readonly applicationInstance?: never; readonly azureCommunicationServicesUser?: never; readonly device?: never; readonly encrypted?: never; readonly guest?: never; readonly onPremises?: never; readonly phone?: never; readonly user?: never; }
  |  { readonly application?: never; readonly applicationInstance: ApplicationInstanceIdentityInput; readonly azureCommunicationServicesUser?: never; readonly device?: never; readonly encrypted?: never; readonly guest?: never; readonly onPremises?: never; readonly phone?: never; readonly user?: never; }
  |  { readonly application?: never; readonly applicationInstance?: never; readonly azureCommunicationServicesUser: AzureCommunicationServicesUserIdentityInput; readonly device?: never; readonly encrypted?: never; readonly guest?: never; readonly onPremises?: never; readonly phone?: never; readonly user?: never; }
  |  { readonly application?: never; readonly applicationInstance?: never; readonly azureCommunicationServicesUser?: never; readonly device: IdentityInput; readonly encrypted?: never; readonly guest?: never; readonly onPremises?: never; readonly phone?: never; readonly user?: never; }
  |  { readonly application?: never; readonly applicationInstance?: never; readonly azureCommunicationServicesUser?: never; readonly device?: never; readonly encrypted: IdentityInput; readonly guest?: never; readonly onPremises?: never; readonly phone?: never; readonly user?: never; }
  |  { readonly application?: never; readonly applicationInstance?: never; readonly azureCommunicationServicesUser?: never; readonly device?: never; readonly encrypted?: never; readonly guest: GuestIdentityInput; readonly onPremises?: never; readonly phone?: never; readonly user?: never; }
  |  { readonly application?: never; readonly applicationInstance?: never; readonly azureCommunicationServicesUser?: never; readonly device?: never; readonly encrypted?: never; readonly guest?: never; readonly onPremises: IdentityInput; readonly phone?: never; readonly user?: never; }
  |  /** An E.164 number as `id`; needs an application instance that owns a number. */
  { readonly application?: never; readonly applicationInstance?: never; readonly azureCommunicationServicesUser?: never; readonly device?: never; readonly encrypted?: never; readonly guest?: never; readonly onPremises?: never; readonly phone: IdentityInput; readonly user?: never; }
  |  { readonly application?: never; readonly applicationInstance?: never; readonly azureCommunicationServicesUser?: never; readonly device?: never; readonly encrypted?: never; readonly guest?: never; readonly onPremises?: never; readonly phone?: never; readonly user: UserIdentityInput; };

/**
 * An invitation of an external user to the organisation (Graph `invitation`).
 * Graph cannot read one back: the gateway keeps what Graph answered and follows the invited user.
 */
export type Invitation = {
  readonly __typename?: 'Invitation';
  /** Graph's id; null until Graph has answered. */
  readonly id: Maybe<Scalars['ID']['output']>;
  /**
   * Where the guest redeems the invitation. Who has this address can redeem it: treat it as a secret.
   * Only whoever made the invitation gets it; for others who may see the invitation it is null.
   */
  readonly inviteRedeemUrl: Maybe<Scalars['String']['output']>;
  /** Where the guest's browser goes after redeeming. */
  readonly inviteRedirectUrl: Maybe<Scalars['String']['output']>;
  readonly invitedUser: Maybe<User>;
  readonly invitedUserDisplayName: Maybe<Scalars['String']['output']>;
  readonly invitedUserEmailAddress: Maybe<Scalars['String']['output']>;
  readonly invitedUserMessageInfo: Maybe<InvitedUserMessageInfo>;
  /**
   * The users who answer for the guest; groups are left out. Their members are read in the gateway's own name, for Graph would not
   * show them to everybody who may invite.
   */
  readonly invitedUserSponsors: Maybe<ReadonlyArray<User>>;
  /** What the guest becomes; Graph's default is `Guest`. */
  readonly invitedUserType: Maybe<UserType>;
  /** Whether this resets the redemption of a guest who is already in the directory. */
  readonly resetRedemption: Maybe<Scalars['Boolean']['output']>;
  /** Whether Graph sends the invitation by e-mail. */
  readonly sendInvitationMessage: Maybe<Scalars['Boolean']['output']>;
  /** As Graph answered the request. Progress after that is `invitedUser.externalUserState`. */
  readonly status: Maybe<InvitationStatus>;
  /** What the gateway knows about this invitation. */
  readonly tracking: Tracking;
};

/** A page of invitations. */
export type InvitationConnection = {
  readonly __typename?: 'InvitationConnection';
  readonly edges: ReadonlyArray<InvitationEdge>;
  readonly nodes: ReadonlyArray<Invitation>;
  readonly pageInfo: PageInfo;
};

/** How many invitations of a bulk are in which state of tracking. */
export type InvitationCounts = {
  readonly __typename?: 'InvitationCounts';
  readonly active: Scalars['Int']['output'];
  /** Of the settled ones those that Graph refused, or that could not be sent. */
  readonly refused: Scalars['Int']['output'];
  readonly settled: Scalars['Int']['output'];
  readonly submitting: Scalars['Int']['output'];
  readonly total: Scalars['Int']['output'];
  readonly unknown: Scalars['Int']['output'];
};

/** One invitation in a page. */
export type InvitationEdge = {
  readonly __typename?: 'InvitationEdge';
  readonly cursor: Scalars['String']['output'];
  readonly node: Invitation;
};

/** Which invitations to list; members given together must all hold. */
export type InvitationFilter = {
  /** The address invited, compared without regard to case. */
  readonly invitedUserEmailAddress?: InputMaybe<Scalars['String']['input']>;
  /** The judgement of the gateway, one of these. */
  readonly state?: InputMaybe<ReadonlyArray<TrackingState>>;
};

/** One participant of an invitation (Graph `invitationParticipantInfo`). */
export type InvitationParticipantInfo = {
  readonly __typename?: 'InvitationParticipantInfo';
  /** Declared in Graph's beta only; v1.0 answers carry it as null. */
  readonly endpointType: Maybe<EndpointType>;
  /** Whether the participant is kept off the roster. */
  readonly hidden: Maybe<Scalars['Boolean']['output']>;
  readonly identity: Maybe<IdentitySet>;
  /** The participant to move from another meeting. */
  readonly participantId: Maybe<Scalars['String']['output']>;
  /** Whether the participant is left out of the main audio mix. */
  readonly removeFromDefaultAudioRoutingGroup: Maybe<Scalars['Boolean']['output']>;
  /** The call that the identity is in now. */
  readonly replacesCallId: Maybe<Scalars['String']['output']>;
};

/** One participant to invite (Graph `invitationParticipantInfo`). */
export type InvitationParticipantInfoInput = {
  /** Keeps the participant off the roster. */
  readonly hidden?: InputMaybe<Scalars['Boolean']['input']>;
  readonly identity: IdentitySetInput;
  /** The participant to move from the meeting that `replacesCallId` names. */
  readonly participantId?: InputMaybe<Scalars['String']['input']>;
  /** Leaves the participant out of the main audio mix. */
  readonly removeFromDefaultAudioRoutingGroup?: InputMaybe<Scalars['Boolean']['input']>;
  /** The call that the identity is in now; a call between two is dropped once the participant is added. */
  readonly replacesCallId?: InputMaybe<Scalars['String']['input']>;
};

/** The state of an invitation as Graph answered the request. */
export type InvitationStatus =
  | 'Completed'
  | 'Error'
  | 'InProgress'
  | 'PendingAcceptance'
  /** A word of Graph that this schema does not know. */
  | 'unknownFutureValue';

/** One invitation of a bulk, and how far the bulk is. */
export type InvitationsUpdate = {
  readonly __typename?: 'InvitationsUpdate';
  readonly counts: InvitationCounts;
  readonly invitation: Invitation;
};

/** Whom to invite to a call. Only members that you give are sent. */
export type InviteParticipantsInput = {
  /**
   * At most 256 characters; unique, unguessable and without personal data, for Graph writes it to its logs.
   * The gateway makes one when you give none.
   */
  readonly clientContext?: InputMaybe<Scalars['String']['input']>;
  /**
   * Makes a repetition safe: the same key with the same input gives the same operation and invites nobody again.
   * 1 to 128 characters. A key holds for a day, unless the gateway is configured otherwise.
   */
  readonly idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  /** One to five; one when it has `replacesCallId`. */
  readonly participants: ReadonlyArray<InvitationParticipantInfoInput>;
  /** Who may see it too: subjects (object ids) of users or applications of your tenant, at most 20. It is never sent to Graph. */
  readonly sharedWith?: InputMaybe<ReadonlyArray<Scalars['ID']['input']>>;
};

/**
 * The work of inviting participants to a call (Graph `inviteParticipantsOperation`).
 * Graph deletes it when it ends: the gateway keeps its last state.
 */
export type InviteParticipantsOperation = {
  readonly __typename?: 'InviteParticipantsOperation';
  /** What the caller, or the gateway in the caller's place, gave to recognise the operation by. */
  readonly clientContext: Maybe<Scalars['String']['output']>;
  /** Only in older descriptions of Graph; null unless Graph sends it. */
  readonly createdDateTime: Maybe<Scalars['DateTime']['output']>;
  /** Graph's id; null until Graph has answered. */
  readonly id: Maybe<Scalars['ID']['output']>;
  /** Only in older descriptions of Graph; null unless Graph sends it. */
  readonly lastActionDateTime: Maybe<Scalars['DateTime']['output']>;
  readonly participants: Maybe<ReadonlyArray<Maybe<InvitationParticipantInfo>>>;
  /** How it ended; null while it runs. */
  readonly resultInfo: Maybe<ResultInfo>;
  readonly status: Maybe<OperationStatus>;
  /** What the gateway knows about this operation. */
  readonly tracking: Tracking;
};

/** A page of operations. */
export type InviteParticipantsOperationConnection = {
  readonly __typename?: 'InviteParticipantsOperationConnection';
  readonly edges: ReadonlyArray<InviteParticipantsOperationEdge>;
  readonly nodes: ReadonlyArray<InviteParticipantsOperation>;
  readonly pageInfo: PageInfo;
};

/** One operation in a page. */
export type InviteParticipantsOperationEdge = {
  readonly __typename?: 'InviteParticipantsOperationEdge';
  readonly cursor: Scalars['String']['output'];
  readonly node: InviteParticipantsOperation;
};

/** Which operations to list; members given together must all hold. */
export type InviteParticipantsOperationFilter = {
  /** Only those of this call. */
  readonly callId?: InputMaybe<Scalars['ID']['input']>;
  /** The judgement of the gateway, one of these. */
  readonly state?: InputMaybe<ReadonlyArray<TrackingState>>;
};

/** The guest whose redemption is reset. */
export type InvitedUserInput = {
  /** The directory's object id. */
  readonly id: Scalars['ID']['input'];
};

/** The message that Graph sends to the guest (Graph `invitedUserMessageInfo`). */
export type InvitedUserMessageInfo = {
  readonly __typename?: 'InvitedUserMessageInfo';
  /** Who else gets the message. An entry whose address is null means nobody. */
  readonly ccRecipients: Maybe<ReadonlyArray<Maybe<Recipient>>>;
  /** Plain text instead of Graph's default message. */
  readonly customizedMessageBody: Maybe<Scalars['String']['output']>;
  /** The language of the default message, ISO 639, such as `en-US`. */
  readonly messageLanguage: Maybe<Scalars['String']['output']>;
};

/** The message to the guest (Graph `invitedUserMessageInfo`). */
export type InvitedUserMessageInfoInput = {
  /** At most one. */
  readonly ccRecipients?: InputMaybe<ReadonlyArray<RecipientInput>>;
  /** Plain text instead of Graph's default message. */
  readonly customizedMessageBody?: InputMaybe<Scalars['String']['input']>;
  /** The language of the default message, ISO 639, such as `en-US`. Ignored by Graph when `customizedMessageBody` is given. */
  readonly messageLanguage?: InputMaybe<Scalars['String']['input']>;
};

/** A user who answers for the guest. */
export type InvitedUserSponsorInput = {
  /** The directory's object id. */
  readonly id: Scalars['ID']['input'];
};

/** What an invited user can be (Graph `invitedUserType`). */
export type InvitedUserType =
  | 'Guest'
  | 'Member';

/**
 * What can be done. An accepted mutation is on disk before Graph is asked and is never sent twice.
 * `OUTCOME_UNKNOWN` means Graph was asked and did not tell the outcome: `extensions.recordId` names the record to watch.
 */
export type Mutation = {
  readonly __typename?: 'Mutation';
  /** Invites a guest, or resets the redemption of one (`POST /invitations`). */
  readonly createInvitation: Invitation;
  /**
   * Invites 1 to 500 guests. Every input is checked and recorded before this is answered, with one result for each, in order;
   * then they are sent in groups. Watch `invitationsUpdated` with the `bulkId`.
   */
  readonly createInvitations: CreateInvitationsPayload;
  /** Invites one to five participants to a call that is going on (`POST /communications/calls/{id}/participants/invite`). */
  readonly inviteParticipants: InviteParticipantsOperation;
};


/**
 * What can be done. An accepted mutation is on disk before Graph is asked and is never sent twice.
 * `OUTCOME_UNKNOWN` means Graph was asked and did not tell the outcome: `extensions.recordId` names the record to watch.
 */
export type MutationCreateInvitationArgs = {
  input: CreateInvitationInput;
};


/**
 * What can be done. An accepted mutation is on disk before Graph is asked and is never sent twice.
 * `OUTCOME_UNKNOWN` means Graph was asked and did not tell the outcome: `extensions.recordId` names the record to watch.
 */
export type MutationCreateInvitationsArgs = {
  inputs: ReadonlyArray<CreateInvitationInput>;
};


/**
 * What can be done. An accepted mutation is on disk before Graph is asked and is never sent twice.
 * `OUTCOME_UNKNOWN` means Graph was asked and did not tell the outcome: `extensions.recordId` names the record to watch.
 */
export type MutationInviteParticipantsArgs = {
  callId: Scalars['ID']['input'];
  input: InviteParticipantsInput;
};

/** The state of an operation (Graph `operationStatus`). */
export type OperationStatus =
  | 'completed'
  | 'failed'
  | 'notStarted'
  | 'running'
  /** A word of Graph that this schema does not know; the operation counts as running. */
  | 'unknownFutureValue';

/** Where a page of a connection begins and ends. */
export type PageInfo = {
  readonly __typename?: 'PageInfo';
  readonly endCursor: Maybe<Scalars['String']['output']>;
  readonly hasNextPage: Scalars['Boolean']['output'];
  readonly hasPreviousPage: Scalars['Boolean']['output'];
  readonly startCursor: Maybe<Scalars['String']['output']>;
};

/**
 * What can be read. Answers come from the gateway's own record, not from Graph:
 * Graph offers no list of either resource and cannot read an invitation back.
 * Yours are those that you made, those that are shared with you (`sharedWith`) and, for an administrator, all of the tenant.
 */
export type Query = {
  readonly __typename?: 'Query';
  /** The gateway itself: whether Graph can be asked, and whether reads are late. */
  readonly gateway: Gateway;
  /**
   * One guest invitation, by the gateway's record id (`tracking.id`) or by Graph's `id`.
   * Null when there is none, or it is not yours.
   */
  readonly invitation: Maybe<Invitation>;
  /** Your guest invitations, newest first. Refused ones are not listed. */
  readonly invitations: InvitationConnection;
  /**
   * One invitation of participants to a call, by the gateway's record id (`tracking.id`) or by Graph's `id`.
   * Null when there is none in this call, or it is not yours.
   */
  readonly inviteParticipantsOperation: Maybe<InviteParticipantsOperation>;
  /** Your invitations of participants to calls, newest first. Refused ones are not listed. */
  readonly inviteParticipantsOperations: InviteParticipantsOperationConnection;
};


/**
 * What can be read. Answers come from the gateway's own record, not from Graph:
 * Graph offers no list of either resource and cannot read an invitation back.
 * Yours are those that you made, those that are shared with you (`sharedWith`) and, for an administrator, all of the tenant.
 */
export type QueryInvitationArgs = {
  id: Scalars['ID']['input'];
};


/**
 * What can be read. Answers come from the gateway's own record, not from Graph:
 * Graph offers no list of either resource and cannot read an invitation back.
 * Yours are those that you made, those that are shared with you (`sharedWith`) and, for an administrator, all of the tenant.
 */
export type QueryInvitationsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<InvitationFilter>;
  first?: InputMaybe<Scalars['Int']['input']>;
};


/**
 * What can be read. Answers come from the gateway's own record, not from Graph:
 * Graph offers no list of either resource and cannot read an invitation back.
 * Yours are those that you made, those that are shared with you (`sharedWith`) and, for an administrator, all of the tenant.
 */
export type QueryInviteParticipantsOperationArgs = {
  callId: Scalars['ID']['input'];
  id: Scalars['ID']['input'];
};


/**
 * What can be read. Answers come from the gateway's own record, not from Graph:
 * Graph offers no list of either resource and cannot read an invitation back.
 * Yours are those that you made, those that are shared with you (`sharedWith`) and, for an administrator, all of the tenant.
 */
export type QueryInviteParticipantsOperationsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<InviteParticipantsOperationFilter>;
  first?: InputMaybe<Scalars['Int']['input']>;
};

/** Somebody a message goes to (Graph `recipient`). */
export type Recipient = {
  readonly __typename?: 'Recipient';
  readonly emailAddress: Maybe<EmailAddress>;
};

/** Somebody a message goes to (Graph `recipient`). */
export type RecipientInput = {
  readonly emailAddress: EmailAddressInput;
};

/** How an operation ended (Graph `resultInfo`). */
export type ResultInfo = {
  readonly __typename?: 'ResultInfo';
  /** To be read like an HTTP status: 2xx went well, 4xx the request's fault, 5xx the service's. */
  readonly code: Maybe<Scalars['Int']['output']>;
  /** For developers; may name phone numbers and object ids. */
  readonly message: Maybe<Scalars['String']['output']>;
  /** Details of `code`; there is no published list. */
  readonly subcode: Maybe<Scalars['Int']['output']>;
};

/**
 * What can be watched. The current state comes first, then every later revision in order, then the final one;
 * then the stream completes. `afterRevision` gives the revisions after that one instead of the current state:
 * pass the last `tracking.revision` you saw when you come back.
 */
export type Subscription = {
  readonly __typename?: 'Subscription';
  /** One guest invitation, by either id. */
  readonly invitationUpdated: Invitation;
  /**
   * The invitations of one `createInvitations`: each as it is now, then every change of any of them. Completes when all are sent.
   * What becomes of one after that is told by `invitationUpdated`.
   */
  readonly invitationsUpdated: InvitationsUpdate;
  /** One invitation of participants to a call, by either id. */
  readonly inviteParticipantsOperationUpdated: InviteParticipantsOperation;
  /** All of a call: the current ones first, then every change, new ones too. Never completes. */
  readonly inviteParticipantsOperationsUpdated: InviteParticipantsOperation;
};


/**
 * What can be watched. The current state comes first, then every later revision in order, then the final one;
 * then the stream completes. `afterRevision` gives the revisions after that one instead of the current state:
 * pass the last `tracking.revision` you saw when you come back.
 */
export type SubscriptionInvitationUpdatedArgs = {
  afterRevision?: InputMaybe<Scalars['Int']['input']>;
  id: Scalars['ID']['input'];
};


/**
 * What can be watched. The current state comes first, then every later revision in order, then the final one;
 * then the stream completes. `afterRevision` gives the revisions after that one instead of the current state:
 * pass the last `tracking.revision` you saw when you come back.
 */
export type SubscriptionInvitationsUpdatedArgs = {
  bulkId: Scalars['ID']['input'];
};


/**
 * What can be watched. The current state comes first, then every later revision in order, then the final one;
 * then the stream completes. `afterRevision` gives the revisions after that one instead of the current state:
 * pass the last `tracking.revision` you saw when you come back.
 */
export type SubscriptionInviteParticipantsOperationUpdatedArgs = {
  afterRevision?: InputMaybe<Scalars['Int']['input']>;
  callId: Scalars['ID']['input'];
  id: Scalars['ID']['input'];
};


/**
 * What can be watched. The current state comes first, then every later revision in order, then the final one;
 * then the stream completes. `afterRevision` gives the revisions after that one instead of the current state:
 * pass the last `tracking.revision` you saw when you come back.
 */
export type SubscriptionInviteParticipantsOperationsUpdatedArgs = {
  callId: Scalars['ID']['input'];
};

/** What the gateway knows about the resource it follows. Not part of Microsoft Graph. */
export type Tracking = {
  readonly __typename?: 'Tracking';
  /** Reads, or tries to send, in a row that brought nothing. */
  readonly attempts: Scalars['Int']['output'];
  /** Of an operation, the call it belongs to; null for an invitation. */
  readonly callId: Maybe<Scalars['ID']['output']>;
  /** After this the gateway stops asking, and the state becomes `unknown`. */
  readonly deadlineAt: Scalars['DateTime']['output'];
  /** The revisions so far, oldest first; `last` (1 to 100) keeps only the newest. */
  readonly history: ReadonlyArray<TrackingEntry>;
  /** The gateway's own record id, known before Graph's. */
  readonly id: Scalars['ID']['output'];
  /** Why the last of them brought nothing. */
  readonly lastError: Maybe<TrackingError>;
  /** When Graph is asked next; null when it will not be asked again. */
  readonly nextPollAt: Maybe<Scalars['DateTime']['output']>;
  /** When Graph was last heard about this. Alone it never raises the revision. */
  readonly observedAt: Maybe<Scalars['DateTime']['output']>;
  /** Why the state is `settled` or `unknown`, where Graph's status does not say it. */
  readonly reason: Maybe<TrackingReason>;
  /** Why the request was refused or not sent: what a mutation sent alone is answered with. Null while it was not. */
  readonly refusal: Maybe<TrackingRefusal>;
  /** Rises by one each time something else in this resource that you can see changes. */
  readonly revision: Scalars['Int']['output'];
  /** What would still settle it, while the state is `unknown`. */
  readonly settledBy: Maybe<Scalars['String']['output']>;
  readonly state: TrackingState;
};


/** What the gateway knows about the resource it follows. Not part of Microsoft Graph. */
export type TrackingHistoryArgs = {
  last?: InputMaybe<Scalars['Int']['input']>;
};

/** One revision of a resource. */
export type TrackingEntry = {
  readonly __typename?: 'TrackingEntry';
  readonly at: Scalars['DateTime']['output'];
  /** What changed since the revision before, as paths below the resource, such as `status` or `invitedUser.externalUserState`. */
  readonly changed: ReadonlyArray<Scalars['String']['output']>;
  readonly revision: Scalars['Int']['output'];
  readonly source: TrackingSource;
  readonly state: TrackingState;
};

/** Why a read, or a try to send, brought nothing. */
export type TrackingError = {
  readonly __typename?: 'TrackingError';
  readonly at: Scalars['DateTime']['output'];
  /** A code of the gateway's error catalogue, such as `THROTTLED` or `UPSTREAM_UNAVAILABLE`. */
  readonly code: Scalars['String']['output'];
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

/** Why a request was refused or not sent. */
export type TrackingRefusal = {
  readonly __typename?: 'TrackingRefusal';
  /** A code of the gateway's error catalogue, such as `BAD_USER_INPUT` or `FORBIDDEN`. */
  readonly code: Scalars['String']['output'];
  /** What Graph said; null when it was not asked. */
  readonly graph: Maybe<GraphAnswer>;
  readonly message: Scalars['String']['output'];
};

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

/**
 * A user of the directory (Graph `user`), with the members that matter for an invitation.
 * A member that Graph does not tell yet is null.
 */
export type User = {
  readonly __typename?: 'User';
  readonly accountEnabled: Maybe<Scalars['Boolean']['output']>;
  readonly createdDateTime: Maybe<Scalars['DateTime']['output']>;
  readonly displayName: Maybe<Scalars['String']['output']>;
  /** How far a guest is with the invitation; null for every other user. */
  readonly externalUserState: Maybe<ExternalUserState>;
  /** When `externalUserState` last changed. */
  readonly externalUserStateChangeDateTime: Maybe<Scalars['DateTime']['output']>;
  /** The directory's object id. */
  readonly id: Maybe<Scalars['ID']['output']>;
  readonly mail: Maybe<Scalars['String']['output']>;
  readonly userPrincipalName: Maybe<Scalars['String']['output']>;
  readonly userType: Maybe<UserType>;
};

/** A user of an organisation (Graph `communicationsUserIdentity`). */
export type UserIdentityInput = {
  readonly displayName?: InputMaybe<Scalars['String']['input']>;
  /** The directory's object id. */
  readonly id: Scalars['String']['input'];
  readonly tenantId?: InputMaybe<Scalars['String']['input']>;
};

/** How a user belongs to the organisation. */
export type UserType =
  | 'Guest'
  | 'Member'
  /** A word of Graph that this schema does not know. */
  | 'unknownFutureValue';



export type ResolverTypeWrapper<T> = Promise<T> | T;


export type ResolverWithResolve<TResult, TParent, TContext, TArgs> = {
  resolve: ResolverFn<TResult, TParent, TContext, TArgs>;
};
export type Resolver<TResult, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> = ResolverFn<TResult, TParent, TContext, TArgs> | ResolverWithResolve<TResult, TParent, TContext, TArgs>;

export type ResolverFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => Promise<TResult> | TResult;

export type SubscriptionSubscribeFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => AsyncIterable<TResult> | Promise<AsyncIterable<TResult>>;

export type SubscriptionResolveFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => TResult | Promise<TResult>;

export interface SubscriptionSubscriberObject<TResult, TKey extends string, TParent, TContext, TArgs> {
  subscribe: SubscriptionSubscribeFn<{ [key in TKey]: TResult }, TParent, TContext, TArgs>;
  resolve?: SubscriptionResolveFn<TResult, { [key in TKey]: TResult }, TContext, TArgs>;
}

export interface SubscriptionResolverObject<TResult, TParent, TContext, TArgs> {
  subscribe: SubscriptionSubscribeFn<any, TParent, TContext, TArgs>;
  resolve: SubscriptionResolveFn<TResult, any, TContext, TArgs>;
}

export type SubscriptionObject<TResult, TKey extends string, TParent, TContext, TArgs> =
  | SubscriptionSubscriberObject<TResult, TKey, TParent, TContext, TArgs>
  | SubscriptionResolverObject<TResult, TParent, TContext, TArgs>;

export type SubscriptionResolver<TResult, TKey extends string, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> =
  | ((...args: any[]) => SubscriptionObject<TResult, TKey, TParent, TContext, TArgs>)
  | SubscriptionObject<TResult, TKey, TParent, TContext, TArgs>;

export type TypeResolveFn<TTypes, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>> = (
  parent: TParent,
  context: TContext,
  info: GraphQLResolveInfo
) => Maybe<TTypes> | Promise<Maybe<TTypes>>;

export type IsTypeOfResolverFn<T = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>> = (obj: T, context: TContext, info: GraphQLResolveInfo) => boolean | Promise<boolean>;

export type NextResolverFn<T> = () => Promise<T>;

export type DirectiveResolverFn<TResult = Record<PropertyKey, never>, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> = (
  next: NextResolverFn<TResult>,
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => TResult | Promise<TResult>;





/** Mapping between all available schema types and the resolvers types */
export type ResolversTypes = {
  ApplicationIdentityInput: ApplicationIdentityInput;
  ApplicationInstanceIdentityInput: ApplicationInstanceIdentityInput;
  AzureCommunicationServicesUserIdentityInput: AzureCommunicationServicesUserIdentityInput;
  Boolean: ResolverTypeWrapper<Scalars['Boolean']['output']>;
  CreateInvitationInput: CreateInvitationInput;
  CreateInvitationsError: ResolverTypeWrapper<CreateInvitationsError>;
  CreateInvitationsPayload: ResolverTypeWrapper<Omit<CreateInvitationsPayload, 'results'> & { results: ReadonlyArray<ResolversTypes['CreateInvitationsResult']> }>;
  CreateInvitationsResult: ResolverTypeWrapper<BulkResult>;
  DateTime: ResolverTypeWrapper<Scalars['DateTime']['output']>;
  EmailAddress: ResolverTypeWrapper<GraphEmailAddress>;
  EmailAddressInput: EmailAddressInput;
  EndpointType: EndpointType;
  ExternalUserState: ExternalUserState;
  Gateway: ResolverTypeWrapper<GatewayStatus>;
  GatewayMode: GatewayMode;
  GraphAnswer: ResolverTypeWrapper<GraphAnswerFacts>;
  GraphAvailability: GraphAvailability;
  GuestIdentityInput: GuestIdentityInput;
  ID: ResolverTypeWrapper<Scalars['ID']['output']>;
  Identity: ResolverTypeWrapper<GraphIdentity>;
  IdentityInput: IdentityInput;
  IdentitySet: ResolverTypeWrapper<GraphIdentitySet>;
  IdentitySetInput: IdentitySetInput;
  Int: ResolverTypeWrapper<Scalars['Int']['output']>;
  Invitation: ResolverTypeWrapper<InvitationRecord>;
  InvitationConnection: ResolverTypeWrapper<Omit<InvitationConnection, 'edges' | 'nodes'> & { edges: ReadonlyArray<ResolversTypes['InvitationEdge']>, nodes: ReadonlyArray<ResolversTypes['Invitation']> }>;
  InvitationCounts: ResolverTypeWrapper<InvitationCounts>;
  InvitationEdge: ResolverTypeWrapper<Omit<InvitationEdge, 'node'> & { node: ResolversTypes['Invitation'] }>;
  InvitationFilter: InvitationFilter;
  InvitationParticipantInfo: ResolverTypeWrapper<GraphParticipant>;
  InvitationParticipantInfoInput: InvitationParticipantInfoInput;
  InvitationStatus: InvitationStatus;
  InvitationsUpdate: ResolverTypeWrapper<BulkUpdate>;
  InviteParticipantsInput: InviteParticipantsInput;
  InviteParticipantsOperation: ResolverTypeWrapper<OperationRecord>;
  InviteParticipantsOperationConnection: ResolverTypeWrapper<Omit<InviteParticipantsOperationConnection, 'edges' | 'nodes'> & { edges: ReadonlyArray<ResolversTypes['InviteParticipantsOperationEdge']>, nodes: ReadonlyArray<ResolversTypes['InviteParticipantsOperation']> }>;
  InviteParticipantsOperationEdge: ResolverTypeWrapper<Omit<InviteParticipantsOperationEdge, 'node'> & { node: ResolversTypes['InviteParticipantsOperation'] }>;
  InviteParticipantsOperationFilter: InviteParticipantsOperationFilter;
  InvitedUserInput: InvitedUserInput;
  InvitedUserMessageInfo: ResolverTypeWrapper<GraphInvitedUserMessageInfo>;
  InvitedUserMessageInfoInput: InvitedUserMessageInfoInput;
  InvitedUserSponsorInput: InvitedUserSponsorInput;
  InvitedUserType: InvitedUserType;
  Mutation: ResolverTypeWrapper<Record<PropertyKey, never>>;
  OperationStatus: OperationStatus;
  PageInfo: ResolverTypeWrapper<PageInfo>;
  Query: ResolverTypeWrapper<Record<PropertyKey, never>>;
  Recipient: ResolverTypeWrapper<GraphRecipient>;
  RecipientInput: RecipientInput;
  ResultInfo: ResolverTypeWrapper<GraphResultInfo>;
  String: ResolverTypeWrapper<Scalars['String']['output']>;
  Subscription: ResolverTypeWrapper<Record<PropertyKey, never>>;
  Tracking: ResolverTypeWrapper<TrackingRecord>;
  TrackingEntry: ResolverTypeWrapper<TrackingRecord>;
  TrackingError: ResolverTypeWrapper<ReadError>;
  TrackingReason: TrackingReason;
  TrackingRefusal: ResolverTypeWrapper<Refusal>;
  TrackingSource: TrackingSource;
  TrackingState: TrackingState;
  User: ResolverTypeWrapper<GraphUser>;
  UserIdentityInput: UserIdentityInput;
  UserType: UserType;
};

/** Mapping between all available schema types and the resolvers parents */
export type ResolversParentTypes = {
  ApplicationIdentityInput: ApplicationIdentityInput;
  ApplicationInstanceIdentityInput: ApplicationInstanceIdentityInput;
  AzureCommunicationServicesUserIdentityInput: AzureCommunicationServicesUserIdentityInput;
  Boolean: Scalars['Boolean']['output'];
  CreateInvitationInput: CreateInvitationInput;
  CreateInvitationsError: CreateInvitationsError;
  CreateInvitationsPayload: Omit<CreateInvitationsPayload, 'results'> & { results: ReadonlyArray<ResolversParentTypes['CreateInvitationsResult']> };
  CreateInvitationsResult: BulkResult;
  DateTime: Scalars['DateTime']['output'];
  EmailAddress: GraphEmailAddress;
  EmailAddressInput: EmailAddressInput;
  Gateway: GatewayStatus;
  GraphAnswer: GraphAnswerFacts;
  GuestIdentityInput: GuestIdentityInput;
  ID: Scalars['ID']['output'];
  Identity: GraphIdentity;
  IdentityInput: IdentityInput;
  IdentitySet: GraphIdentitySet;
  IdentitySetInput: IdentitySetInput;
  Int: Scalars['Int']['output'];
  Invitation: InvitationRecord;
  InvitationConnection: Omit<InvitationConnection, 'edges' | 'nodes'> & { edges: ReadonlyArray<ResolversParentTypes['InvitationEdge']>, nodes: ReadonlyArray<ResolversParentTypes['Invitation']> };
  InvitationCounts: InvitationCounts;
  InvitationEdge: Omit<InvitationEdge, 'node'> & { node: ResolversParentTypes['Invitation'] };
  InvitationFilter: InvitationFilter;
  InvitationParticipantInfo: GraphParticipant;
  InvitationParticipantInfoInput: InvitationParticipantInfoInput;
  InvitationsUpdate: BulkUpdate;
  InviteParticipantsInput: InviteParticipantsInput;
  InviteParticipantsOperation: OperationRecord;
  InviteParticipantsOperationConnection: Omit<InviteParticipantsOperationConnection, 'edges' | 'nodes'> & { edges: ReadonlyArray<ResolversParentTypes['InviteParticipantsOperationEdge']>, nodes: ReadonlyArray<ResolversParentTypes['InviteParticipantsOperation']> };
  InviteParticipantsOperationEdge: Omit<InviteParticipantsOperationEdge, 'node'> & { node: ResolversParentTypes['InviteParticipantsOperation'] };
  InviteParticipantsOperationFilter: InviteParticipantsOperationFilter;
  InvitedUserInput: InvitedUserInput;
  InvitedUserMessageInfo: GraphInvitedUserMessageInfo;
  InvitedUserMessageInfoInput: InvitedUserMessageInfoInput;
  InvitedUserSponsorInput: InvitedUserSponsorInput;
  Mutation: Record<PropertyKey, never>;
  PageInfo: PageInfo;
  Query: Record<PropertyKey, never>;
  Recipient: GraphRecipient;
  RecipientInput: RecipientInput;
  ResultInfo: GraphResultInfo;
  String: Scalars['String']['output'];
  Subscription: Record<PropertyKey, never>;
  Tracking: TrackingRecord;
  TrackingEntry: TrackingRecord;
  TrackingError: ReadError;
  TrackingRefusal: Refusal;
  User: GraphUser;
  UserIdentityInput: UserIdentityInput;
};

export type AuthenticatedDirectiveArgs = { };

export type AuthenticatedDirectiveResolver<Result, Parent, ContextType = GraphQLContext, Args = AuthenticatedDirectiveArgs> = DirectiveResolverFn<Result, Parent, ContextType, Args>;

export type CostDirectiveArgs = {
  weight: Scalars['String']['input'];
};

export type CostDirectiveResolver<Result, Parent, ContextType = GraphQLContext, Args = CostDirectiveArgs> = DirectiveResolverFn<Result, Parent, ContextType, Args>;

export type ListSizeDirectiveArgs = {
  assumedSize?: Maybe<Scalars['Int']['input']>;
  requireOneSlicingArgument?: Maybe<Scalars['Boolean']['input']>;
  sizedFields?: Maybe<ReadonlyArray<Scalars['String']['input']>>;
  slicingArguments?: Maybe<ReadonlyArray<Scalars['String']['input']>>;
};

export type ListSizeDirectiveResolver<Result, Parent, ContextType = GraphQLContext, Args = ListSizeDirectiveArgs> = DirectiveResolverFn<Result, Parent, ContextType, Args>;

export type RequiresScopesDirectiveArgs = {
  scopes: ReadonlyArray<ReadonlyArray<Scalars['String']['input']>>;
};

export type RequiresScopesDirectiveResolver<Result, Parent, ContextType = GraphQLContext, Args = RequiresScopesDirectiveArgs> = DirectiveResolverFn<Result, Parent, ContextType, Args>;

export type CreateInvitationsErrorResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['CreateInvitationsError'] = ResolversParentTypes['CreateInvitationsError']> = {
  code?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  field?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type CreateInvitationsPayloadResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['CreateInvitationsPayload'] = ResolversParentTypes['CreateInvitationsPayload']> = {
  bulkId?: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  results?: Resolver<ReadonlyArray<ResolversTypes['CreateInvitationsResult']>, ParentType, ContextType>;
};

export type CreateInvitationsResultResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['CreateInvitationsResult'] = ResolversParentTypes['CreateInvitationsResult']> = {
  error?: Resolver<Maybe<ResolversTypes['CreateInvitationsError']>, ParentType, ContextType>;
  invitation?: Resolver<Maybe<ResolversTypes['Invitation']>, ParentType, ContextType>;
};

export interface DateTimeScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['DateTime'], any> {
  name: 'DateTime';
}

export type EmailAddressResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['EmailAddress'] = ResolversParentTypes['EmailAddress']> = {
  address?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  name?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type GatewayResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['Gateway'] = ResolversParentTypes['Gateway']> = {
  graph?: Resolver<ResolversTypes['GraphAvailability'], ParentType, ContextType>;
  mode?: Resolver<ResolversTypes['GatewayMode'], ParentType, ContextType>;
  pollLagMs?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  version?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type GraphAnswerResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['GraphAnswer'] = ResolversParentTypes['GraphAnswer']> = {
  code?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  requestId?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  statusCode?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type IdentityResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['Identity'] = ResolversParentTypes['Identity']> = {
  applicationType?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  azureCommunicationServicesResourceId?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  displayName?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  email?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  hidden?: Resolver<Maybe<ResolversTypes['Boolean']>, ParentType, ContextType>;
  id?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  identityProvider?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  tenantId?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type IdentitySetResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['IdentitySet'] = ResolversParentTypes['IdentitySet']> = {
  application?: Resolver<Maybe<ResolversTypes['Identity']>, ParentType, ContextType>;
  applicationInstance?: Resolver<Maybe<ResolversTypes['Identity']>, ParentType, ContextType>;
  azureCommunicationServicesUser?: Resolver<Maybe<ResolversTypes['Identity']>, ParentType, ContextType>;
  device?: Resolver<Maybe<ResolversTypes['Identity']>, ParentType, ContextType>;
  encrypted?: Resolver<Maybe<ResolversTypes['Identity']>, ParentType, ContextType>;
  guest?: Resolver<Maybe<ResolversTypes['Identity']>, ParentType, ContextType>;
  onPremises?: Resolver<Maybe<ResolversTypes['Identity']>, ParentType, ContextType>;
  phone?: Resolver<Maybe<ResolversTypes['Identity']>, ParentType, ContextType>;
  user?: Resolver<Maybe<ResolversTypes['Identity']>, ParentType, ContextType>;
};

export type InvitationResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['Invitation'] = ResolversParentTypes['Invitation']> = {
  id?: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  inviteRedeemUrl?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  inviteRedirectUrl?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  invitedUser?: Resolver<Maybe<ResolversTypes['User']>, ParentType, ContextType>;
  invitedUserDisplayName?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  invitedUserEmailAddress?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  invitedUserMessageInfo?: Resolver<Maybe<ResolversTypes['InvitedUserMessageInfo']>, ParentType, ContextType>;
  invitedUserSponsors?: Resolver<Maybe<ReadonlyArray<ResolversTypes['User']>>, ParentType, ContextType>;
  invitedUserType?: Resolver<Maybe<ResolversTypes['UserType']>, ParentType, ContextType>;
  resetRedemption?: Resolver<Maybe<ResolversTypes['Boolean']>, ParentType, ContextType>;
  sendInvitationMessage?: Resolver<Maybe<ResolversTypes['Boolean']>, ParentType, ContextType>;
  status?: Resolver<Maybe<ResolversTypes['InvitationStatus']>, ParentType, ContextType>;
  tracking?: Resolver<ResolversTypes['Tracking'], ParentType, ContextType>;
};

export type InvitationConnectionResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['InvitationConnection'] = ResolversParentTypes['InvitationConnection']> = {
  edges?: Resolver<ReadonlyArray<ResolversTypes['InvitationEdge']>, ParentType, ContextType>;
  nodes?: Resolver<ReadonlyArray<ResolversTypes['Invitation']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
};

export type InvitationCountsResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['InvitationCounts'] = ResolversParentTypes['InvitationCounts']> = {
  active?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  refused?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  settled?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  submitting?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  total?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  unknown?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type InvitationEdgeResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['InvitationEdge'] = ResolversParentTypes['InvitationEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['Invitation'], ParentType, ContextType>;
};

export type InvitationParticipantInfoResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['InvitationParticipantInfo'] = ResolversParentTypes['InvitationParticipantInfo']> = {
  endpointType?: Resolver<Maybe<ResolversTypes['EndpointType']>, ParentType, ContextType>;
  hidden?: Resolver<Maybe<ResolversTypes['Boolean']>, ParentType, ContextType>;
  identity?: Resolver<Maybe<ResolversTypes['IdentitySet']>, ParentType, ContextType>;
  participantId?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  removeFromDefaultAudioRoutingGroup?: Resolver<Maybe<ResolversTypes['Boolean']>, ParentType, ContextType>;
  replacesCallId?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type InvitationsUpdateResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['InvitationsUpdate'] = ResolversParentTypes['InvitationsUpdate']> = {
  counts?: Resolver<ResolversTypes['InvitationCounts'], ParentType, ContextType>;
  invitation?: Resolver<ResolversTypes['Invitation'], ParentType, ContextType>;
};

export type InviteParticipantsOperationResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['InviteParticipantsOperation'] = ResolversParentTypes['InviteParticipantsOperation']> = {
  clientContext?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  createdDateTime?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  id?: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  lastActionDateTime?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  participants?: Resolver<Maybe<ReadonlyArray<Maybe<ResolversTypes['InvitationParticipantInfo']>>>, ParentType, ContextType>;
  resultInfo?: Resolver<Maybe<ResolversTypes['ResultInfo']>, ParentType, ContextType>;
  status?: Resolver<Maybe<ResolversTypes['OperationStatus']>, ParentType, ContextType>;
  tracking?: Resolver<ResolversTypes['Tracking'], ParentType, ContextType>;
};

export type InviteParticipantsOperationConnectionResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['InviteParticipantsOperationConnection'] = ResolversParentTypes['InviteParticipantsOperationConnection']> = {
  edges?: Resolver<ReadonlyArray<ResolversTypes['InviteParticipantsOperationEdge']>, ParentType, ContextType>;
  nodes?: Resolver<ReadonlyArray<ResolversTypes['InviteParticipantsOperation']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
};

export type InviteParticipantsOperationEdgeResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['InviteParticipantsOperationEdge'] = ResolversParentTypes['InviteParticipantsOperationEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['InviteParticipantsOperation'], ParentType, ContextType>;
};

export type InvitedUserMessageInfoResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['InvitedUserMessageInfo'] = ResolversParentTypes['InvitedUserMessageInfo']> = {
  ccRecipients?: Resolver<Maybe<ReadonlyArray<Maybe<ResolversTypes['Recipient']>>>, ParentType, ContextType>;
  customizedMessageBody?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  messageLanguage?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type MutationResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['Mutation'] = ResolversParentTypes['Mutation']> = {
  createInvitation?: Resolver<ResolversTypes['Invitation'], ParentType, ContextType, RequireFields<MutationCreateInvitationArgs, 'input'>>;
  createInvitations?: Resolver<ResolversTypes['CreateInvitationsPayload'], ParentType, ContextType, RequireFields<MutationCreateInvitationsArgs, 'inputs'>>;
  inviteParticipants?: Resolver<ResolversTypes['InviteParticipantsOperation'], ParentType, ContextType, RequireFields<MutationInviteParticipantsArgs, 'callId' | 'input'>>;
};

export type PageInfoResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['PageInfo'] = ResolversParentTypes['PageInfo']> = {
  endCursor?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  hasNextPage?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  hasPreviousPage?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  startCursor?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type QueryResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['Query'] = ResolversParentTypes['Query']> = {
  gateway?: Resolver<ResolversTypes['Gateway'], ParentType, ContextType>;
  invitation?: Resolver<Maybe<ResolversTypes['Invitation']>, ParentType, ContextType, RequireFields<QueryInvitationArgs, 'id'>>;
  invitations?: Resolver<ResolversTypes['InvitationConnection'], ParentType, ContextType, RequireFields<QueryInvitationsArgs, 'first'>>;
  inviteParticipantsOperation?: Resolver<Maybe<ResolversTypes['InviteParticipantsOperation']>, ParentType, ContextType, RequireFields<QueryInviteParticipantsOperationArgs, 'callId' | 'id'>>;
  inviteParticipantsOperations?: Resolver<ResolversTypes['InviteParticipantsOperationConnection'], ParentType, ContextType, RequireFields<QueryInviteParticipantsOperationsArgs, 'first'>>;
};

export type RecipientResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['Recipient'] = ResolversParentTypes['Recipient']> = {
  emailAddress?: Resolver<Maybe<ResolversTypes['EmailAddress']>, ParentType, ContextType>;
};

export type ResultInfoResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['ResultInfo'] = ResolversParentTypes['ResultInfo']> = {
  code?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  message?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  subcode?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
};

export type SubscriptionResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['Subscription'] = ResolversParentTypes['Subscription']> = {
  invitationUpdated?: SubscriptionResolver<ResolversTypes['Invitation'], "invitationUpdated", ParentType, ContextType, RequireFields<SubscriptionInvitationUpdatedArgs, 'id'>>;
  invitationsUpdated?: SubscriptionResolver<ResolversTypes['InvitationsUpdate'], "invitationsUpdated", ParentType, ContextType, RequireFields<SubscriptionInvitationsUpdatedArgs, 'bulkId'>>;
  inviteParticipantsOperationUpdated?: SubscriptionResolver<ResolversTypes['InviteParticipantsOperation'], "inviteParticipantsOperationUpdated", ParentType, ContextType, RequireFields<SubscriptionInviteParticipantsOperationUpdatedArgs, 'callId' | 'id'>>;
  inviteParticipantsOperationsUpdated?: SubscriptionResolver<ResolversTypes['InviteParticipantsOperation'], "inviteParticipantsOperationsUpdated", ParentType, ContextType, RequireFields<SubscriptionInviteParticipantsOperationsUpdatedArgs, 'callId'>>;
};

export type TrackingResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['Tracking'] = ResolversParentTypes['Tracking']> = {
  attempts?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  callId?: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  deadlineAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  history?: Resolver<ReadonlyArray<ResolversTypes['TrackingEntry']>, ParentType, ContextType, RequireFields<TrackingHistoryArgs, 'last'>>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  lastError?: Resolver<Maybe<ResolversTypes['TrackingError']>, ParentType, ContextType>;
  nextPollAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  observedAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  reason?: Resolver<Maybe<ResolversTypes['TrackingReason']>, ParentType, ContextType>;
  refusal?: Resolver<Maybe<ResolversTypes['TrackingRefusal']>, ParentType, ContextType>;
  revision?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  settledBy?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  state?: Resolver<ResolversTypes['TrackingState'], ParentType, ContextType>;
};

export type TrackingEntryResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['TrackingEntry'] = ResolversParentTypes['TrackingEntry']> = {
  at?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  changed?: Resolver<ReadonlyArray<ResolversTypes['String']>, ParentType, ContextType>;
  revision?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  source?: Resolver<ResolversTypes['TrackingSource'], ParentType, ContextType>;
  state?: Resolver<ResolversTypes['TrackingState'], ParentType, ContextType>;
};

export type TrackingErrorResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['TrackingError'] = ResolversParentTypes['TrackingError']> = {
  at?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  code?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type TrackingRefusalResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['TrackingRefusal'] = ResolversParentTypes['TrackingRefusal']> = {
  code?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  graph?: Resolver<Maybe<ResolversTypes['GraphAnswer']>, ParentType, ContextType>;
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type UserResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['User'] = ResolversParentTypes['User']> = {
  accountEnabled?: Resolver<Maybe<ResolversTypes['Boolean']>, ParentType, ContextType>;
  createdDateTime?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  displayName?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  externalUserState?: Resolver<Maybe<ResolversTypes['ExternalUserState']>, ParentType, ContextType>;
  externalUserStateChangeDateTime?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  id?: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  mail?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  userPrincipalName?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  userType?: Resolver<Maybe<ResolversTypes['UserType']>, ParentType, ContextType>;
};

export type Resolvers<ContextType = GraphQLContext> = {
  CreateInvitationsError?: CreateInvitationsErrorResolvers<ContextType>;
  CreateInvitationsPayload?: CreateInvitationsPayloadResolvers<ContextType>;
  CreateInvitationsResult?: CreateInvitationsResultResolvers<ContextType>;
  DateTime?: GraphQLScalarType;
  EmailAddress?: EmailAddressResolvers<ContextType>;
  Gateway?: GatewayResolvers<ContextType>;
  GraphAnswer?: GraphAnswerResolvers<ContextType>;
  Identity?: IdentityResolvers<ContextType>;
  IdentitySet?: IdentitySetResolvers<ContextType>;
  Invitation?: InvitationResolvers<ContextType>;
  InvitationConnection?: InvitationConnectionResolvers<ContextType>;
  InvitationCounts?: InvitationCountsResolvers<ContextType>;
  InvitationEdge?: InvitationEdgeResolvers<ContextType>;
  InvitationParticipantInfo?: InvitationParticipantInfoResolvers<ContextType>;
  InvitationsUpdate?: InvitationsUpdateResolvers<ContextType>;
  InviteParticipantsOperation?: InviteParticipantsOperationResolvers<ContextType>;
  InviteParticipantsOperationConnection?: InviteParticipantsOperationConnectionResolvers<ContextType>;
  InviteParticipantsOperationEdge?: InviteParticipantsOperationEdgeResolvers<ContextType>;
  InvitedUserMessageInfo?: InvitedUserMessageInfoResolvers<ContextType>;
  Mutation?: MutationResolvers<ContextType>;
  PageInfo?: PageInfoResolvers<ContextType>;
  Query?: QueryResolvers<ContextType>;
  Recipient?: RecipientResolvers<ContextType>;
  ResultInfo?: ResultInfoResolvers<ContextType>;
  Subscription?: SubscriptionResolvers<ContextType>;
  Tracking?: TrackingResolvers<ContextType>;
  TrackingEntry?: TrackingEntryResolvers<ContextType>;
  TrackingError?: TrackingErrorResolvers<ContextType>;
  TrackingRefusal?: TrackingRefusalResolvers<ContextType>;
  User?: UserResolvers<ContextType>;
};

export type DirectiveResolvers<ContextType = GraphQLContext> = {
  authenticated?: AuthenticatedDirectiveResolver<any, any, ContextType>;
  cost?: CostDirectiveResolver<any, any, ContextType>;
  listSize?: ListSizeDirectiveResolver<any, any, ContextType>;
  requiresScopes?: RequiresScopesDirectiveResolver<any, any, ContextType>;
};
