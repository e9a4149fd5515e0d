import { describe, expect, it } from '@jest/globals';
import { dataOf, useGateway, type Json } from './support/gateway.ts';
import { engines } from './support/stores.ts';

const CREATE = `mutation ($inputs: [CreateInvitationInput!]!) {
  createInvitations(inputs: $inputs) { bulkId results { invitation { tracking { id } } } }
}`;
const SENT = 'subscription ($bulkId: ID!) { invitationsUpdated(bulkId: $bulkId) { counts { submitting } } }';
const LIST = (members: string) =>
  `{ invitations(first: 50) { nodes { invitedUserEmailAddress invitedUser { id ${members} } invitedUserSponsors { id ${members} } } } }`;

describe.each(engines)('a query on $name', ({ open }) => {
  const used = useGateway(open);

  const invite = async (count: number, members: Json = {}) => {
    const inputs = Array.from({ length: count }, (_, index) => ({
      invitedUserEmailAddress: `guest${index}@fabrikam.example`,
      inviteRedirectUrl: 'https://app.example.com',
      ...members,
    }));
    const { bulkId } = dataOf(await used.gateway.query(CREATE, { inputs }), 'createInvitations');
    await used.gateway.subscribe(SENT, { bulkId }).ended;
  };
  /** @returns the reads that were made for callers: what the gateway reads for itself is marked low. */
  const userReads = async () => {
    const requests = await used.gateway.emulator.requests();
    return requests.filter(
      ({ path, parts, headers }) =>
        headers['x-ms-throttle-priority'] === 'Normal' && (parts !== undefined || path.includes('/users')),
    );
  };
  const urlsOf = (requests: Json[]) =>
    requests.flatMap(({ parts }) => (parts as Json[]).map(({ url }) => decodeURIComponent(url as string)));

  it('of 50 invitations with their users costs one request', async () => {
    await invite(50);
    const { data, errors } = await used.gateway.query(LIST('displayName mail'));
    expect(errors).toBeUndefined();
    const nodes = data?.['invitations'].nodes as Json[];
    expect(nodes).toHaveLength(50);
    for (const { invitedUser, invitedUserEmailAddress } of nodes)
      expect(invitedUser.mail).toBe(invitedUserEmailAddress);
    expect(await userReads()).toHaveLength(1);
  });

  it('of 50 invitations with users and sponsors costs no more', async () => {
    await invite(50, { invitedUserSponsors: [{ id: '3fa85f64-5717-4562-b3fc-2c963f66afa6' }] });
    const { errors } = await used.gateway.query(LIST('displayName'));
    expect(errors).toBeUndefined();
    expect((await userReads()).length).toBeLessThanOrEqual(3);
  });

  it('selects what the document asks for, and nothing else', async () => {
    await invite(2);
    await used.gateway.query(LIST('displayName'));
    await used.gateway.query(LIST('userType accountEnabled'));
    expect(urlsOf(await userReads()).map((url) => /\$select=([^&]*)/.exec(url)?.[1])).toEqual([
      'id,displayName',
      'id,accountEnabled,userType',
    ]);
  });

  it('asks Graph nothing for what the record has', async () => {
    await invite(5);
    await used.gateway.query(LIST('userPrincipalName externalUserState externalUserStateChangeDateTime'));
    expect(await userReads()).toEqual([]);
  });

  it('shares reads that are under way with others that ask the same', async () => {
    await invite(20);
    await used.gateway.emulator.fault({ path: '^/users', times: 1, effect: { kind: 'delay', ms: 300 } });
    const answers = await Promise.all(Array.from({ length: 10 }, () => used.gateway.query(LIST('displayName'))));
    for (const { errors } of answers) expect(errors).toBeUndefined();
    const ids = urlsOf(await userReads()).flatMap((url) => url.match(/[0-9a-f]{8}-[0-9a-f-]{27}/g) ?? []);
    expect(ids.length).toBeLessThan(3 * 20);
    expect(new Set(ids).size).toBe(20);
  });
});
