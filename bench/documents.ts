// The documents that all servers are asked, with the members that a frontend shows of an operation.
import { invitation } from './graph.ts';
import type { Question } from './http-load.ts';

const FIELDS = `id status clientContext createdDateTime lastActionDateTime
  resultInfo { code subcode message }
  participants {
    hidden participantId replacesCallId removeFromDefaultAudioRoutingGroup
    identity { user { id displayName } phone { id displayName } guest { id displayName } }
  }`;

export const QUERY = `query InviteParticipantsOperation($callId: ID!, $id: ID!) {
  inviteParticipantsOperation(callId: $callId, id: $id) { ${FIELDS} }
}`;

export const SUBSCRIPTION = `subscription InviteParticipantsOperationUpdated($callId: ID!, $id: ID!) {
  inviteParticipantsOperationUpdated(callId: $callId, id: $id) { ${FIELDS} tracking { id state revision } }
}`;

const MUTATION = `mutation InviteParticipants($callId: ID!, $input: InviteParticipantsInput!) {
  inviteParticipants(callId: $callId, input: $input) { id status clientContext }
}`;

/** Where an operation is. */
export interface Place {
  callId: string;
  id: string;
}

/** @returns the mutation, and what says whether it was done */
export function askToInvite(callId: string, onDone: (id: string) => void = () => {}): Question {
  return {
    body: JSON.stringify({ query: MUTATION, variables: { callId, input: invitation } }),
    check(text) {
      const { data } = JSON.parse(text) as { data?: { inviteParticipants?: { id?: string; status?: string } } };
      const { id, status } = data?.inviteParticipants ?? {};
      if (!id || status !== 'running') return text.slice(0, 300);
      onDone(id);
      return undefined;
    },
  };
}
