// The gateway itself.
import type { Resolvers } from '../src/generated/graphql.ts';

export const gatewayResolvers: Resolvers = {
  Query: {
    gateway: (_, __, { status }) => status,
  },
  Gateway: {
    graph: (status) => status.graph(),
    pollLagMs: (status) => status.pollLagMs(),
  },
};
