// Writes what the directory told of users to the invitations that it concerns.
import { apply } from './apply.ts';
import { nextDue } from './cadence.ts';
import { changeTimeOf, type DeltaItem } from './delta-page.ts';
import { isEvidence, observeInvitation, type InvitationObservation } from './observe-invitation.ts';
import type { InvitationRecord } from './record.ts';
import type { Store } from './store.ts';

export interface NewsOptions {
  store: Pick<Store, 'findByGuests' | 'findLost' | 'save' | 'find'>;
  now: () => Date;
  intervalMs: number;
}

/** Records that one statement writes. */
const GROUP = 100;

/**
 * Doing it again with the same or older news changes nothing. Users whom nobody invited here are passed over.
 * @returns how many invitations changed
 */
export async function applyNews(items: readonly DeltaItem[], { store, now, intervalMs }: NewsOptions): Promise<number> {
  const byGuest = new Map(items.map((item) => [item.user.id.toLowerCase(), item]));
  const here = items.filter(({ isRemoved, user }) => !isRemoved && user.mail);
  const byMail = Map.groupBy(here, ({ user }) => String(user.mail).toLowerCase());
  const ids = items.flatMap(({ user }) => [user.id, user.id.toLowerCase()]);
  const [followed, lost] = await Promise.all([store.findByGuests(ids), store.findLost([...byMail.keys()])]);

  function toNews(record: InvitationRecord): InvitationObservation | undefined {
    const observed = { at: now(), source: 'delta' as const };
    const { invitedUser, invitedUserEmailAddress } = record.payload;
    if (!invitedUser?.id) {
      const users = byMail.get(String(invitedUserEmailAddress).toLowerCase())?.map(({ user }) => user) ?? [];
      const evidence = users.filter((user) => isEvidence(record, user));
      return evidence.length > 0 ? { kind: 'found', users: evidence, ...observed } : undefined;
    }
    const item = byGuest.get(invitedUser.id.toLowerCase());
    if (!item) return undefined;
    if (item.isRemoved) return { kind: 'removed', ...observed };
    // News come in any order, and again: what is older than what we know is none.
    const isOld = item.user.externalUserStateChangeDateTime && changeTimeOf(item.user) < changeTimeOf(invitedUser);
    return isOld ? undefined : { kind: 'guest', user: item.user, ...observed };
  }

  const concerned = [...followed, ...lost].filter((record) => toNews(record));
  const random = Math.random();
  const revisions = new Map(concerned.map(({ id, revision }) => [id, revision]));
  let changed = 0;
  for (let at = 0; at < concerned.length; at += GROUP) {
    const written = await apply(concerned.slice(at, at + GROUP), {
      store,
      observe: (record) => {
        const news = toNews(record);
        return news ? observeInvitation(record, news) : record;
      },
      nextDue: (record) => nextDue(record, { now: now(), intervalMs, isTold: true, random }),
    });
    changed += written.filter(({ id, revision }) => revision > (revisions.get(id) ?? 0)).length;
  }
  return changed;
}
