// Which reads show how invitations stand, as few as possible, and what their answers mean.
import type { ErrorCode } from '../errors.ts';
import type { ReadResult } from '../graph/batch.ts';
import { toPath } from '../graph/client.ts';
import { isMissing } from '../graph/graph-error.ts';
import { toUser } from '../graph/read-resources.ts';
import type { GraphUser } from '../graph/resources.ts';
import { FILTER_SIZE, guestPath, guestsPath, usersByMailPath } from '../graph/users.ts';
import type { InvitationObservation } from './observe-invitation.ts';
import { rubbish, toFailed } from './read-failure.ts';
import type { InvitationRecord } from './record.ts';
import type { Observed } from './revise.ts';

/** One part of a batch, and the records that it is for. */
export interface Read {
  kind: 'guests' | 'guest' | 'address' | 'nothing';
  path: string | undefined;
  records: readonly InvitationRecord[];
}

/** Only these go into a filter: an id that Graph dislikes spoils the whole list. */
const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** After these a guest is read alone: lists lag behind, and only the answer to its own path says that it is gone. */
const DOUBTS: ReadonlySet<ErrorCode | undefined> = new Set<ErrorCode>(['NOT_FOUND', 'BAD_USER_INPUT']);

/** Several records of one guest share a read. */
export function planReads(records: readonly InvitationRecord[]): Read[] {
  const byKind = Map.groupBy(records, kindOf);
  const alone = groupByGuest(byKind.get('guest'));
  const together = groupByGuest(byKind.get('guests'));
  const groups = Array.from({ length: Math.ceil(together.length / FILTER_SIZE) }, (_, index) =>
    together.slice(index * FILTER_SIZE, (index + 1) * FILTER_SIZE),
  );
  // A list of one costs more than the one.
  alone.push(...groups.filter(({ length }) => length === 1).flat());
  return [
    ...groups
      .filter(({ length }) => length > 1)
      .map((group) => ({
        kind: 'guests' as const,
        path: guestsPath(group.map(({ guestId }) => guestId)),
        records: group.flatMap((guest) => guest.records),
      })),
    ...alone.map((guest) => ({ kind: 'guest' as const, path: toPath(() => guestPath(guest.guestId)), ...guest })),
    ...(byKind.get('address') ?? []).map((record) => ({
      kind: 'address' as const,
      path: toPath(() => usersByMailPath(record.request.invitedUserEmailAddress)),
      records: [record],
    })),
    { kind: 'nothing', path: undefined, records: byKind.get('nothing') ?? [] },
  ];
}

function kindOf(record: InvitationRecord): Read['kind'] {
  const { state, request, lastError } = record;
  // Still submitting when due: whoever sent it is gone, or its answer was lost. A reset leaves no new guest to look for.
  if (state === 'submitting' && request.resetRedemption === true) return 'nothing';
  const guestId = guestIdOf(record);
  if (!guestId) return 'address';
  return GUID.test(guestId) && !DOUBTS.has(lastError?.code) ? 'guests' : 'guest';
}

/** @returns the id by which the guest is read; undefined when the guest must be looked for by mail. */
function guestIdOf({ state, payload }: InvitationRecord): string | undefined {
  return state === 'active' ? payload.invitedUser?.id : undefined;
}

function groupByGuest(records: readonly InvitationRecord[] = []) {
  const byGuest = Map.groupBy(records, (record) => toKey(guestIdOf(record) ?? ''));
  return [...byGuest.values()].map((same) => ({ guestId: (same[0] && guestIdOf(same[0])) ?? '', records: same }));
}

/** GUIDs are the same in any case; of other ids nobody knows. */
function toKey(id: string): string {
  return GUID.test(id) ? id.toLowerCase() : id;
}

/** @returns what the answer to a read says of each of its records. */
export function toObservations(
  { kind, records }: Read,
  result: ReadResult | undefined,
  observed: Observed,
): { record: InvitationRecord; observation: InvitationObservation }[] {
  const all = (observation: InvitationObservation) => records.map((record) => ({ record, observation }));
  if (!result) return all({ kind: 'unanswered', ...observed });
  // A list is never missing: only the guest's own path can say so.
  if ('error' in result)
    return all(kind !== 'guest' && isMissing(result.error) ? rubbish(observed) : toFailed(result.error, observed));
  if (kind === 'guest') {
    const user = toUser(result.body);
    return all(user.id ? { kind: 'guest', user, ...observed } : rubbish(observed));
  }
  const list = toList(result.body);
  if (!list) return all(rubbish(observed));
  if (kind === 'address')
    return all(list.isWhole ? { kind: 'found', users: list.users, ...observed } : rubbish(observed));
  const byId = new Map(list.users.map((user) => [toKey(user.id ?? ''), user]));
  return records.map((record) => {
    const user = byId.get(toKey(guestIdOf(record) ?? ''));
    return { record, observation: user ? { kind: 'guest', user, ...observed } : { kind: 'missing', ...observed } };
  });
}

function toList(body: unknown): { users: GraphUser[]; isWhole: boolean } | undefined {
  const { value, '@odata.nextLink': next } = (body ?? {}) as { value?: unknown; '@odata.nextLink'?: unknown };
  return Array.isArray(value) ? { users: value.map(toUser), isWhole: (next ?? null) === null } : undefined;
}
