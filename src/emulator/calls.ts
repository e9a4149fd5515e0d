/** The routes of `/communications/calls`: every well-formed call id is an established group call. */
import type { CallOperation, CallOperations } from './call-operations.ts';
import { GraphRefusal, json, type GraphRequest } from './graph-answer.ts';
import type { GraphHandler } from './graph-routes.ts';
import { readParticipantsInput } from './participant-input.ts';
import type { RandomIds } from './random-ids.ts';

export interface Calls {
  invite: GraphHandler;
  get: GraphHandler;
  operation: GraphHandler;
  operations: GraphHandler;
  participants: GraphHandler;
}

const CALL_ID = /^\S{1,256}$/;
const OPERATION_TYPE = '#microsoft.graph.inviteParticipantsOperation';

/** Graph's answer about a call it does not know: the code is a number in words. */
export function callNotFound(): GraphRefusal {
  return new GraphRefusal(404, '8522', 'Call not found.');
}

/** Graph's answer about an operation it does not know, or no longer. */
export function operationNotFound(): GraphRefusal {
  return new GraphRefusal(404, 'UnknownError', 'Operation not found.');
}

export function createCalls({ operations, ids }: { operations: CallOperations; ids: RandomIds }): Calls {
  return {
    invite(request, callId) {
      requireCall(callId);
      const input = readParticipantsInput(request.body);
      const id = operations.start(callId, input);
      return json(
        200,
        // Only this first answer spells the status in PascalCase.
        toBody({ ...input, id, status: 'Running', resultInfo: null }),
        { Location: `${request.root}/communications/calls/${encodeURIComponent(callId)}/operations/${id}` },
      );
    },

    get(request, callId) {
      requireCall(callId);
      return json(200, {
        '@odata.context': `${request.root}/$metadata#communications/calls/$entity`,
        ...callOf(callId, ids),
      });
    },

    operation(request, callId, operationId) {
      requireCall(callId);
      const operation = operations.byId(operationId);
      if (!operation || operation.callId !== callId || operation.gone) throw operationNotFound();
      return json(200, { '@odata.context': `${contextOf(request, callId)}/operations/$entity`, ...toBody(operation) });
    },

    operations(request, callId) {
      requireCall(callId);
      const value = operations
        .ofCall(callId)
        .filter(({ gone }) => !gone)
        .map(toBody);
      return json(200, { '@odata.context': `${contextOf(request, callId)}/operations`, value });
    },

    participants(request, callId) {
      requireCall(callId);
      const value = operations
        .ofCall(callId)
        .filter(({ status }) => status.toLowerCase() === 'completed')
        .flatMap((operation) => rosterOf(operation, ids));
      return json(200, { '@odata.context': `${contextOf(request, callId)}/participants`, value });
    },
  };
}

function requireCall(callId: string): void {
  if (!CALL_ID.test(callId)) throw callNotFound();
}

function contextOf(request: GraphRequest, callId: string): string {
  return `${request.root}/$metadata#communications/calls('${encodeURIComponent(callId)}')`;
}

type PrintedOperation = Pick<CallOperation, 'id' | 'clientContext' | 'status' | 'resultInfo' | 'participants'>;

function toBody({ id, clientContext, status, resultInfo, participants }: PrintedOperation): Record<string, unknown> {
  return { '@odata.type': OPERATION_TYPE, id, clientContext, status, resultInfo, participants };
}

function callOf(callId: string, ids: RandomIds): Record<string, unknown> {
  return {
    '@odata.type': '#microsoft.graph.call',
    id: callId,
    state: 'established',
    direction: 'outgoing',
    subject: null,
    callbackUri: 'https://bot.contoso.com/callback',
    callChainId: ids.idOf(`chain:${callId}`),
    myParticipantId: ids.idOf(`me:${callId}`),
    tenantId: ids.idOf('tenant'),
    requestedModalities: ['audio'],
    resultInfo: null,
    chatInfo: {
      '@odata.type': '#microsoft.graph.chatInfo',
      threadId: `19:meeting_${ids.idOf(callId)}@thread.v2`,
      messageId: '0',
      replyChainMessageId: null,
    },
  };
}

/** Hidden participants are in the call, but not on its roster. */
function rosterOf(operation: CallOperation, ids: RandomIds): Record<string, unknown>[] {
  return operation.participants.flatMap((participant, index) =>
    participant['hidden'] === true
      ? []
      : [
          {
            id: ids.idOf(`${operation.id}:${index}`),
            info: {
              identity: participant.identity,
              endpointType: 'default',
              participantId: null,
              countryCode: null,
              region: null,
              languageId: null,
            },
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
