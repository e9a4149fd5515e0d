// What a notification of a call (`commsNotification`) says about an invitation of participants. Pure; lenient like all reading from Graph.
import { toOperation } from '../graph/read-resources.ts';
import { MAX_ID, type GraphOperation } from '../graph/resources.ts';
import type { OperationRecord } from './record.ts';

/** One operation as a notification shows it. */
export interface CallNotice {
  clientContext: string | null;
  /** Of the operation itself; null in the documented example of several participants. */
  id: string | null;
  /** What the notification's address names. */
  place: { callId: string | null; operationId: string | null };
  operation: GraphOperation;
}

type Json = { [member: string]: unknown };

/** All that we make use of: nothing else is kept, for notifications hold phone numbers and names. */
const KEPT_MEMBERS = [
  '@odata.type',
  'id',
  'status',
  'clientContext',
  'resultInfo',
  'participants',
  'createdDateTime',
  'lastActionDateTime',
];
const MOST_OPERATIONS = 100;

/** @returns what is kept of an item, JSON; undefined when it concerns no invitation of participants (a roster, a call). */
export function toKept(item: Json): string | undefined {
  const operations = operationsOf(item);
  if (operations.length === 0) return undefined;
  const { changeType, resourceUrl, resource } = item;
  const resourceData = operations.map((operation) =>
    Object.fromEntries(KEPT_MEMBERS.flatMap((member) => (member in operation ? [[member, operation[member]]] : []))),
  );
  return JSON.stringify({ changeType, resourceUrl, resource, resourceData });
}

/** @returns what a kept item says, one for each operation; undefined when it is none. */
export function readNotices(body: string): CallNotice[] | undefined {
  let item: unknown;
  try {
    item = JSON.parse(body);
  } catch {
    return undefined;
  }
  if (!isObject(item)) return undefined;
  const place = placeOf(item);
  const notices = operationsOf(item).map((json) => {
    const { id, operation } = toOperation(json);
    return { clientContext: operation.clientContext || null, id: id || null, place, operation };
  });
  return notices.length === 0 ? undefined : notices;
}

/**
 * Whom a notice is about, by what only the request and its operation share: its context, then its id, then its address.
 * @param records those with one of the notice's keys; of several that fit equally none is meant
 */
export function correlate(notice: CallNotice, records: readonly OperationRecord[]): OperationRecord | undefined {
  const { clientContext, id, place } = notice;
  const isOfContext = ({ request, graphId }: OperationRecord) =>
    // A context that a client used twice is told apart by what Graph calls the two operations.
    request.clientContext === clientContext && (id === null || graphId === null || id === graphId);
  const isAtPlace = ({ graphId, callId }: OperationRecord) =>
    graphId === place.operationId && (place.callId === null || place.callId === callId);
  return (
    (clientContext === null ? undefined : theOne(records.filter(isOfContext), notice)) ??
    (id === null
      ? undefined
      : theOne(
          records.filter(({ graphId }) => graphId === id),
          notice,
        )) ??
    (place.operationId === null ? undefined : theOne(records.filter(isAtPlace), notice))
  );
}

/** @returns the operation's id, as far as the notice about this record tells it. */
export function idIn({ id, place }: CallNotice, { callId }: OperationRecord): string | null {
  return id ?? (place.callId === callId ? place.operationId : null);
}

/** A client may have used one context several times. */
function theOne(records: OperationRecord[], { id, place }: CallNotice): OperationRecord | undefined {
  if (records.length < 2) return records[0];
  const named = records.filter(({ graphId }) => id !== null && graphId === id);
  if (named.length === 1) return named[0];
  const inCall = records.filter(({ callId }) => callId === place.callId);
  return inCall.length === 1 ? inCall[0] : undefined;
}

function operationsOf(item: Json): Json[] {
  const { resourceData } = item;
  const isOfOperation = placeOf(item).operationId !== null;
  // Without any data the address alone tells of which operation there is news.
  if (resourceData === undefined || resourceData === null) return isOfOperation ? [{}] : [];
  const entities = Array.isArray(resourceData) ? (resourceData as unknown[]) : [resourceData];
  return entities
    .filter(isObject)
    .filter((entity) => isInviteOperation(entity, isOfOperation))
    .slice(0, MOST_OPERATIONS);
}

function isInviteOperation(entity: Json, isOfOperation: boolean): boolean {
  const type = entity['@odata.type'];
  if (typeof type === 'string') return /(^#?|\.)(inviteParticipantsOperation|commsOperation)$/i.test(type);
  // A participant has `info`, a call has `state`.
  return !('info' in entity) && !('state' in entity) && (isOfOperation || 'status' in entity);
}

/** The older spelling, `resource`, is in every printed example too. */
function placeOf({ resourceUrl, resource }: Json): CallNotice['place'] {
  for (const address of [resourceUrl, resource]) {
    if (typeof address !== 'string') continue;
    const match = /\/calls\/([^/?#]+)(?:\/operations\/([^/?#]+))?/i.exec(address);
    if (!match) continue;
    const operationId = decode(match[2]);
    return { callId: decode(match[1]), operationId: operationId === 'participants' ? null : operationId };
  }
  return { callId: null, operationId: null };
}

function decode(segment: string | undefined): string | null {
  try {
    const id = decodeURIComponent(segment ?? '');
    return id === '' || id.length > MAX_ID ? null : id;
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
