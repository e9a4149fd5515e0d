/* eslint-disable */
import * as types from './graphql.js';
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';

/**
 * Map of all GraphQL operations in the project.
 *
 * This map has several performance disadvantages:
 * 1. It is not tree-shakeable, so it will include all operations in the project.
 * 2. It is not minifiable, so the string of a GraphQL query will be multiple times inside the bundle.
 * 3. It does not support dead code elimination, so it will add unused operations.
 *
 * Therefore it is highly recommended to use the babel or swc plugin for production.
 * Learn more about it here: https://the-guild.dev/graphql/codegen/plugins/presets/preset-client#reducing-bundle-size
 */
type Documents = {
    "mutation CreateInvitation($input: CreateInvitationInput!) {\n  createInvitation(input: $input) {\n    id\n    status\n    inviteRedeemUrl\n    invitedUser {\n      id\n      userPrincipalName\n    }\n    tracking {\n      id\n      state\n      revision\n    }\n  }\n}": typeof types.CreateInvitationDocument,
    "mutation CreateInvitations($inputs: [CreateInvitationInput!]!) {\n  createInvitations(inputs: $inputs) {\n    bulkId\n    results {\n      invitation {\n        invitedUserEmailAddress\n        tracking {\n          id\n          state\n        }\n      }\n      error {\n        code\n        message\n        field\n      }\n    }\n  }\n}": typeof types.CreateInvitationsDocument,
    "query Gateway {\n  gateway {\n    version\n    mode\n    graph\n    pollLagMs\n  }\n}": typeof types.GatewayDocument,
    "query Invitation($id: ID!) {\n  invitation(id: $id) {\n    id\n    invitedUserEmailAddress\n    status\n    invitedUser {\n      id\n      displayName\n      externalUserState\n      externalUserStateChangeDateTime\n    }\n    tracking {\n      state\n      reason\n      revision\n      observedAt\n      nextPollAt\n      history(last: 5) {\n        revision\n        at\n        source\n        changed\n      }\n    }\n  }\n}": typeof types.InvitationDocument,
    "subscription InvitationUpdated($id: ID!, $afterRevision: Int) {\n  invitationUpdated(id: $id, afterRevision: $afterRevision) {\n    id\n    status\n    invitedUser {\n      externalUserState\n      externalUserStateChangeDateTime\n    }\n    tracking {\n      state\n      reason\n      revision\n    }\n  }\n}": typeof types.InvitationUpdatedDocument,
    "query Invitations($filter: InvitationFilter, $first: Int, $after: String) {\n  invitations(filter: $filter, first: $first, after: $after) {\n    nodes {\n      id\n      invitedUserEmailAddress\n      status\n      invitedUser {\n        externalUserState\n      }\n      tracking {\n        id\n        state\n      }\n    }\n    pageInfo {\n      hasNextPage\n      endCursor\n    }\n  }\n}": typeof types.InvitationsDocument,
    "subscription InvitationsUpdated($bulkId: ID!) {\n  invitationsUpdated(bulkId: $bulkId) {\n    invitation {\n      id\n      invitedUserEmailAddress\n      status\n      tracking {\n        id\n        state\n        reason\n        revision\n        refusal {\n          code\n          message\n        }\n      }\n    }\n    counts {\n      total\n      submitting\n      active\n      settled\n      unknown\n      refused\n    }\n  }\n}": typeof types.InvitationsUpdatedDocument,
    "mutation InviteParticipants($callId: ID!, $input: InviteParticipantsInput!) {\n  inviteParticipants(callId: $callId, input: $input) {\n    id\n    status\n    clientContext\n    tracking {\n      id\n      state\n      revision\n    }\n  }\n}": typeof types.InviteParticipantsDocument,
    "query InviteParticipantsOperation($callId: ID!, $id: ID!) {\n  inviteParticipantsOperation(callId: $callId, id: $id) {\n    id\n    status\n    resultInfo {\n      code\n      subcode\n      message\n    }\n    participants {\n      identity {\n        user {\n          id\n          displayName\n        }\n        phone {\n          id\n        }\n      }\n    }\n    tracking {\n      state\n      reason\n      revision\n    }\n  }\n}": typeof types.InviteParticipantsOperationDocument,
    "subscription InviteParticipantsOperationUpdated($callId: ID!, $id: ID!, $afterRevision: Int) {\n  inviteParticipantsOperationUpdated(\n    callId: $callId\n    id: $id\n    afterRevision: $afterRevision\n  ) {\n    id\n    status\n    resultInfo {\n      code\n      subcode\n      message\n    }\n    tracking {\n      state\n      reason\n      revision\n    }\n  }\n}": typeof types.InviteParticipantsOperationUpdatedDocument,
    "query InviteParticipantsOperations($filter: InviteParticipantsOperationFilter, $first: Int, $after: String) {\n  inviteParticipantsOperations(filter: $filter, first: $first, after: $after) {\n    nodes {\n      id\n      status\n      tracking {\n        id\n        callId\n        state\n      }\n    }\n    pageInfo {\n      hasNextPage\n      endCursor\n    }\n  }\n}": typeof types.InviteParticipantsOperationsDocument,
    "subscription InviteParticipantsOperationsUpdated($callId: ID!) {\n  inviteParticipantsOperationsUpdated(callId: $callId) {\n    id\n    status\n    resultInfo {\n      code\n      message\n    }\n    tracking {\n      id\n      state\n      revision\n    }\n  }\n}": typeof types.InviteParticipantsOperationsUpdatedDocument,
};
const documents: Documents = {
    "mutation CreateInvitation($input: CreateInvitationInput!) {\n  createInvitation(input: $input) {\n    id\n    status\n    inviteRedeemUrl\n    invitedUser {\n      id\n      userPrincipalName\n    }\n    tracking {\n      id\n      state\n      revision\n    }\n  }\n}": types.CreateInvitationDocument,
    "mutation CreateInvitations($inputs: [CreateInvitationInput!]!) {\n  createInvitations(inputs: $inputs) {\n    bulkId\n    results {\n      invitation {\n        invitedUserEmailAddress\n        tracking {\n          id\n          state\n        }\n      }\n      error {\n        code\n        message\n        field\n      }\n    }\n  }\n}": types.CreateInvitationsDocument,
    "query Gateway {\n  gateway {\n    version\n    mode\n    graph\n    pollLagMs\n  }\n}": types.GatewayDocument,
    "query Invitation($id: ID!) {\n  invitation(id: $id) {\n    id\n    invitedUserEmailAddress\n    status\n    invitedUser {\n      id\n      displayName\n      externalUserState\n      externalUserStateChangeDateTime\n    }\n    tracking {\n      state\n      reason\n      revision\n      observedAt\n      nextPollAt\n      history(last: 5) {\n        revision\n        at\n        source\n        changed\n      }\n    }\n  }\n}": types.InvitationDocument,
    "subscription InvitationUpdated($id: ID!, $afterRevision: Int) {\n  invitationUpdated(id: $id, afterRevision: $afterRevision) {\n    id\n    status\n    invitedUser {\n      externalUserState\n      externalUserStateChangeDateTime\n    }\n    tracking {\n      state\n      reason\n      revision\n    }\n  }\n}": types.InvitationUpdatedDocument,
    "query Invitations($filter: InvitationFilter, $first: Int, $after: String) {\n  invitations(filter: $filter, first: $first, after: $after) {\n    nodes {\n      id\n      invitedUserEmailAddress\n      status\n      invitedUser {\n        externalUserState\n      }\n      tracking {\n        id\n        state\n      }\n    }\n    pageInfo {\n      hasNextPage\n      endCursor\n    }\n  }\n}": types.InvitationsDocument,
    "subscription InvitationsUpdated($bulkId: ID!) {\n  invitationsUpdated(bulkId: $bulkId) {\n    invitation {\n      id\n      invitedUserEmailAddress\n      status\n      tracking {\n        id\n        state\n        reason\n        revision\n        refusal {\n          code\n          message\n        }\n      }\n    }\n    counts {\n      total\n      submitting\n      active\n      settled\n      unknown\n      refused\n    }\n  }\n}": types.InvitationsUpdatedDocument,
    "mutation InviteParticipants($callId: ID!, $input: InviteParticipantsInput!) {\n  inviteParticipants(callId: $callId, input: $input) {\n    id\n    status\n    clientContext\n    tracking {\n      id\n      state\n      revision\n    }\n  }\n}": types.InviteParticipantsDocument,
    "query InviteParticipantsOperation($callId: ID!, $id: ID!) {\n  inviteParticipantsOperation(callId: $callId, id: $id) {\n    id\n    status\n    resultInfo {\n      code\n      subcode\n      message\n    }\n    participants {\n      identity {\n        user {\n          id\n          displayName\n        }\n        phone {\n          id\n        }\n      }\n    }\n    tracking {\n      state\n      reason\n      revision\n    }\n  }\n}": types.InviteParticipantsOperationDocument,
    "subscription InviteParticipantsOperationUpdated($callId: ID!, $id: ID!, $afterRevision: Int) {\n  inviteParticipantsOperationUpdated(\n    callId: $callId\n    id: $id\n    afterRevision: $afterRevision\n  ) {\n    id\n    status\n    resultInfo {\n      code\n      subcode\n      message\n    }\n    tracking {\n      state\n      reason\n      revision\n    }\n  }\n}": types.InviteParticipantsOperationUpdatedDocument,
    "query InviteParticipantsOperations($filter: InviteParticipantsOperationFilter, $first: Int, $after: String) {\n  inviteParticipantsOperations(filter: $filter, first: $first, after: $after) {\n    nodes {\n      id\n      status\n      tracking {\n        id\n        callId\n        state\n      }\n    }\n    pageInfo {\n      hasNextPage\n      endCursor\n    }\n  }\n}": types.InviteParticipantsOperationsDocument,
    "subscription InviteParticipantsOperationsUpdated($callId: ID!) {\n  inviteParticipantsOperationsUpdated(callId: $callId) {\n    id\n    status\n    resultInfo {\n      code\n      message\n    }\n    tracking {\n      id\n      state\n      revision\n    }\n  }\n}": types.InviteParticipantsOperationsUpdatedDocument,
};

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 *
 *
 * @example
 * ```ts
 * const query = graphql(`query GetUser($id: ID!) { user(id: $id) { name } }`);
 * ```
 *
 * The query argument is unknown!
 * Please regenerate the types.
 */
export function graphql(source: string): unknown;

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation CreateInvitation($input: CreateInvitationInput!) {\n  createInvitation(input: $input) {\n    id\n    status\n    inviteRedeemUrl\n    invitedUser {\n      id\n      userPrincipalName\n    }\n    tracking {\n      id\n      state\n      revision\n    }\n  }\n}"): (typeof documents)["mutation CreateInvitation($input: CreateInvitationInput!) {\n  createInvitation(input: $input) {\n    id\n    status\n    inviteRedeemUrl\n    invitedUser {\n      id\n      userPrincipalName\n    }\n    tracking {\n      id\n      state\n      revision\n    }\n  }\n}"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation CreateInvitations($inputs: [CreateInvitationInput!]!) {\n  createInvitations(inputs: $inputs) {\n    bulkId\n    results {\n      invitation {\n        invitedUserEmailAddress\n        tracking {\n          id\n          state\n        }\n      }\n      error {\n        code\n        message\n        field\n      }\n    }\n  }\n}"): (typeof documents)["mutation CreateInvitations($inputs: [CreateInvitationInput!]!) {\n  createInvitations(inputs: $inputs) {\n    bulkId\n    results {\n      invitation {\n        invitedUserEmailAddress\n        tracking {\n          id\n          state\n        }\n      }\n      error {\n        code\n        message\n        field\n      }\n    }\n  }\n}"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query Gateway {\n  gateway {\n    version\n    mode\n    graph\n    pollLagMs\n  }\n}"): (typeof documents)["query Gateway {\n  gateway {\n    version\n    mode\n    graph\n    pollLagMs\n  }\n}"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query Invitation($id: ID!) {\n  invitation(id: $id) {\n    id\n    invitedUserEmailAddress\n    status\n    invitedUser {\n      id\n      displayName\n      externalUserState\n      externalUserStateChangeDateTime\n    }\n    tracking {\n      state\n      reason\n      revision\n      observedAt\n      nextPollAt\n      history(last: 5) {\n        revision\n        at\n        source\n        changed\n      }\n    }\n  }\n}"): (typeof documents)["query Invitation($id: ID!) {\n  invitation(id: $id) {\n    id\n    invitedUserEmailAddress\n    status\n    invitedUser {\n      id\n      displayName\n      externalUserState\n      externalUserStateChangeDateTime\n    }\n    tracking {\n      state\n      reason\n      revision\n      observedAt\n      nextPollAt\n      history(last: 5) {\n        revision\n        at\n        source\n        changed\n      }\n    }\n  }\n}"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "subscription InvitationUpdated($id: ID!, $afterRevision: Int) {\n  invitationUpdated(id: $id, afterRevision: $afterRevision) {\n    id\n    status\n    invitedUser {\n      externalUserState\n      externalUserStateChangeDateTime\n    }\n    tracking {\n      state\n      reason\n      revision\n    }\n  }\n}"): (typeof documents)["subscription InvitationUpdated($id: ID!, $afterRevision: Int) {\n  invitationUpdated(id: $id, afterRevision: $afterRevision) {\n    id\n    status\n    invitedUser {\n      externalUserState\n      externalUserStateChangeDateTime\n    }\n    tracking {\n      state\n      reason\n      revision\n    }\n  }\n}"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query Invitations($filter: InvitationFilter, $first: Int, $after: String) {\n  invitations(filter: $filter, first: $first, after: $after) {\n    nodes {\n      id\n      invitedUserEmailAddress\n      status\n      invitedUser {\n        externalUserState\n      }\n      tracking {\n        id\n        state\n      }\n    }\n    pageInfo {\n      hasNextPage\n      endCursor\n    }\n  }\n}"): (typeof documents)["query Invitations($filter: InvitationFilter, $first: Int, $after: String) {\n  invitations(filter: $filter, first: $first, after: $after) {\n    nodes {\n      id\n      invitedUserEmailAddress\n      status\n      invitedUser {\n        externalUserState\n      }\n      tracking {\n        id\n        state\n      }\n    }\n    pageInfo {\n      hasNextPage\n      endCursor\n    }\n  }\n}"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "subscription InvitationsUpdated($bulkId: ID!) {\n  invitationsUpdated(bulkId: $bulkId) {\n    invitation {\n      id\n      invitedUserEmailAddress\n      status\n      tracking {\n        id\n        state\n        reason\n        revision\n        refusal {\n          code\n          message\n        }\n      }\n    }\n    counts {\n      total\n      submitting\n      active\n      settled\n      unknown\n      refused\n    }\n  }\n}"): (typeof documents)["subscription InvitationsUpdated($bulkId: ID!) {\n  invitationsUpdated(bulkId: $bulkId) {\n    invitation {\n      id\n      invitedUserEmailAddress\n      status\n      tracking {\n        id\n        state\n        reason\n        revision\n        refusal {\n          code\n          message\n        }\n      }\n    }\n    counts {\n      total\n      submitting\n      active\n      settled\n      unknown\n      refused\n    }\n  }\n}"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation InviteParticipants($callId: ID!, $input: InviteParticipantsInput!) {\n  inviteParticipants(callId: $callId, input: $input) {\n    id\n    status\n    clientContext\n    tracking {\n      id\n      state\n      revision\n    }\n  }\n}"): (typeof documents)["mutation InviteParticipants($callId: ID!, $input: InviteParticipantsInput!) {\n  inviteParticipants(callId: $callId, input: $input) {\n    id\n    status\n    clientContext\n    tracking {\n      id\n      state\n      revision\n    }\n  }\n}"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query InviteParticipantsOperation($callId: ID!, $id: ID!) {\n  inviteParticipantsOperation(callId: $callId, id: $id) {\n    id\n    status\n    resultInfo {\n      code\n      subcode\n      message\n    }\n    participants {\n      identity {\n        user {\n          id\n          displayName\n        }\n        phone {\n          id\n        }\n      }\n    }\n    tracking {\n      state\n      reason\n      revision\n    }\n  }\n}"): (typeof documents)["query InviteParticipantsOperation($callId: ID!, $id: ID!) {\n  inviteParticipantsOperation(callId: $callId, id: $id) {\n    id\n    status\n    resultInfo {\n      code\n      subcode\n      message\n    }\n    participants {\n      identity {\n        user {\n          id\n          displayName\n        }\n        phone {\n          id\n        }\n      }\n    }\n    tracking {\n      state\n      reason\n      revision\n    }\n  }\n}"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "subscription InviteParticipantsOperationUpdated($callId: ID!, $id: ID!, $afterRevision: Int) {\n  inviteParticipantsOperationUpdated(\n    callId: $callId\n    id: $id\n    afterRevision: $afterRevision\n  ) {\n    id\n    status\n    resultInfo {\n      code\n      subcode\n      message\n    }\n    tracking {\n      state\n      reason\n      revision\n    }\n  }\n}"): (typeof documents)["subscription InviteParticipantsOperationUpdated($callId: ID!, $id: ID!, $afterRevision: Int) {\n  inviteParticipantsOperationUpdated(\n    callId: $callId\n    id: $id\n    afterRevision: $afterRevision\n  ) {\n    id\n    status\n    resultInfo {\n      code\n      subcode\n      message\n    }\n    tracking {\n      state\n      reason\n      revision\n    }\n  }\n}"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query InviteParticipantsOperations($filter: InviteParticipantsOperationFilter, $first: Int, $after: String) {\n  inviteParticipantsOperations(filter: $filter, first: $first, after: $after) {\n    nodes {\n      id\n      status\n      tracking {\n        id\n        callId\n        state\n      }\n    }\n    pageInfo {\n      hasNextPage\n      endCursor\n    }\n  }\n}"): (typeof documents)["query InviteParticipantsOperations($filter: InviteParticipantsOperationFilter, $first: Int, $after: String) {\n  inviteParticipantsOperations(filter: $filter, first: $first, after: $after) {\n    nodes {\n      id\n      status\n      tracking {\n        id\n        callId\n        state\n      }\n    }\n    pageInfo {\n      hasNextPage\n      endCursor\n    }\n  }\n}"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "subscription InviteParticipantsOperationsUpdated($callId: ID!) {\n  inviteParticipantsOperationsUpdated(callId: $callId) {\n    id\n    status\n    resultInfo {\n      code\n      message\n    }\n    tracking {\n      id\n      state\n      revision\n    }\n  }\n}"): (typeof documents)["subscription InviteParticipantsOperationsUpdated($callId: ID!) {\n  inviteParticipantsOperationsUpdated(callId: $callId) {\n    id\n    status\n    resultInfo {\n      code\n      message\n    }\n    tracking {\n      id\n      state\n      revision\n    }\n  }\n}"];

export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}

export type DocumentType<TDocumentNode extends DocumentNode<any, any>> = TDocumentNode extends DocumentNode<  infer TType,  any>  ? TType  : never;