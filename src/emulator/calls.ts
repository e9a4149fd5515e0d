/** The routes of `/communications/calls`: every well-formed call id is an established group call. */
import type { CallOperations } from './call-operations.ts';
import { printOperation, rosterOf } from './call-roster.ts';
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

/** Graph's answer about a call it does not know: the code is a number in words. */
export function callNotFound(): GraphRefusal {
  return new GraphRefusal(404, '8522', 'Call not found.');
}

/** Graph's answer about an operation it does not know, or no longer. */
export function operationNotFound(): GraphRefusal {
  return new GraphRefusal(404, 'UnknownError', 'Operation not found.');
}

export interface CallsOptions {
  operations: CallOperations;
  settings: { tenantId: string };
  ids: RandomIds;
  /** Called whenever an operation has started. */
  onStart: () => void;
}

export function createCalls({ operations, settings, ids, onStart }: CallsOptions): Calls {
  return {
    invite(request, callId) {
      requireCall(callId);
      const input = readParticipantsInput(request.body);
      const id = operations.start(callId, input);
      onStart();
      return json(
        200,
        // Only this first answer spells the status in PascalCase.
        printOperation({ ...input, id, status: 'Running', resultInfo: null }),
        { Location: `${request.root}/communications/calls/${encodeURIComponent(callId)}/operations/${id}` },
      );
    },

    get(request, callId) {
      requireCall(callId);
      return json(200, {
        '@odata.context': `${request.root}/$metadata#communications/calls/$entity`,
        ...callOf(callId, settings.tenantId, ids),
      });
    },

    operation(request, callId, operationId) {
      requireCall(callId);
      const operation = operations.byId(operationId);
      if (!operation || operation.callId !== callId || operation.gone) throw operationNotFound();
      return json(200, {
        '@odata.context': `${contextOf(request, callId)}/operations/$entity`,
        ...printOperation(operation),
      });
    },

    operations(request, callId) {
      requireCall(callId);
      const value = operations
        .ofCall(callId)
        .filter(({ gone }) => !gone)
        .map(printOperation);
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

function callOf(callId: string, tenantId: string, ids: RandomIds): Record<string, unknown> {
  return {
    '@odata.type': '#microsoft.graph.call',
    id: callId,
    state: 'established',
    direction: 'outgoing',
    subject: null,
    callbackUri: 'https://bot.contoso.com/callback',
    callChainId: ids.idOf(`chain:${callId}`),
    myParticipantId: ids.idOf(`me:${callId}`),
    tenantId,
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
