/** Tells the bot behind a call, at its callback, how an invite ended and who is now in the call. */
import { isFinished, type CallOperation } from './call-operations.ts';
import { printOperation, rosterOf } from './call-roster.ts';
import type { CallbackTokens } from './callback-tokens.ts';
import { isMembers, type Members } from './member-check.ts';
import type { RandomIds } from './random-ids.ts';
import type { Settings } from './settings.ts';
import { toMessage, type Message, type WebhookSender } from './webhook-sender.ts';

export interface CallNotifications {
  /** Sends all there is to say about a finished operation, later; nothing when there is no callback. */
  announce: (operation: CallOperation) => void;
  /** What `announce` would send, item by item. */
  itemsOf(operation: CallOperation): Members[];
  /** Sends these items once, now. The receiver's status, or null when no answer came. */
  send(url: string, items: unknown[], authorization: string | null): Promise<number | null>;
}

export interface CallNotificationsOptions {
  settings: Settings;
  sender: WebhookSender;
  tokens: CallbackTokens;
  ids: RandomIds;
  stopping: AbortSignal;
}

export function createCallNotifications(options: CallNotificationsOptions): CallNotifications {
  const { settings, sender, tokens, ids, stopping } = options;

  const itemsOf = (operation: CallOperation): Members[] => [
    operationItem(operation),
    ...(operation.status.toLowerCase() === 'completed' ? rosterItem(operation, ids) : []),
  ];

  async function deliver(url: string, operation: CallOperation): Promise<void> {
    const authorization = `Bearer ${await tokens.mint()}`;
    const items = itemsOf(operation);
    // One by one for one participant; in the documented example of several, all at once.
    const messages = isMultiple(operation) ? [items] : items.map((item) => [item]);
    for (const value of messages) await sender.sendUntilTaken(toEnvelope(url, value, authorization));
  }

  return {
    announce(operation) {
      const url = settings.callbackUrl;
      if (url === null) return;
      setImmediate(() => {
        if (!stopping.aborted) void deliver(url, operation);
      });
    },
    itemsOf,
    send: async (url, items, authorization) => (await sender.send(toEnvelope(url, items, authorization))).status,
  };
}

function toEnvelope(url: string, value: unknown[], authorization: string | null): Message {
  const envelope = { '@odata.type': '#microsoft.graph.commsNotifications', value };
  return toMessage('call', url, envelope, authorization === null ? {} : { authorization });
}

function toItem(changeType: string, place: string, resourceData: unknown): Members {
  return {
    '@odata.type': '#microsoft.graph.commsNotification',
    changeType,
    resourceUrl: `/communications${place}`,
    // The older spelling, which is not declared, yet printed in every example.
    resource: `/app${place}`,
    resourceData,
  };
}

function operationItem(operation: CallOperation): Members {
  const multiple = isMultiple(operation);
  const changeType = isFinished(operation.status) ? 'deleted' : 'updated';
  return toItem(
    changeType,
    `/calls/${operation.callId}/operations/${multiple ? 'participants' : operation.id}`,
    printOperation({ ...operation, id: multiple ? null : operation.id }),
  );
}

/** With the quirks of the example of several: another place, a wrong type, and users in the place of applications. */
function rosterItem(operation: CallOperation, ids: RandomIds): Members[] {
  const multiple = isMultiple(operation);
  const replaced = operation.participants[0]?.['replacesCallId'];
  const callId = typeof replaced === 'string' ? replaced : operation.callId;
  const participants = rosterOf(operation, ids).map((participant) => {
    const info = isMembers(participant['info']) ? participant['info'] : {};
    return { ...participant, id: null, info: multiple ? misprinted(info) : info };
  });
  if (participants.length === 0) return [];
  return [toItem('updated', `/calls/${callId}${multiple ? '/operations' : ''}/participants`, participants)];
}

function misprinted(info: Members): Members {
  const identity = isMembers(info['identity']) ? info['identity'] : {};
  const moved = identity['application'] ? identity : { ...identity, user: null, application: identity['user'] };
  return { '@odata.type': '#microsoft.graph.invitationParticipantInfo', ...info, identity: moved };
}

function isMultiple({ participants }: CallOperation): boolean {
  return participants.length > 1;
}
