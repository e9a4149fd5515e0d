// Guest invitations.
import type { Resolvers } from '../src/generated/graphql.ts';
import type { BulkUpdate } from '../src/tracking/bulk-updates.ts';
import { isOwnedBy, type InvitationRecord } from '../src/tracking/record.ts';
import { loadConnection } from './connection.ts';

const kind = 'invitation';

export const invitationResolvers: Resolvers = {
  Query: {
    invitation: async (_, { id }, { records, caller }) =>
      ((await records.find(kind, caller, id)) as InvitationRecord | undefined) ?? null,
    invitations: (_, { filter, ...page }, context) =>
      loadConnection<InvitationRecord>(
        context,
        {
          kind,
          ...(filter?.state ? { states: filter.state } : {}),
          ...(typeof filter?.invitedUserEmailAddress === 'string'
            ? { invitedUserEmailAddress: filter.invitedUserEmailAddress }
            : {}),
        },
        page,
      ),
  },
  Mutation: {
    createInvitation: (_, { input }, { tracker, caller }) => tracker.createInvitation(input, caller),
    createInvitations: (_, { inputs }, { tracker, caller }) => tracker.createInvitations(inputs, caller),
  },
  Subscription: {
    invitationUpdated: {
      subscribe: (_, { id, afterRevision }, { feed, caller }) =>
        feed.watchRecord(kind, caller, { id, afterRevision }) as never,
      resolve: (record: InvitationRecord) => record,
    },
    invitationsUpdated: {
      subscribe: (_, { bulkId }, { feed, caller }) => feed.watchBulk(caller, bulkId) as never,
      resolve: (update: BulkUpdate) => update,
    },
  },
  CreateInvitationsResult: {
    invitation: (result) => ('invitation' in result ? result.invitation : null),
    error(result) {
      if (!('error' in result)) return null;
      const { code, message, extensions } = result.error;
      return { code, message, field: (extensions['field'] as string | undefined) ?? null };
    },
  },
  Invitation: {
    id: ({ graphId }) => graphId,
    invitedUserDisplayName: ({ payload }) => payload.invitedUserDisplayName ?? null,
    invitedUserEmailAddress: ({ payload }) => payload.invitedUserEmailAddress ?? null,
    invitedUserMessageInfo: ({ payload }) => payload.invitedUserMessageInfo ?? null,
    invitedUserType: ({ payload }) => payload.invitedUserType ?? null,
    // Who has it is the guest: it goes to the one who invited, and not to everybody who may watch.
    inviteRedeemUrl: (record, _, { caller }) =>
      isOwnedBy(record, caller) ? (record.payload.inviteRedeemUrl ?? null) : null,
    inviteRedirectUrl: ({ payload }) => payload.inviteRedirectUrl ?? null,
    resetRedemption: ({ payload }) => payload.resetRedemption ?? null,
    sendInvitationMessage: ({ payload }) => payload.sendInvitationMessage ?? null,
    status: ({ payload }) => payload.status ?? null,
    // These members belong to the record and are not read anew: null until they were heard of.
    // Nothing is read of whom Graph did not name: until it has answered a reset, the user is whom the caller wrote.
    invitedUser: ({ graphId, request, payload: { invitedUser } }) =>
      invitedUser && (graphId !== null || request.resetRedemption !== true)
        ? { userPrincipalName: null, externalUserState: null, externalUserStateChangeDateTime: null, ...invitedUser }
        : null,
    invitedUserSponsors: ({ payload }) => payload.invitedUserSponsors ?? null,
    tracking: (record) => record,
  },
};
