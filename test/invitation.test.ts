import { describe, expect, it } from '@jest/globals';
import { useGateway, waitFor, type Json } from './support/gateway.ts';
import { engines } from './support/stores.ts';

const CREATE = `mutation ($input: CreateInvitationInput!) { createInvitation(input: $input) { ...All } }
  fragment All on Invitation {
    id invitedUserDisplayName invitedUserEmailAddress invitedUserType inviteRedeemUrl inviteRedirectUrl resetRedemption sendInvitationMessage status
    invitedUserMessageInfo { ccRecipients { emailAddress { address name } } customizedMessageBody messageLanguage }
    invitedUser { id userPrincipalName externalUserState }
    invitedUserSponsors { id displayName }
    tracking { id callId state reason revision observedAt nextPollAt deadlineAt attempts lastError { code at } history { revision at source changed state } }
  }`;
const READ = `query ($id: ID!) { invitation(id: $id) { id status invitedUser { id externalUserState externalUserStateChangeDateTime } tracking { id state reason revision lastError { code } history { revision source changed state } } } }`;
const WATCH = `subscription ($id: ID!, $after: Int) { invitationUpdated(id: $id, afterRevision: $after) { status invitedUser { externalUserState } tracking { state reason revision } } }`;
const LIST = `query ($filter: InvitationFilter, $first: Int, $after: String) { invitations(filter: $filter, first: $first, after: $after) { nodes { tracking { id } } edges { cursor node { invitedUserEmailAddress } } pageInfo { hasNextPage hasPreviousPage endCursor } } }`;
const input = { invitedUserEmailAddress: 'guest@example.com', inviteRedirectUrl: 'https://app.example.com' };

describe.each(engines)('an invitation on $name', ({ open }) => {
  const used = useGateway(open);

  const create = async (members: Json = {}): Promise<Json> => {
    const answer = await used.gateway.query(CREATE, { input: { ...input, ...members } });
    if (!answer.data) throw new Error(JSON.stringify(answer));
    return answer.data['createInvitation'] as Json;
  };
  const invite = async (members: Json = {}) =>
    (await used.gateway.query(CREATE, { input: { ...input, ...members } })).errors?.[0];
  const read = async (id: string) => (await used.gateway.query(READ, { id })).data?.['invitation'] as Json;

  it('is answered as Graph answers, with what the gateway tracks beside it', async () => {
    const invitation = await create({
      invitedUserDisplayName: 'Gerd',
      invitedUserMessageInfo: { messageLanguage: 'de' },
    });
    expect(invitation).toMatchObject({
      id: expect.any(String),
      invitedUserDisplayName: 'Gerd',
      invitedUserEmailAddress: 'guest@example.com',
      invitedUserMessageInfo: { messageLanguage: 'de', customizedMessageBody: null },
      inviteRedirectUrl: 'https://app.example.com/',
      inviteRedeemUrl: expect.stringContaining('/redeem?rd='),
      status: 'PendingAcceptance',
      invitedUser: {
        id: expect.any(String),
        userPrincipalName: expect.stringContaining('#EXT#'),
        externalUserState: null,
      },
      tracking: { callId: null, state: 'active', reason: null, revision: 2, attempts: 0, lastError: null },
    });
    expect(invitation['tracking'].id).not.toBe(invitation['id']);
    expect(invitation['tracking'].history).toMatchObject([
      { revision: 1, source: 'mutation', state: 'submitting' },
      { revision: 2, source: 'mutation', state: 'active' },
    ]);
  });

  it('is read by either id, and an unknown id answers null', async () => {
    const { id, tracking } = await create();
    expect((await read(id))['tracking'].id).toBe(tracking.id);
    expect((await read(tracking.id))['id']).toBe(id);
    expect(await read('nobody')).toBeNull();
  });

  it('sends Graph only the members that were given', async () => {
    await create({ invitedUserSponsors: [{ id: '278405a3-f568-4b3e-b684-009193463064' }] });
    const [request] = (await used.gateway.emulator.requests()).filter(({ path }) => path.endsWith('/invitations'));
    expect(request).toMatchObject({
      method: 'POST',
      headers: {
        authorization: 'present',
        'client-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
        'content-type': expect.stringContaining('application/json'),
      },
    });
    expect(request?.['body']).toEqual({
      ...input,
      invitedUserSponsors: [{ '@odata.type': '#microsoft.graph.user', id: '278405a3-f568-4b3e-b684-009193463064' }],
    });
  });

  it('is pushed when the guest redeems, and the stream ends with the final state', async () => {
    const { inviteRedeemUrl, tracking } = await create();
    const watch = used.gateway.subscribe(WATCH, { id: tracking.id });
    await waitFor('the guest to be read', () =>
      watch.answers.some(
        ({ data }) => data?.['invitationUpdated'].invitedUser.externalUserState === 'PendingAcceptance',
      ),
    );
    await (await fetch(inviteRedeemUrl)).text();
    const states = (await watch.ended).map(({ data }) => data?.['invitationUpdated']);
    expect(states.at(-1)).toMatchObject({
      status: 'PendingAcceptance',
      invitedUser: { externalUserState: 'Accepted' },
      tracking: { state: 'settled', reason: null },
    });
    const revisions = states.map((state) => state.tracking.revision);
    expect(revisions).toEqual(revisions.map((_, index) => revisions[0] + index));
  });

  it('reads the members of the user that are not tracked from Graph, and shows null when it cannot be read yet', async () => {
    const { tracking } = await create({ invitedUserDisplayName: 'Gerd' });
    const document =
      'query ($id: ID!) { invitation(id: $id) { invitedUser { displayName mail userType accountEnabled createdDateTime } } }';
    expect((await used.gateway.query(document, { id: tracking.id })).data?.['invitation'].invitedUser).toMatchObject({
      displayName: 'Gerd',
      mail: 'guest@example.com',
      userType: 'Guest',
      accountEnabled: true,
    });
    await used.gateway.emulator.fault({ path: '/users/', effect: { kind: 'status', status: 404 } });
    expect(await used.gateway.query(document, { id: tracking.id })).toEqual({
      status: 200,
      data: {
        invitation: {
          invitedUser: { displayName: null, mail: null, userType: null, accountEnabled: null, createdDateTime: null },
        },
      },
    });
  });

  it('does not let one user whose id is rubbish spoil the others', async () => {
    await create({ invitedUserDisplayName: 'Gerd' });
    await used.gateway.emulator.fault({
      path: '^/invitations',
      times: 1,
      effect: { kind: 'merge', body: { invitedUser: { id: '..' } } },
    });
    await create({ invitedUserEmailAddress: 'other@example.com' });
    expect(
      (await used.gateway.query('{ invitations { nodes { invitedUser { displayName } } } }')).data?.['invitations']
        .nodes,
    ).toEqual([{ invitedUser: { displayName: null } }, { invitedUser: { displayName: 'Gerd' } }]);
  });

  it('stays as it is while a fresh guest is not readable, and goes on when it is', async () => {
    await used.gateway.emulator.settings({ replicationMs: 600_000 });
    const { tracking } = await create();
    const watch = used.gateway.subscribe(WATCH, { id: tracking.id });
    await waitFor(
      'three misses',
      async () =>
        (await used.gateway.emulator.requests())
          .flatMap(({ parts }) => parts ?? [])
          .filter(({ status }) => status === 404).length >= 3,
    );
    expect(await read(tracking.id)).toMatchObject({
      status: 'PendingAcceptance',
      tracking: { state: 'active', revision: 2, lastError: { code: 'NOT_FOUND' } },
    });
    await used.gateway.emulator.settings({ replicationMs: 0 });
    await watch.received(2);
    expect(watch.answers.map(({ data }) => data?.['invitationUpdated'].tracking.revision)).toEqual([2, 3]);
    watch.cancel();
  });

  it('resets the redemption of an existing guest, whose old acceptance does not count', async () => {
    const first = await create();
    await (await fetch(first['inviteRedeemUrl'])).text();
    const guestId = first['invitedUser'].id;
    await used.gateway.emulator.patchUser(guestId, {
      createdDateTime: '2020-01-01T00:00:00Z',
      externalUserState: 'Accepted',
      externalUserStateChangeDateTime: '2020-02-01T00:00:00Z',
    });
    const reset = await create({ resetRedemption: true, invitedUser: { id: guestId } });
    expect(reset).toMatchObject({ resetRedemption: true, invitedUser: { id: guestId }, tracking: { state: 'active' } });
    await used.gateway.emulator.patchUser(guestId, {
      externalUserState: 'Accepted',
      externalUserStateChangeDateTime: '2020-02-01T00:00:00Z',
    });
    const watch = used.gateway.subscribe(WATCH, { id: reset['tracking'].id });
    await waitFor(
      'the old acceptance to be read',
      () => watch.answers.at(-1)?.data?.['invitationUpdated'].invitedUser.externalUserState === 'Accepted',
    );
    expect(await read(reset['tracking'].id)).toMatchObject({ tracking: { state: 'active' } });
    await used.gateway.emulator.patchUser(guestId, { externalUserStateChangeDateTime: new Date().toISOString() });
    expect((await watch.ended).at(-1)?.data?.['invitationUpdated']).toMatchObject({ tracking: { state: 'settled' } });
  });

  it('lists newest first in stable pages, without the refused ones', async () => {
    const made: string[] = [];
    for (const name of ['a', 'b', 'c', 'd', 'e'])
      made.unshift((await create({ invitedUserEmailAddress: `${name}@example.com` }))['tracking'].id);
    await used.gateway.emulator.fault({
      method: 'POST',
      path: '^/invitations',
      times: 1,
      effect: { kind: 'status', status: 403, code: 'Authorization_RequestDenied' },
    });
    expect(await invite()).toMatchObject({ extensions: { code: 'FORBIDDEN' } });
    const page = async (variables: Json) => (await used.gateway.query(LIST, variables)).data?.['invitations'] as Json;
    const ids = ({ nodes }: Json) => nodes.map((node: Json) => node['tracking'].id);
    const first = await page({ first: 2 });
    expect(first['pageInfo']).toMatchObject({ hasNextPage: true, hasPreviousPage: false });
    await create({ invitedUserEmailAddress: 'newer@example.com' });
    const second = await page({ first: 2, after: first['pageInfo'].endCursor });
    const third = await page({ first: 2, after: second['pageInfo'].endCursor });
    expect(third['pageInfo']).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
    expect([...ids(first), ...ids(second), ...ids(third)]).toEqual(made);
    expect((await page({ filter: { invitedUserEmailAddress: 'C@EXAMPLE.com' } }))['edges']).toMatchObject([
      { node: { invitedUserEmailAddress: 'c@example.com' } },
    ]);
    expect((await page({ filter: { state: ['settled'] } }))['nodes']).toEqual([]);
    expect((await page({ filter: { invitedUserEmailAddress: '' } }))['nodes']).toEqual([]);
    expect((await page({ first: 0 }))['nodes']).toEqual([]);
    for (const variables of [{ first: -1 }, { first: 101 }, { after: 'nonsense' }]) {
      expect((await used.gateway.query(LIST, variables)).errors?.[0]?.extensions).toMatchObject({
        code: 'BAD_USER_INPUT',
        field: Object.keys(variables)[0],
      });
    }
  });

  it('is the same for the same idempotency key, and refused for the key with another input', async () => {
    const first = await create({ idempotencyKey: 'key' });
    const again = await create({ idempotencyKey: 'key' });
    expect(again).toMatchObject({ id: first['id'], tracking: { id: first['tracking'].id } });
    expect(await invite({ idempotencyKey: 'key', invitedUserEmailAddress: 'other@example.com' })).toMatchObject({
      extensions: { code: 'IDEMPOTENCY_CONFLICT', field: 'input.idempotencyKey' },
    });
    expect(await used.gateway.emulator.invitations()).toHaveLength(1);
  });

  describe('when Graph does not answer as hoped', () => {
    const fault = (effect: Json, times = 1) =>
      used.gateway.emulator.fault({ method: 'POST', path: '^/invitations', times, effect });

    it('waits as a fractional Retry-After says and tries again', async () => {
      await fault({ kind: 'status', status: 429, retryAfter: '0.128', code: 'TooManyRequests' }, 2);
      expect(await create()).toMatchObject({ tracking: { state: 'active' } });
      expect(await used.gateway.emulator.invitations()).toHaveLength(1);
    });

    it('says THROTTLED when the wait is too long, and leaves the idempotency key free', async () => {
      await fault({ kind: 'status', status: 429, retryAfter: '61.5', code: 'TooManyRequests' });
      expect(await invite({ idempotencyKey: 'key' })).toMatchObject({
        extensions: {
          code: 'THROTTLED',
          retryAfterSeconds: 62,
          graph: { statusCode: 429, code: 'TooManyRequests', requestId: expect.any(String) },
        },
      });
      // Another input is no conflict; and Graph is not asked again while it wants to be left alone.
      const other = await invite({ idempotencyKey: 'key', invitedUserEmailAddress: 'other@example.com' });
      expect(other).toMatchObject({ extensions: { code: 'THROTTLED' } });
      expect((await used.gateway.emulator.counts()).byRoute['POST /invitations']).toBe(1);
    });

    it('keeps a refusal under the key and gives it again without asking', async () => {
      await fault({ kind: 'status', status: 400, code: 'BadRequest', message: 'secret object id 4711' });
      const refused = await invite({ idempotencyKey: 'key' });
      expect(refused).toMatchObject({
        extensions: { code: 'BAD_USER_INPUT', graph: { statusCode: 400, code: 'BadRequest' } },
      });
      expect(JSON.stringify(refused)).not.toContain('4711');
      expect(await invite({ idempotencyKey: 'key' })).toMatchObject({
        message: refused?.message,
        extensions: { code: 'BAD_USER_INPUT', graph: { statusCode: 400 } },
      });
      expect((await used.gateway.emulator.counts()).byRoute['POST /invitations']).toBe(1);
    });

    it.each([
      ['cut before Graph did anything', { kind: 'cut', when: 'before' }, 0],
      ['cut after Graph did it', { kind: 'cut', when: 'after' }, 1],
      ['503 with HTML', { kind: 'html', status: 503 }, 0],
      ['500 after Graph did it', { kind: 'errorAfter', status: 500 }, 1],
      ['a success that is no JSON', { kind: 'body', status: 201, contentType: 'text/html', text: '<html>' }, 0],
    ])('says OUTCOME_UNKNOWN once, never sends again, and finds out by itself: %s', async (_, effect, done) => {
      await fault(effect);
      const error = await invite({ idempotencyKey: 'key' });
      expect(error).toMatchObject({ extensions: { code: 'OUTCOME_UNKNOWN', recordId: expect.any(String) } });
      if ('status' in effect && effect.status >= 500) {
        expect(error).toMatchObject({ extensions: { graph: { statusCode: effect.status } } });
      }
      const id = error?.extensions?.['recordId'] as string;
      expect(await read(id)).toMatchObject({ status: null, tracking: { state: 'submitting' } });
      if (done === 1) {
        const found = await waitFor('the guest to be found', async () => {
          const record = await read(id);
          return record['tracking'].state === 'active' ? record : undefined;
        });
        expect(found).toMatchObject({
          id: null,
          status: null,
          invitedUser: { externalUserState: 'PendingAcceptance' },
        });
      } else {
        // Two minutes of looking in vain, as far as the record knows.
        await used.gateway.run(`update record set created_at = created_at - 180000 where id = '${id}'`, []);
        const ended = used.gateway.subscribe(WATCH, { id });
        expect((await ended.ended).at(-1)?.data?.['invitationUpdated']).toMatchObject({
          tracking: { state: 'unknown', reason: 'ambiguous' },
        });
      }
      expect((await used.gateway.emulator.counts()).byRoute['POST /invitations']).toBe(1);
      expect(
        (await used.gateway.query(CREATE, { input: { ...input, idempotencyKey: 'key' } })).data?.['createInvitation']
          .tracking.id,
      ).toBe(id);
      expect((await used.gateway.emulator.counts()).byRoute['POST /invitations']).toBe(1);
    });
  });

  it.each([
    ['a bad e-mail', { invitedUserEmailAddress: 'not-an-address' }, 'input.invitedUserEmailAddress'],
    ['a redirect that is not https', { inviteRedirectUrl: 'http://app.example.com' }, 'input.inviteRedirectUrl'],
    ['a missing member', { invitedUserEmailAddress: undefined }, 'input.invitedUserEmailAddress'],
    ['a member of the wrong type', { sendInvitationMessage: 'yes' }, 'input.sendInvitationMessage'],
    ['an unknown member', { invitedUserColour: 'red' }, 'input.invitedUserColour'],
    ['a missing member deeper down', { invitedUserSponsors: [{}] }, 'input.invitedUserSponsors[0].id'],
  ])('is not sent and not stored for %s', async (_, members, field) => {
    expect(await invite(members)).toMatchObject({
      message: expect.stringContaining(' '),
      extensions: { code: 'BAD_USER_INPUT', field },
    });
    expect((await used.gateway.emulator.counts()).http).toBe(0);
    expect(await used.gateway.run('select id from record', [])).toEqual([]);
  });
});
