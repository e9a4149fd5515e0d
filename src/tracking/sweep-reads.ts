// Which reads show how invitations stand, as few as possible, and what their answers mean.
import type { ErrorCode } from '../errors.ts';
import type { ReadResult } from '../graph/batch.ts';
import { toPath } from '../graph/client.ts';
import { isMissing } from '../graph/graph-error.ts';
import { toUser } from '../graph/read-resources.ts';
import type { GraphUser } from '../graph/resources.ts';
import { guestPath, guestsPath, isGuid, toFilterGroups, toUserKey, usersByMailPath } from '../graph/users.ts';
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

/** After these a guest is read alone: lists lag behind, and only the answer to its own path says that it is gone. */
const DOUBTS: ReadonlySet<ErrorCode | undefined> = new Set<ErrorCode>(['NOT_FOUND', 'BAD_USER_INPUT']);

/** Several records of one guest share a read. */
export function planReads(records: readonly InvitationRecord[]): Read[] {
  const byKind = Map.groupBy(records, kindOf);
  const { groups, alone } = toFilterGroups(groupByGuest(byKind.get('guests')));
  return [
    ...groups.map((group) => ({
      kind: 'guests' as const,
      path: guestsPath(group.map(({ guestId }) => guestId)),
      records: group.flatMap((guest) => guest.records),
    })),
    ...[...groupByGuest(byKind.get('guest')), ...alone].map((guest) => ({
      kind: 'guest' as const,
      path: toPath(() => guestPath(guest.guestId)),
      ...guest,
    })),
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
  return isGuid(guestId) && !DOUBTS.has(lastError?.code) ? 'guests' : 'guest';
}

/** @returns the id by which the guest is read; undefined when the guest must be looked for by mail. */
function guestIdOf({ state, payload }: InvitationRecord): string | undefined {
  return state === 'active' ? payload.invitedUser?.id : undefined;
}

function groupByGuest(records: readonly InvitationRecord[] = []) {
  const byGuest = Map.groupBy(records, (record) => toUserKey(guestIdOf(record) ?? ''));
  return [...byGuest.values()].map((same) => ({ guestId: (same[0] && guestIdOf(same[0])) ?? '', records: same }));
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
  const byId = new Map(list.users.map((user) => [toUserKey(user.id ?? ''), user]));
  return records.map((record) => {
    const user = byId.get(toUserKey(guestIdOf(record) ?? ''));
    return { record, observation: user ? { kind: 'guest', user, ...observed } : { kind: 'missing', ...observed } };
  });
}

function toList(body: unknown): { users: GraphUser[]; isWhole: boolean } | undefined {
  const { value, '@odata.nextLink': next } = (body ?? {}) as { value?: unknown; '@odata.nextLink'?: unknown };
  return Array.isArray(value) ? { users: value.map(toUser), isWhole: (next ?? null) === null } : undefined;
}
