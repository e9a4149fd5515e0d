// What the gateway knows about a resource, beside Graph's own members.
import { refuseInput } from '../src/errors.ts';
import type { Resolvers } from '../src/generated/graphql.ts';

const DEFAULT_LAST = 20;
const MAX_LAST = 100;

export const trackingResolvers: Resolvers = {
  Tracking: {
    nextPollAt: ({ dueAt }) => dueAt,
    history: ({ id }, { last }, { loaders }) => {
      const count = last ?? DEFAULT_LAST;
      if (count < 1 || count > MAX_LAST) {
        refuseInput('last', `${count} is out of range. Ask for 1 to ${MAX_LAST}.`);
      }
      return loaders.history(id, count);
    },
  },
  TrackingEntry: {
    at: ({ changedAt }) => changedAt,
  },
};
