/** How operations and participants of calls are printed. */
import type { CallOperation } from './call-operations.ts';
import type { InvitedParticipant } from './participant-input.ts';
import type { RandomIds } from './random-ids.ts';

export type PrintedOperation = Pick<CallOperation, 'clientContext' | 'status' | 'resultInfo' | 'participants'> & {
  id: string | null;
};

/** The operation as an answer or a notification holds it. */
export function printOperation(operation: PrintedOperation): Record<string, unknown> {
  const { id, clientContext, status, resultInfo, participants } = operation;
  const type = '#microsoft.graph.inviteParticipantsOperation';
  return { '@odata.type': type, id, clientContext, status, resultInfo, participants };
}

/** Whom the operation brought into the call. Hidden participants are in the call, but not on its roster. */
export function rosterOf(operation: CallOperation, ids: RandomIds): Record<string, unknown>[] {
  return operation.participants.flatMap((participant, index) =>
    participant['hidden'] === true
      ? []
      : [
          {
            id: ids.idOf(`${operation.id}:${index}`),
            info: infoOf(participant),
            isInLobby: false,
            isMuted: false,
            mediaStreams: [],
            metadata: null,
            recordingInfo: null,
            removedState: null,
            restrictedExperience: null,
            rosterSequenceNumber: index + 1,
          },
        ],
  );
}

function infoOf({ identity }: InvitedParticipant): Record<string, unknown> {
  return {
    identity,
    endpointType: 'default',
    participantId: null,
    countryCode: null,
    region: null,
    languageId: null,
  };
}
