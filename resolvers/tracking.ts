// What the gateway knows about a resource, beside Graph's own members.
import { refuseInput } from '../src/errors.ts';
import type { Resolvers } from '../src/generated/graphql.ts';
import type { Reason, RecordKind } from '../src/tracking/record.ts';

const DEFAULT_LAST = 20;
const MAX_LAST = 100;

/** What would settle an unknown outcome after all. */
const evidence: { [Kind in RecordKind]: { [Why in Reason]?: string } } = {
  invitation: {
    ambiguous: 'A guest with the invited address who appears in the directory, created after the request.',
    deadlineExceeded: 'The guest redeeming the invitation, or being deleted from the directory.',
  },
  inviteParticipantsOperation: {
    ambiguous: 'A notification of the call that carries the clientContext of the request.',
    goneFromGraph: 'A notification of the call that tells how the operation ended.',
    deadlineExceeded: 'A notification of the call that tells how the operation ended.',
  },
};

export const trackingResolvers: Resolvers = {
  Tracking: {
    nextPollAt: ({ dueAt }) => dueAt,
    settledBy: (record) =>
      record.state === 'unknown' && record.reason ? (evidence[record.kind][record.reason] ?? null) : null,
    history: ({ id }, { last }, { loaders }) => {
      const count = last ?? DEFAULT_LAST;
      if (count < 1 || count > MAX_LAST) {
        refuseInput('last', `${count} is out of range. Ask for 1 to ${MAX_LAST}.`);
      }
      return loaders.history(id, count);
    },
  },
  TrackingRefusal: {
    graph: ({ extensions }) => extensions.graph ?? null,
  },
  TrackingEntry: {
    at: ({ changedAt }) => changedAt,
  },
};
