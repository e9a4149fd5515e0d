// Invitations of participants to a call.
import type { Resolvers } from '../src/generated/graphql.ts';
import type { OperationRecord } from '../src/tracking/record.ts';
import { loadConnection } from './connection.ts';

const kind = 'inviteParticipantsOperation';

export const operationResolvers: Resolvers = {
  Query: {
    inviteParticipantsOperation: async (_, { callId, id }, { records, caller }) =>
      ((await records.find(kind, caller, id, callId)) as OperationRecord | undefined) ?? null,
    inviteParticipantsOperations: (_, { filter, ...page }, context) =>
      loadConnection<OperationRecord>(
        context,
        {
          kind,
          ...(filter?.state ? { states: filter.state } : {}),
          ...(typeof filter?.callId === 'string' ? { callId: filter.callId } : {}),
        },
        page,
      ),
  },
  Mutation: {
    inviteParticipants: (_, { callId, input }, { tracker, caller }) =>
      tracker.inviteParticipants(callId, input, caller),
  },
  Subscription: {
    inviteParticipantsOperationUpdated: {
      subscribe: (_, { callId, id, afterRevision }, { feed, caller }) =>
        feed.watchRecord(kind, caller, { id, callId, afterRevision }) as never,
      resolve: (record: OperationRecord) => record,
    },
    inviteParticipantsOperationsUpdated: {
      subscribe: (_, { callId }, { feed, caller }) => feed.watchCall(caller, callId) as never,
      resolve: (record: OperationRecord) => record,
    },
  },
  InviteParticipantsOperation: {
    id: ({ graphId }) => graphId,
    clientContext: ({ payload }) => payload.clientContext ?? null,
    resultInfo: ({ payload }) => payload.resultInfo ?? null,
    status: ({ payload }) => payload.status ?? null,
    participants: ({ payload }) => payload.participants ?? null,
    createdDateTime: ({ payload }) => payload.createdDateTime ?? null,
    lastActionDateTime: ({ payload }) => payload.lastActionDateTime ?? null,
    tracking: (record) => record,
  },
};
