/** What the emulated Graph promises, asked over HTTP. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createEmulator, type Emulator, type EmulatorOptions } from '../src/emulator/emulator.ts';

type Json = Record<string, unknown>;

interface Reply {
  status: number;
  headers: Headers;
  body: Json;
  text: string;
}

const START = Date.parse('2026-03-01T10:00:00.500Z');
const CALL = '/v1.0/communications/calls/call-1';
const INVITE = `${CALL}/participants/invite`;

let emulator: Emulator;
let base: string;
let time: number;

async function start(options: EmulatorOptions = {}): Promise<void> {
  emulator = createEmulator({ now: () => time, ...options });
  base = await emulator.start();
}

beforeEach(async () => {
  time = START;
  await start();
});

afterEach(() => emulator.stop());

async function ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Reply> {
  const response = await fetch(path.startsWith('http') ? path : `${base}${path}`, {
    method,
    headers: {
      authorization: 'Bearer token',
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') ?? false;
  return { status: response.status, headers: response.headers, text, body: isJson ? (JSON.parse(text) as Json) : {} };
}

const get = (path: string, headers?: Record<string, string>): Promise<Reply> => ask('GET', path, undefined, headers);
const post = (path: string, body: unknown, headers?: Record<string, string>): Promise<Reply> =>
  ask('POST', path, body, headers);
const invite = (members: Json = {}): Promise<Reply> =>
  post('/v1.0/invitations', {
    invitedUserEmailAddress: 'ana@fabrikam.com',
    inviteRedirectUrl: 'https://app.contoso.com',
    ...members,
  });
const person = (id = 'user-1'): Json => ({
  '@odata.type': '#microsoft.graph.invitationParticipantInfo',
  identity: { '@odata.type': '#microsoft.graph.identitySet', user: { '@odata.type': '#microsoft.graph.identity', id } },
});
const call = (members: Json = {}): Promise<Reply> =>
  post(INVITE, { participants: [person()], clientContext: 'context-1', ...members });
const batch = (requests: unknown): Promise<Reply> => post('/v1.0/$batch', { requests });
const fault = (effect: Json, rest: Json = {}): Promise<Reply> => post('/admin/faults', { ...rest, effect });

const objectAt = (body: Json, name: string): Json => body[name] as Json;
const listAt = (body: Json, name: string): Json[] => body[name] as Json[];
const errorOf = ({ body }: Reply): Json => objectAt(body, 'error');
const guestIdOf = ({ body }: Reply): string => String(objectAt(body, 'invitedUser')['id']);
const userState = async (id: string): Promise<Json> =>
  (await get(`/v1.0/users/${id}?$select=id,externalUserState,externalUserStateChangeDateTime`)).body;
const partsById = ({ body }: Reply): Map<unknown, Json> =>
  new Map(listAt(body, 'responses').map((part) => [part['id'], part]));

async function waitFor(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 5000;
  while (!(await condition())) if (Date.now() > deadline) throw new Error('The condition did not come true in time.');
}

const counts = async (): Promise<Json> => objectAt((await get('/admin/counts')).body, 'byRoute');

describe('every answer', () => {
  it('carries the ids of the request and echoes the one the client sent', async () => {
    const { headers } = await get('/v1.0/users', { 'client-request-id': 'mine' });
    expect(headers.get('client-request-id')).toBe('mine');
    expect(headers.get('request-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(headers.get('date')).toBe('Sun, 01 Mar 2026 10:00:00 GMT');
  });

  it('refuses a request without a token', async () => {
    for (const authorization of ['', 'Bearer ', 'Basic abc']) {
      const refused = await get('/v1.0/users', { authorization });
      expect(refused.status).toBe(401);
      expect(errorOf(refused)['code']).toBe('InvalidAuthenticationToken');
    }
  });

  it('has errors in the shape of Graph, with a date that has no zone', async () => {
    const refused = await get('/v1.0/users/nobody', { 'client-request-id': 'mine' });
    expect(refused.status).toBe(404);
    expect(errorOf(refused)).toEqual({
      code: 'Request_ResourceNotFound',
      message: expect.stringContaining('nobody'),
      innerError: {
        date: '2026-03-01T10:00:00',
        'request-id': refused.headers.get('request-id'),
        'client-request-id': 'mine',
      },
    });
  });

  it('refuses unknown paths, wrong methods, broken JSON and other media types in words of its own', async () => {
    expect((await get('/v1.0/nothing')).status).toBe(400);
    expect((await get('/v1.0/users/%zz')).status).toBe(400);
    expect((await ask('PATCH', '/v1.0/users', {})).status).toBe(405);
    expect(errorOf(await post('/v1.0/invitations', '{ "broken'))['code']).toBe('BadRequest');
    expect(
      (await post('/v1.0/invitations', 'a=b', { 'content-type': 'application/x-www-form-urlencoded' })).status,
    ).toBe(415);
    expect((await post('/v1.0/invitations', 'x'.repeat(5_000_000))).status).toBe(413);
  });

  it('answers on beta as on v1.0, and leads back under the name the client used', async () => {
    const localhost = base.replace('127.0.0.1', 'localhost');
    const answered = await post(`${localhost}/beta/app/calls/call-1/participants/invite`, { participants: [person()] });
    expect(answered.status).toBe(200);
    expect(answered.headers.get('location')).toContain(`${localhost}/beta/communications/calls/call-1/operations/`);
  });
});

describe('an invitation', () => {
  it('is answered bare, with every quirk of Graph', async () => {
    const made = await invite();
    expect(made.status).toBe(201);
    expect(made.body).toEqual({
      '@odata.context': `${base}/v1.0/$metadata#invitations/$entity`,
      id: expect.any(String),
      inviteRedeemUrl: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/redeem\?rd=[\w-]{43}$/),
      invitedUserDisplayName: null,
      invitedUserType: 'Guest',
      invitedUserEmailAddress: 'ana@fabrikam.com',
      sendInvitationMessage: false,
      resetRedemption: false,
      inviteRedirectUrl: 'https://app.contoso.com/',
      status: 'PendingAcceptance',
      invitedUserMessageInfo: {
        messageLanguage: null,
        ccRecipients: [{ emailAddress: { name: null, address: null } }],
        customizedMessageBody: null,
      },
      invitedUser: { id: expect.any(String), userPrincipalName: 'ana_fabrikam.com#EXT#@contoso.onmicrosoft.com' },
    });
  });

  it('echoes what was given', async () => {
    const given = {
      invitedUserDisplayName: 'Ana',
      invitedUserType: 'Member',
      sendInvitationMessage: true,
      inviteRedirectUrl: 'https://app.contoso.com/x?y=1',
      invitedUserMessageInfo: {
        messageLanguage: 'de-DE',
        ccRecipients: [{ emailAddress: { name: 'Bo', address: 'bo@contoso.com' } }],
        customizedMessageBody: 'Hi',
      },
      invitedUserSponsors: [{ '@odata.type': '#microsoft.graph.user', id: 'sponsor-1' }],
    };
    const { body } = await invite(given);
    expect(body).toMatchObject({ ...given, invitedUserSponsors: [{ id: 'sponsor-1' }] });
  });

  it.each<[string, Json]>([
    ['no address', { invitedUserEmailAddress: null }],
    ['no redirect URL', { inviteRedirectUrl: undefined }],
    ['a relative redirect URL', { inviteRedirectUrl: '/home' }],
    ['a redirect URL that is no web page', { inviteRedirectUrl: 'javascript:alert(1)' }],
    ['a plus sign in the address', { invitedUserEmailAddress: 'ana+1@fabrikam.com' }],
    ['two at signs', { invitedUserEmailAddress: 'a@b@fabrikam.com' }],
    ['a dot at the end of the name', { invitedUserEmailAddress: 'ana.@fabrikam.com' }],
    ['no domain', { invitedUserEmailAddress: 'ana@' }],
    ['an unknown member', { invitedUserAge: 7 }],
    ['an unknown member inside', { invitedUserMessageInfo: { subject: 'x' } }],
    ['a read-only member', { status: 'Completed' }],
    ['a wrong type', { sendInvitationMessage: 'yes' }],
    ['another kind of user', { invitedUserType: 'Admin' }],
    ['two cc recipients', { invitedUserMessageInfo: { ccRecipients: [{}, {}] } }],
    ['an invited user without a reset', { invitedUser: { id: 'x' } }],
    ['a reset without a user', { resetRedemption: true }],
  ])('is refused for %s', async (_name, members) => {
    const refused = await invite(members);
    expect(refused.status).toBe(400);
    expect(errorOf(refused)['code']).toBe('BadRequest');
    expect((await get('/admin/invitations')).body['invitations']).toEqual([]);
  });

  it('accepts apostrophes, hyphens, dots and underscores in the name', async () => {
    for (const name of ["o'brien", 'a-b.c', '_under_']) {
      expect((await invite({ invitedUserEmailAddress: `${name}@fabrikam.com` })).status).toBe(201);
    }
  });

  it('creates a guest who has not answered yet', async () => {
    const made = await invite({ invitedUserSponsors: [{ id: 'sponsor-1' }] });
    const guest = await get(
      `/v1.0/users/${guestIdOf(made)}?$select=mail,otherMails,displayName,userType,creationType,accountEnabled,createdDateTime,externalUserState,externalUserStateChangeDateTime`,
    );
    expect(guest.body).toEqual({
      '@odata.context': expect.any(String),
      mail: 'ana@fabrikam.com',
      otherMails: ['ana@fabrikam.com'],
      displayName: 'ana',
      userType: 'Guest',
      creationType: 'Invitation',
      accountEnabled: true,
      createdDateTime: '2026-03-01T10:00:00Z',
      externalUserState: 'PendingAcceptance',
      externalUserStateChangeDateTime: '2026-03-01T10:00:00Z',
    });
    const sponsors = await get(`/v1.0/users/${guestIdOf(made)}/sponsors`);
    expect(listAt(sponsors.body, 'value')).toEqual([{ '@odata.type': '#microsoft.graph.group', id: 'sponsor-1' }]);
  });

  it('is redeemed by opening its link, as often as one likes', async () => {
    const made = await invite({
      invitedUserDisplayName: '<b>Ana</b>',
      inviteRedirectUrl: 'https://app.contoso.com/?a="><script>',
    });
    const link = String(made.body['inviteRedeemUrl']);
    time += 60_000;
    const page = await get(link);
    expect(page.status).toBe(200);
    expect(page.text).toContain('&lt;b&gt;Ana&lt;/b&gt;');
    expect(page.text).not.toContain('<script>');
    time += 60_000;
    expect((await get(link)).status).toBe(200);
    expect(await userState(guestIdOf(made))).toMatchObject({
      externalUserState: 'Accepted',
      externalUserStateChangeDateTime: '2026-03-01T10:01:00Z',
    });
    expect((await get('/redeem?rd=guess')).status).toBe(404);
  });

  it('finds the guest again: pending before, completed after the guest accepted', async () => {
    const first = await invite();
    const second = await invite({ invitedUserEmailAddress: 'ANA@fabrikam.com' });
    await get(String(second.body['inviteRedeemUrl']));
    const third = await invite();
    expect([first, second, third].map(guestIdOf)).toEqual(Array(3).fill(guestIdOf(first)));
    expect([second.body['status'], third.body['status']]).toEqual(['PendingAcceptance', 'Completed']);
  });

  it('resets a redemption for an address of the guest only', async () => {
    const made = await invite();
    await get(String(made.body['inviteRedeemUrl']));
    time += 5000;
    const reset = { resetRedemption: true, invitedUser: { id: guestIdOf(made) } };
    expect((await invite({ ...reset, invitedUserEmailAddress: 'other@fabrikam.com' })).status).toBe(400);
    expect((await invite({ resetRedemption: true, invitedUser: { id: 'nobody' } })).status).toBe(404);
    const again = await invite(reset);
    expect(again.body).toMatchObject({
      status: 'PendingAcceptance',
      resetRedemption: true,
      invitedUser: { id: guestIdOf(made) },
    });
    expect(await userState(guestIdOf(made))).toMatchObject({
      externalUserState: 'PendingAcceptance',
      externalUserStateChangeDateTime: '2026-03-01T10:00:05Z',
    });
  });

  it('is refused for a member of the tenant, whose object id it names, and for a blocked guest', async () => {
    const member = listAt((await get("/v1.0/users?$filter=mail eq 'AdeleV@contoso.onmicrosoft.com'")).body, 'value')[0];
    const refused = await invite({ invitedUserEmailAddress: 'adelev@contoso.onmicrosoft.com' });
    expect(refused.status).toBe(400);
    expect(errorOf(refused)['message']).toContain(member?.['id']);
    await post(`/admin/users/${guestIdOf(await invite())}`, { accountEnabled: false });
    expect((await invite()).status).toBe(412);
  });

  it('cannot be listed: Graph answers with a page in place of a message', async () => {
    const refused = await get('/v1.0/invitations');
    expect(refused.status).toBe(404);
    expect(errorOf(refused)).toMatchObject({ code: 'UnknownError', message: expect.stringContaining('<html>') });
  });
});

describe('users', () => {
  const find = async (filter: string): Promise<unknown[]> => {
    const found = await get(`/v1.0/users?$select=mail&$filter=${encodeURIComponent(filter)}`);
    return found.status === 200
      ? listAt(found.body, 'value').map((user) => user['mail'])
      : [found.status, errorOf(found)['code']];
  };

  it('come with eleven members when none are selected', async () => {
    const made = await invite();
    const { body } = await get(`/v1.0/users/${guestIdOf(made)}`);
    expect(Object.keys(body)).toHaveLength(12);
    expect(body).not.toHaveProperty('externalUserState');
    expect((await get(`/v1.0/users/${guestIdOf(made)}?$select=id,nonsense`)).status).toBe(400);
  });

  it('are read by id, by name with the # encoded, and by key in parentheses', async () => {
    const made = await invite();
    const name = encodeURIComponent(String(objectAt(made.body, 'invitedUser')['userPrincipalName']));
    for (const path of [`/users/${name}`, `/users('${guestIdOf(made)}')`]) {
      expect((await get(`/v1.0${path}`)).body['id']).toBe(guestIdOf(made));
    }
  });

  it('are found by the filters that Graph documents', async () => {
    const made = await invite({ invitedUserEmailAddress: "o'brien@fabrikam.com" });
    const mail = "'o''brien@fabrikam.com'";
    const own = ["o'brien@fabrikam.com"];
    expect(await find(`id in ('${guestIdOf(made)}', 'x')`)).toEqual(own);
    expect(
      await find(
        `userPrincipalName eq ${mail} or mail eq ${mail} or proxyAddresses/any(p:p eq 'smtp:o''brien@fabrikam.com')`,
      ),
    ).toEqual(own);
    expect(await find(`otherMails/any(o:o eq ${mail}) and (userType eq 'Guest')`)).toEqual(own);
    expect(await find("externalUserState in ('PendingAcceptance','Accepted')")).toEqual(own);
    expect(await find("userType eq 'guest' and externalUserState eq 'Accepted'")).toEqual([]);
    expect(await find("mail eq ''' or id ne '''")).toEqual([]);
  });

  it.each([
    "externalUserState ne 'Accepted'",
    'externalUserState eq null',
    "startsWith(mail,'a')",
    "mail eq 'a' )",
    'mail eq',
    '',
    "mail eq 'a",
    '('.repeat(60),
  ])('are not found by the filter %p', async (filter) =>
    expect(await find(filter)).toEqual([400, 'Request_UnsupportedQuery']),
  );

  it('come page by page, through links that need no addition', async () => {
    const mails: unknown[] = [];
    let next: string | undefined = '/v1.0/users?$top=4&$select=mail&$count=true';
    let pages = 0;
    while (next) {
      const { body }: Reply = await get(next, { consistencylevel: 'eventual' });
      expect(body['@odata.count']).toBe(pages++ === 0 ? 6 : undefined);
      mails.push(...listAt(body, 'value').map((user) => user['mail']));
      next = body['@odata.nextLink'] as string | undefined;
    }
    expect(pages).toBe(2);
    expect(new Set(mails).size).toBe(6);
    expect((await get('/v1.0/users?$count=true')).body).not.toHaveProperty('@odata.count');
    for (const query of ['$top=1000', '$top=0', '$skip=1', '$skiptoken=abc']) {
      expect((await get(`/v1.0/users?${query}`)).status).toBe(400);
    }
  });

  it('are not readable before they are replicated, yet cannot be invited twice', async () => {
    await ask('PUT', '/admin/settings', { replicationMs: 1000 });
    const made = await invite();
    expect((await get(`/v1.0/users/${guestIdOf(made)}`)).status).toBe(404);
    expect(await find("mail eq 'ana@fabrikam.com'")).toEqual([]);
    expect(guestIdOf(await invite())).toBe(guestIdOf(made));
    time += 1000;
    expect(await find("mail eq 'ana@fabrikam.com'")).toEqual(['ana@fabrikam.com']);
  });

  it('are gone after they are deleted, with their invitations', async () => {
    const made = await invite();
    const deleted = await ask('DELETE', `/v1.0/users/${guestIdOf(made)}`);
    expect([deleted.status, deleted.text]).toEqual([204, '']);
    expect((await get(`/v1.0/users/${guestIdOf(made)}`)).status).toBe(404);
    expect((await get(String(made.body['inviteRedeemUrl']))).status).toBe(404);
    expect(guestIdOf(await invite())).not.toBe(guestIdOf(made));
  });
});

describe('an invite to a call', () => {
  it('is answered bare, in PascalCase, with the place of the operation', async () => {
    const answered = await call();
    expect(answered.status).toBe(200);
    expect(answered.headers.get('location')).toBe(`${base}${CALL}/operations/${String(answered.body['id'])}`);
    expect(answered.body).toEqual({
      '@odata.type': '#microsoft.graph.inviteParticipantsOperation',
      id: expect.any(String),
      clientContext: 'context-1',
      status: 'Running',
      resultInfo: null,
      participants: [
        {
          endpointType: null,
          id: null,
          replacesCallId: null,
          identity: {
            application: null,
            device: null,
            phone: null,
            user: { '@odata.type': '#microsoft.graph.identity', id: 'user-1' },
          },
        },
      ],
    });
  });

  it('prints four more empty identities for a phone', async () => {
    const answered = await call({ participants: [{ identity: { phone: { id: '+15550100' } }, hidden: true }] });
    expect(listAt(answered.body, 'participants')[0]).toMatchObject({
      hidden: true,
      identity: {
        user: null,
        guest: null,
        encrypted: null,
        onPremises: null,
        applicationInstance: null,
        phone: { id: '+15550100' },
      },
    });
  });

  it('runs for its time, completes in lower case, and is gone after a while', async () => {
    const { headers } = await call();
    const operation = String(headers.get('location'));
    expect((await get(operation)).body).toMatchObject({ status: 'running', resultInfo: null });
    time += 5000;
    expect((await get(operation)).body).toMatchObject({
      status: 'completed',
      clientContext: 'context-1',
      resultInfo: { code: 200, subcode: 0, message: 'Action completed successfully.' },
    });
    expect(listAt((await get(`${CALL}/operations`)).body, 'value')).toHaveLength(1);
    time += 60_000;
    expect((await get(operation)).status).toBe(404);
    expect(listAt((await get(`${CALL}/operations`)).body, 'value')).toHaveLength(0);
  });

  it.each<[string, Json, number]>([
    ['a phone called +1555fail', { phone: { id: '+1555fail' } }, 412],
    ['somebody named fail-forbidden', { user: { id: 'x', displayName: 'Fail-forbidden' } }, 403],
    ['a user called fail-busy', { user: { id: 'fail-busy' } }, 410],
  ])('fails for %s', async (_name, identity, code) => {
    const { headers } = await call({ participants: [person(), { identity }] });
    time += 5000;
    expect((await get(String(headers.get('location')))).body).toMatchObject({ status: 'failed', resultInfo: { code } });
    expect(listAt((await get(`${CALL}/participants`)).body, 'value')).toEqual([]);
  });

  it.each<[string, Json]>([
    ['no participants', { participants: [] }],
    ['six participants', { participants: Array.from({ length: 6 }, () => person()) }],
    ['a participant without identity', { participants: [{}] }],
    ['only empty identities', { participants: [{ identity: { user: null } }] }],
    ['a context of 257 characters', { clientContext: 'x'.repeat(257) }],
    ['an unknown member', { callback: 'x' }],
    ['a wrong type', { participants: [{ ...person(), hidden: 'no' }] }],
  ])('is refused for %s', async (_name, members) => {
    expect((await call(members)).status).toBe(400);
    expect((await get('/admin/operations')).body['operations']).toEqual([]);
  });

  it('accepts unknown members where the type is open', async () => {
    const { body } = await call({ participants: [{ identity: { acsUser: { id: 'a', rawId: 'b' } }, note: 1 }] });
    expect(objectAt(listAt(body, 'participants')[0] ?? {}, 'identity')).toMatchObject({
      acsUser: { id: 'a', rawId: 'b' },
    });
  });

  it('silently takes only the first participant when a call is replaced', async () => {
    const { body } = await call({
      participants: [
        { ...person('a'), replacesCallId: 'old' },
        { ...person('b'), replacesCallId: 'old' },
      ],
    });
    expect(listAt(body, 'participants')).toEqual([expect.objectContaining({ replacesCallId: 'old' })]);
  });

  it('puts the participants on the roster once it completed, the hidden ones not', async () => {
    await call({ participants: [person('seen'), { ...person('unseen'), hidden: true }] });
    expect(listAt((await get(`${CALL}/participants`)).body, 'value')).toEqual([]);
    time += 5000;
    const roster = listAt((await get(`${CALL}/participants`)).body, 'value');
    expect(roster.map((participant) => objectAt(participant, 'info'))).toEqual([
      expect.objectContaining({ identity: expect.objectContaining({ user: expect.objectContaining({ id: 'seen' }) }) }),
    ]);
  });

  it('finds every call established, with a chat, and an operation only under its call', async () => {
    const { body } = await call();
    expect((await get(CALL)).body).toMatchObject({ state: 'established', chatInfo: { threadId: expect.any(String) } });
    const elsewhere = await get(`/v1.0/communications/calls/call-2/operations/${String(body['id'])}`);
    expect([elsewhere.status, errorOf(elsewhere)['code']]).toEqual([404, 'UnknownError']);
    expect(errorOf(await get('/v1.0/communications/calls/a%20b'))['code']).toBe('8522');
  });
});

describe('a batch', () => {
  it('answers every part by its id, in an order of its own', async () => {
    const requests = Array.from({ length: 20 }, (_, index) => ({
      id: String(index),
      method: 'GET',
      url: `/users?$top=1&n=${index}`,
    }));
    const answered = await batch(requests);
    const order = listAt(answered.body, 'responses').map((part) => part['id']);
    expect(answered.status).toBe(200);
    expect(order).not.toEqual(requests.map(({ id }) => id));
    expect(new Set(order).size).toBe(20);
  });

  it('judges every part alone', async () => {
    const parts = partsById(
      await batch([
        { id: 'a', method: 'GET', url: 'users/nobody' },
        {
          id: 'b',
          method: 'POST',
          url: `${INVITE.slice('/v1.0'.length)}`,
          headers: { 'Content-Type': 'application/json' },
          body: { participants: [person()] },
        },
        { id: 'c', method: 'POST', url: '/invitations', body: { invitedUserEmailAddress: 'a@b.c' } },
        { id: 'd', method: 'GET', url: '/users', headers: { Authorization: 'none' } },
      ]),
    );
    expect(['a', 'b', 'c', 'd'].map((id) => parts.get(id)?.['status'])).toEqual([404, 200, 400, 401]);
    expect(parts.get('b')).toMatchObject({
      headers: { Location: expect.any(String), 'Content-Type': 'application/json' },
      body: { status: 'Running' },
    });
  });

  it('runs parts after those they depend on, and not when those failed', async () => {
    const parts = partsById(
      await batch([
        { id: 'late', method: 'GET', url: '/users', dependsOn: ['FIRST'] },
        { id: 'first', method: 'GET', url: '/users/nobody' },
        { id: 'fine', method: 'GET', url: '/users' },
      ]),
    );
    expect(['first', 'late', 'fine'].map((id) => parts.get(id)?.['status'])).toEqual([404, 424, 200]);
  });

  it('has no body for a part without content', async () => {
    const id = guestIdOf(await invite());
    const [part] = listAt((await batch([{ id: '1', method: 'DELETE', url: `/users/${id}` }])).body, 'responses');
    expect(part).toEqual({ id: '1', status: 204, headers: { 'x-ms-resource-unit': '1' } });
  });

  it.each<[string, unknown]>([
    [
      'more than 20 parts',
      Array.from({ length: 21 }, (_, index) => ({ id: String(index), method: 'GET', url: '/users' })),
    ],
    [
      'ids that differ in case only',
      [
        { id: 'a', method: 'GET', url: '/users' },
        { id: 'A', method: 'GET', url: '/users' },
      ],
    ],
    ['a part without id', [{ method: 'GET', url: '/users' }]],
    ['a part without method', [{ id: '1', url: '/users' }]],
    ['an absolute url', [{ id: '1', method: 'GET', url: 'https://graph.microsoft.com/v1.0/users' }]],
    [
      'a batch inside',
      [
        {
          id: '1',
          method: 'POST',
          url: '/$batch',
          headers: { 'Content-Type': 'application/json' },
          body: { requests: [] },
        },
      ],
    ],
    ['an unknown dependency', [{ id: '1', method: 'GET', url: '/users', dependsOn: ['2'] }]],
    [
      'parts that wait for each other',
      [
        { id: '1', method: 'GET', url: '/users', dependsOn: ['2'] },
        { id: '2', method: 'GET', url: '/users', dependsOn: ['1'] },
      ],
    ],
    ['no list of requests', 'none'],
  ])('is refused whole for %s', async (_name, requests) => {
    expect((await batch(requests)).status).toBe(400);
  });

  it('needs a token of its own', async () => {
    expect((await post('/v1.0/$batch', { requests: [] }, { authorization: '' })).status).toBe(401);
  });
});

describe('a fault', () => {
  it('throttles in the shape of Graph, as often as it is told and after it was told to wait', async () => {
    await fault(
      { kind: 'status', status: 429, retryAfter: '2.128' },
      { method: 'GET', path: '^/users$', skip: 1, times: 1 },
    );
    const answers = [await get('/v1.0/users'), await get('/v1.0/users'), await get('/v1.0/users')];
    expect(answers.map(({ status }) => status)).toEqual([200, 429, 200]);
    expect(answers[1]?.headers.get('retry-after')).toBe('2.128');
    expect(errorOf(answers[1] as Reply)).toMatchObject({
      code: 'TooManyRequests',
      innerError: { code: '429', status: '429', message: expect.any(String) },
    });
    expect(listAt((await get('/admin/faults')).body, 'faults')).toEqual([expect.objectContaining({ hits: 1 })]);
  });

  it('answers pages, raw bodies and unknown calls', async () => {
    await ask('PUT', '/admin/faults', [
      { path: '/html', effect: { kind: 'html', status: 503 } },
      { path: '/raw', effect: { kind: 'body', status: 200, contentType: 'application/json', text: '{ not json' } },
      { path: '/calls/lost$', effect: { kind: 'unknownCall' } },
    ]);
    const page = await get('/v1.0/html');
    expect([page.status, page.headers.get('content-type')]).toEqual([503, 'text/html; charset=utf-8']);
    expect(await (await fetch(`${base}/v1.0/raw`)).text()).toBe('{ not json');
    const lost = await get('/v1.0/communications/calls/lost');
    expect([lost.status, errorOf(lost)['code'], errorOf(lost)['message']]).toEqual([404, '8522', 'Call not found.']);
  });

  it('cuts the line before or after the work is done', async () => {
    const made = async (): Promise<number> => listAt((await get('/admin/invitations')).body, 'invitations').length;
    await fault({ kind: 'cut', when: 'before' }, { times: 1 });
    await expect(invite()).rejects.toThrow();
    expect(await made()).toBe(0);
    await fault({ kind: 'cut', when: 'after' }, { times: 1 });
    await expect(invite()).rejects.toThrow();
    expect(await made()).toBe(1);
  });

  it('fails after the work is done', async () => {
    await fault({ kind: 'errorAfter', status: 500 }, { times: 1 });
    expect((await invite()).status).toBe(500);
    expect(listAt((await get('/admin/invitations')).body, 'invitations')).toHaveLength(1);
  });

  it('wraps, changes and delays answers', async () => {
    await fault({ kind: 'wrap' }, { path: 'invite$', times: 1 });
    expect(objectAt((await call()).body, 'value')).toMatchObject({ status: 'Running' });
    await fault({ kind: 'merge', body: { status: 'dreaming' } }, { path: 'invite$', times: 1 });
    expect((await call()).body['status']).toBe('dreaming');
    await fault({ kind: 'delay', ms: 1 }, { path: 'invite$', times: 1 });
    expect((await call()).status).toBe(200);
  });

  it('makes a finished operation vanish', async () => {
    const operation = String((await call()).headers.get('location'));
    await fault({ kind: 'vanish' }, { path: '/operations/' });
    expect((await get(operation)).status).toBe(200);
    time += 5000;
    expect((await get(operation)).status).toBe(404);
  });

  it('hits parts of a batch: answered twice, left out, throttled, a page', async () => {
    await ask('PUT', '/admin/faults', {
      faults: [
        { path: 'twice', effect: { kind: 'doublePart' } },
        { path: 'dropped', effect: { kind: 'dropPart' } },
        { path: 'throttled', effect: { kind: 'status', status: 429, retryAfter: '7' } },
        { path: 'page', effect: { kind: 'html', status: 503 } },
      ],
    });
    const answered = await batch(
      ['twice', 'dropped', 'throttled', 'page'].map((id) => ({ id, method: 'GET', url: `/users/${id}` })),
    );
    const answeredIds = listAt(answered.body, 'responses').map((part) => String(part['id']));
    expect(answeredIds.toSorted((a, b) => a.localeCompare(b))).toEqual(['page', 'throttled', 'twice', 'twice']);
    const parts = partsById(answered);
    expect(parts.get('throttled')).toMatchObject({ status: 429, headers: { 'Retry-After': '7' } });
    expect(Buffer.from(String(parts.get('page')?.['body']), 'base64').toString()).toContain('<html>');
  });

  it('cuts a whole batch for one part, before any part is done', async () => {
    await fault({ kind: 'cut', when: 'before' }, { path: '^/users' });
    const body = { invitedUserEmailAddress: 'a@b.com', inviteRedirectUrl: 'https://x.com' };
    const requests = [
      { id: '1', method: 'POST', url: '/invitations', headers: { 'Content-Type': 'application/json' }, body },
      { id: '2', method: 'GET', url: '/users' },
    ];
    await expect(batch(requests)).rejects.toThrow();
    expect((await get('/admin/invitations')).body['invitations']).toEqual([]);
  });

  it.each([{ kind: 'hang' }, { kind: 'delay', ms: 3_600_000 }])(
    'keeps an answer back after the work is done, until the emulator stops: %j',
    async (effect) => {
      await fault(effect, { path: '^/invitations$' });
      const waiting = invite().catch(() => 'cut');
      await waitFor(async () => listAt((await get('/admin/invitations')).body, 'invitations').length === 1);
      await emulator.stop();
      expect(await waiting).toBe('cut');
    },
  );

  it('stops being a fault when it is cleared', async () => {
    await fault({ kind: 'status', status: 503 });
    expect((await get('/v1.0/users')).status).toBe(503);
    await ask('DELETE', '/admin/faults');
    expect((await get('/v1.0/users')).status).toBe(200);
  });

  it.each<[unknown, string]>([
    [{}, 'effect must be'],
    [{ effect: { kind: 'explode' } }, 'effect.kind is unknown: "explode"'],
    [{ effect: { kind: 'hang', ms: 5 } }, 'effect.ms is unknown'],
    [{ effect: { kind: 'delay' } }, 'effect.ms is required'],
    [{ effect: { kind: 'status' } }, 'effect.status must be'],
    [{ path: '(', effect: { kind: 'hang' } }, 'not a regular expression'],
    [{ times: -1, effect: { kind: 'hang' } }, 'times must be a whole number'],
    ['{ not json', 'must be JSON'],
  ])('is refused with a reason: %j', async (body, reason) => {
    const refused = await post('/admin/faults', body);
    expect(refused.status).toBe(400);
    expect(refused.body['error']).toContain(reason);
  });
});

describe('the admin routes', () => {
  it('tell what was asked, without the token', async () => {
    await get('/v1.0/users?$top=3');
    await batch([{ id: '1', method: 'GET', url: '/users/nobody' }]);
    const requests = listAt((await get('/admin/requests')).body, 'requests');
    expect(requests).toEqual([
      expect.objectContaining({ at: START, method: 'GET', path: '/v1.0/users', query: { $top: '3' }, status: 200 }),
      expect.objectContaining({
        batch: true,
        parts: [{ id: '1', method: 'GET', url: '/users/nobody', headers: {}, status: 404 }],
      }),
    ]);
    expect(requests[0]?.['headers']).toMatchObject({ authorization: 'present' });
    expect((await ask('DELETE', '/admin/requests')).status).toBe(200);
    expect((await get('/admin/requests')).body).toEqual({ requests: [] });
  });

  it('count requests by route, parts of batches included', async () => {
    const { headers } = await call();
    const url = String(headers.get('location')).slice(`${base}/v1.0`.length);
    await batch([
      { id: '1', method: 'GET', url },
      { id: '2', method: 'GET', url },
    ]);
    await get(`/v1.0${url}`);
    expect(await counts()).toEqual({
      'POST /communications/calls/{}/participants/invite': 1,
      'GET /communications/calls/{}/operations/{}': 3,
      'POST /$batch': 1,
    });
    expect((await get('/admin/counts')).body['http']).toBe(3);
  });

  it('force the end of an operation', async () => {
    const { body, headers } = await call();
    await post(`/admin/operations/${String(body['id'])}`, {
      status: 'failed',
      resultInfo: { code: 500, subcode: 7000, message: null },
    });
    expect((await get(String(headers.get('location')))).body).toMatchObject({
      status: 'failed',
      resultInfo: { subcode: 7000 },
    });
    expect((await post('/admin/operations/none', { status: 'failed' })).status).toBe(404);
    expect((await post(`/admin/operations/${String(body['id'])}`, {})).status).toBe(400);
  });

  it('make users and change them', async () => {
    const { body } = await post('/admin/users', {
      mail: 'old@fabrikam.com',
      createdDateTime: '2020-01-01T00:00:00Z',
      externalUserState: 'Accepted',
    });
    expect((await invite({ invitedUserEmailAddress: 'old@fabrikam.com' })).body).toMatchObject({
      status: 'Completed',
      invitedUser: { id: body['id'] },
    });
    await post(`/admin/users/${String(body['id'])}`, { externalUserState: null });
    expect(await userState(String(body['id']))).toMatchObject({ externalUserState: null });
    expect((await post('/admin/users/none', {})).status).toBe(404);
    expect((await post(`/admin/users/${String(body['id'])}`, { mail: 'x@y.z' })).status).toBe(400);
  });

  it('change how long things take', async () => {
    const { headers } = await call();
    await ask('PUT', '/admin/settings', { operationMs: 0 });
    expect((await get(String(headers.get('location')))).body['status']).toBe('completed');
    expect((await ask('PUT', '/admin/settings', { operationMs: '5' })).status).toBe(400);
    expect((await ask('PUT', '/admin/settings', { speed: 5 })).status).toBe(400);
  });
});

describe('the entry file', () => {
  let folder: string;
  let child: ChildProcessWithoutNullStreams;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'emulator-'));
  });
  afterEach(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    await rm(folder, { recursive: true });
  });

  function run(env: Record<string, string>): void {
    child = spawn(process.execPath, ['src/emulator/main.ts'], { env: { EMULATOR_PORT: '0', ...env } });
    child.stdout.setEncoding('utf8');
    child.stderr.setEncoding('utf8');
  }
  async function listening(): Promise<string> {
    const [line] = (await once(child.stdout, 'data')) as [string];
    const { msg, url } = JSON.parse(line) as { msg: string; url: string };
    expect(msg).toBe('listening');
    return url;
  }

  it('starts again after kill -9 with all that it answered, and stops on SIGTERM', async () => {
    const env = { EMULATOR_STATE_FILE: join(folder, 'new', 'state.db') };
    run(env);
    const made = await post(`${await listening()}/v1.0/invitations`, {
      invitedUserEmailAddress: 'a@b.com',
      inviteRedirectUrl: 'https://x.com',
    });
    child.kill('SIGKILL');
    await once(child, 'exit');
    run(env);
    expect((await get(`${await listening()}/v1.0/users/${guestIdOf(made)}`)).body['mail']).toBe('a@b.com');
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it('names everything that is wrong with its environment, without a stack', async () => {
    run({ EMULATOR_PORT: '70000', EMULATOR_SEED: '-1', EMULATOR_OPERATION_MS: 'soon' });
    let said = '';
    child.stderr.on('data', (text: string) => (said += text));
    expect(await once(child, 'close')).toEqual([2, null]);
    expect(said.trim().split('\n')).toEqual([
      expect.stringContaining('EMULATOR_PORT'),
      expect.stringContaining('EMULATOR_OPERATION_MS'),
      expect.stringContaining('EMULATOR_SEED'),
    ]);
  });
});

describe('pages that a browser on this machine shows', () => {
  // What fetch sends as host is not ours to choose.
  const statusOf = async (method: string, path: string, headers: Record<string, string>, body = '') => {
    const request = http.request(`${base}${path}`, { method, headers: { authorization: 'Bearer token', ...headers } });
    request.end(body);
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    response.resume();
    return response.statusCode;
  };
  const own = () => new URL(base).host;
  const routes: [string, string][] = [
    ['GET', '/admin/requests'],
    ['POST', '/admin/delta/expire'],
    ['DELETE', '/admin/faults'],
    ['GET', '/v1.0/users'],
    ['GET', '/v1/.well-known/keys'],
    ['GET', '/nowhere'],
  ];

  it.each(routes)('are refused when they are of another machine: %s %s', async (method, path) => {
    for (const origin of [
      'https://evil.example',
      'null',
      'http://127.0.0.1.evil.example',
      'http://localhost@evil.example',
    ])
      expect(await statusOf(method, path, { origin })).toBe(403);
    for (const origin of ['http://localhost:4000', 'http://127.0.0.1', 'https://[::1]:1'])
      expect(await statusOf(method, path, { origin })).not.toBe(403);
  });

  it.each(routes)('are refused under a name that was made to lead here: %s %s', async (method, path) => {
    for (const host of ['evil.example', 'evil.example:4010', '127.0.0.1.evil.example', 'localhost.evil.example'])
      expect(await statusOf(method, path, { host })).toBe(403);
    for (const host of [own(), 'LOCALHOST:4010', '127.1.2.3', '[::1]:4010'])
      expect(await statusOf(method, path, { host })).not.toBe(403);
  });

  it('change nothing with what needs no leave: admin bodies are JSON, and say so', async () => {
    const fault = JSON.stringify({ effect: { kind: 'status', status: 503 } });
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'text/plain;application/json'])
      expect(await statusOf('POST', '/admin/faults', { 'content-type': type }, fault)).toBe(415);
    expect(await statusOf('POST', '/admin/faults', {}, fault)).toBe(415);
    expect((await get('/admin/faults')).body['faults']).toEqual([]);
    const json = { 'content-type': 'application/json; charset=utf-8' };
    expect(await statusOf('POST', '/admin/faults', json, fault)).toBe(200);
  });

  it('may lead to a redeem link', async () => {
    const ticket = new URL(String((await invite()).body['inviteRedeemUrl'])).search;
    expect(await statusOf('GET', `/redeem${ticket}`, { host: 'guest.example', origin: 'https://mail.example' })).toBe(
      200,
    );
  });
});

describe('the state', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'emulator-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('is found again after a restart, and no id is given twice', async () => {
    await emulator.stop();
    const stateFile = join(folder, 'state.db');
    await start({ stateFile });
    const made = await invite();
    const running = await call();
    await emulator.stop();

    await start({ stateFile });
    expect(await userState(guestIdOf(made))).toMatchObject({ externalUserState: 'PendingAcceptance' });
    const ticket = new URL(String(made.body['inviteRedeemUrl'])).search;
    expect((await get(`/redeem${ticket}`)).status).toBe(200);
    time += 5000;
    const id = String(running.body['id']);
    expect((await get(`${CALL}/operations/${id}`)).body['status']).toBe('completed');
    const other = await invite({ invitedUserEmailAddress: 'bo@fabrikam.com' });
    const ids = [made.body['id'], guestIdOf(made), id, other.body['id'], guestIdOf(other)];
    expect(new Set(ids).size).toBe(5);
    expect(listAt((await get('/v1.0/users')).body, 'value')).toHaveLength(8);
  });

  it('is the same for the same seed and another for another', async () => {
    const first = (await invite()).body['inviteRedeemUrl'];
    const ticket = (url: unknown): string => new URL(String(url)).search;
    await emulator.stop();
    await start();
    expect(ticket((await invite()).body['inviteRedeemUrl'])).toBe(ticket(first));
    await emulator.stop();
    await start({ seed: 2 });
    expect(ticket((await invite()).body['inviteRedeemUrl'])).not.toBe(ticket(first));
  });

  it('does not start twice at once, and frees a port that it could not take', async () => {
    await expect(emulator.start()).rejects.toThrow('already running');
    const second = createEmulator({ port: Number(new URL(base).port) });
    await expect(second.start()).rejects.toThrow('EADDRINUSE');
    await second.stop();
  });
});
