/** What the emulated `GET /users/delta` promises, and how users are found by many ids. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createEmulator, type Emulator, type EmulatorOptions } from '../src/emulator/emulator.ts';

type Json = Record<string, any>;
interface Reply {
  status: number;
  headers: Headers;
  body: Json;
}

const DAY = 86_400_000;
const SELECT = '$select=externalUserState';
let emulator: Emulator;
let base: string;
let time: number;

async function start(options: EmulatorOptions = {}): Promise<void> {
  emulator = createEmulator({ now: () => time, ...options });
  base = await emulator.start();
}
beforeEach(async () => {
  time = Date.parse('2026-03-01T10:00:00Z');
  await start();
});
afterEach(() => emulator.stop());

async function ask(method: string, path: string, body?: unknown, headers: Json = {}): Promise<Reply> {
  const response = await fetch(path.startsWith('http') ? path : `${base}${path}`, {
    method,
    headers: { authorization: 'Bearer token', ...(body ? { 'content-type': 'application/json' } : {}), ...headers },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text ? (JSON.parse(text) as Json) : {} };
}
const get = (path: string, headers: Json = {}): Promise<Reply> => ask('GET', path, undefined, headers);
const post = (path: string, body: unknown = {}): Promise<Reply> => ask('POST', path, body);
const set = (settings: Json): Promise<Reply> => ask('PUT', '/admin/settings', settings);
const refusalOf = ({ status, body }: Reply): unknown[] => [status, body['error']?.code];

async function invite(mail: string): Promise<{ id: string; redeem: () => Promise<unknown> }> {
  const { body } = await post('/v1.0/invitations', {
    invitedUserEmailAddress: mail,
    inviteRedirectUrl: 'https://x.com',
  });
  return { id: body['invitedUser'].id, redeem: () => fetch(body['inviteRedeemUrl']).then((page) => page.text()) };
}

/** Follows the links to the end of the round. */
async function round(path: string, headers: Json = {}): Promise<{ pages: Json[][]; items: Json[]; deltaLink: string }> {
  const pages: Json[][] = [];
  for (let next = path; ;) {
    const { status, body } = await get(next, headers);
    expect(status).toBe(200);
    expect(['@odata.nextLink', '@odata.deltaLink'].filter((link) => link in body)).toHaveLength(1);
    pages.push(body['value']);
    if ('@odata.deltaLink' in body) return { pages, items: pages.flat(), deltaLink: body['@odata.deltaLink'] };
    next = body['@odata.nextLink'];
  }
}
const latest = async (query = SELECT, headers: Json = {}): Promise<string> =>
  (await round(`/v1.0/users/delta?${query}&$deltatoken=latest`, headers)).deltaLink;

describe('delta', () => {
  it('lists all users in the first round, page by page, and only changes after it', async () => {
    await set({ deltaPageSize: 4 });
    const first = await round('/v1.0/users/delta?$select=mail');
    expect(first.pages.map((page) => page.length)).toEqual([4, 2]);
    expect(Object.keys(first.items[0] ?? {})).toEqual(['id', 'mail']);
    const guest = await invite('ana@fabrikam.com');
    const second = await round(first.deltaLink);
    expect(second.items).toEqual([{ id: guest.id, mail: 'ana@fabrikam.com' }]);
    expect((await round(second.deltaLink)).items).toEqual([]);
  });

  it('starts from now when it is told to, under both spellings, counted as one route', async () => {
    const { body } = await get(`/v1.0/users/delta()?${SELECT}&$deltatoken=latest`);
    expect(body).toEqual({
      '@odata.context': `${base}/v1.0/$metadata#users(externalUserState)`,
      '@odata.deltaLink': expect.stringContaining('/v1.0/users/delta?$deltatoken='),
      value: [],
    });
    await latest();
    expect((await get('/admin/counts')).body['byRoute']).toEqual({ 'GET /users/delta': 2 });
  });

  it('tells of a guest who accepts, and not of changes that nobody selected', async () => {
    const guest = await invite('ana@fabrikam.com');
    const states = await latest();
    const names = await latest('$select=displayName');
    await guest.redeem();
    expect((await round(states)).items).toEqual([{ id: guest.id, externalUserState: 'Accepted' }]);
    expect((await round(names)).items).toEqual([]);
    const now = await latest();
    await post(`/admin/users/${guest.id}`, { accountEnabled: false });
    await post(`/admin/users/${guest.id}`, { externalUserState: 'Accepted' });
    expect((await round(now)).items).toEqual([]);
  });

  it('tells only the changed members when it is asked for the minimum', async () => {
    const guest = await invite('ana@fabrikam.com');
    const link = await latest('$select=mail,externalUserState,accountEnabled', { prefer: 'return=minimal' });
    await guest.redeem();
    expect((await round(link)).items).toEqual([{ id: guest.id, externalUserState: 'Accepted' }]);
  });

  it('marks who was removed, can come back, came back, and is gone for good', async () => {
    const { id } = await invite('ana@fabrikam.com');
    let { deltaLink } = await round(await latest());
    const told = async (): Promise<Json[]> => {
      const next = await round(deltaLink);
      ({ deltaLink } = next);
      return next.items;
    };
    await ask('DELETE', `/v1.0/users/${id}`);
    expect(await told()).toEqual([{ id, '@removed': { reason: 'changed' } }]);
    expect((await post(`/admin/users/${id}/restore`)).status).toBe(200);
    expect((await post(`/admin/users/${id}/restore`)).status).toBe(404);
    expect(await told()).toEqual([{ id, externalUserState: 'PendingAcceptance' }]);
    expect((await get(`/v1.0/users/${id}`)).status).toBe(200);
    await ask('DELETE', `/v1.0/users/${id}`);
    expect((await ask('DELETE', `/admin/users/${id}`)).status).toBe(200);
    expect(await told()).toEqual([{ id, '@removed': { reason: 'deleted' } }]);
    expect((await ask('DELETE', `/admin/users/${id}`)).status).toBe(404);
  });

  it('watches only the users that a filter names, at most fifty', async () => {
    const [ana, bo] = [await invite('ana@fabrikam.com'), await invite('bo@fabrikam.com')];
    const filtered = (ids: string[]): string =>
      `/v1.0/users/delta?${SELECT}&$filter=${encodeURIComponent(ids.map((id) => `id eq '${id}'`).join(' or '))}`;
    const first = await round(filtered([ana.id, 'nobody']));
    expect(first.items.map(({ id }) => id as string)).toEqual([ana.id]);
    await Promise.all([ana.redeem(), bo.redeem()]);
    expect((await round(first.deltaLink)).items).toEqual([{ id: ana.id, externalUserState: 'Accepted' }]);
    const many = Array.from({ length: 51 }, (_, index) => `user-${index}`);
    expect((await get(filtered(many.slice(1)))).status).toBe(200);
    expect(refusalOf(await get(filtered(many)))).toEqual([400, 'Request_UnsupportedQuery']);
  });

  it.each([
    '$top=5',
    '$orderby=displayName',
    '$expand=manager',
    '$search="a"',
    "$filter=externalUserState eq 'Accepted'",
    "$filter=id eq 'a' and id eq 'b'",
    '$select=nonsense',
  ])('refuses %s', async (query) => expect((await get(`/v1.0/users/delta?${query}`)).status).toBe(400));

  it('refuses tokens that are not its own, of the other kind, or with additions', async () => {
    const link = await latest();
    const token = link.slice(link.indexOf('=') + 1);
    const bad = [`$deltatoken=${token}x`, '$deltatoken=rubbish', '$skiptoken=rubbish', `$skiptoken=${token}`];
    for (const query of bad) {
      expect(refusalOf(await get(`/v1.0/users/delta?${query}`))).toEqual([400, 'syncStateNotFound']);
    }
    expect((await get(`${link}&${SELECT}`)).status).toBe(400);
  });

  it('says where to begin again when a token has expired: after seven days, or when it is told to', async () => {
    const link = await latest();
    time += 7 * DAY - 1;
    const { deltaLink } = await round(link);
    time += 1;
    const gone = await get(link);
    expect(refusalOf(gone)).toEqual([410, 'syncStateNotFound']);
    expect(gone.headers.get('location')).toBe(`${base}/v1.0/users/delta?${SELECT}&$deltatoken=`);
    expect((await round(String(gone.headers.get('location')))).items).toHaveLength(6);
    await post('/admin/delta/expire');
    expect((await get(deltaLink)).status).toBe(410);
    expect((await get(await latest())).status).toBe(200);
  });

  it('tells nothing before it is replicated, and then everything', async () => {
    await set({ replicationMs: 1000 });
    const link = await latest();
    const guest = await invite('ana@fabrikam.com');
    await post('/admin/users', { mail: 'bo@fabrikam.com' });
    const early = await round(link);
    expect(early.items).toEqual([]);
    time += 1000;
    const late = await round(early.deltaLink);
    expect(late.items).toHaveLength(2);
    expect(late.items[0]?.['id']).toBe(guest.id);
  });

  it('begins with empty pages and repeats users when it is told to', async () => {
    await set({ deltaEmptyPages: 2, deltaRepeats: 1, deltaPageSize: 3 });
    const { pages } = await round('/v1.0/users/delta?$select=mail');
    expect(pages.map((page) => page.length)).toEqual([0, 0, 3, 4]);
    expect(pages[3]?.[0]).toEqual(pages[2]?.[2]);
  });

  it('has faults of its own: users twice on a page, links to elsewhere, rubbish', async () => {
    const fault = (effect: Json): Promise<Reply> => post('/admin/faults', { path: '/users/delta', times: 1, effect });
    await fault({ kind: 'duplicates' });
    const { items } = await round('/v1.0/users/delta?$select=mail');
    expect(items).toHaveLength(12);
    expect(new Set(items.map(({ id }) => id as string)).size).toBe(6);
    await fault({ kind: 'foreignLinks', origin: 'https://evil.example' });
    expect((await get('/v1.0/users/delta?$deltatoken=latest')).body['@odata.deltaLink']).toMatch(
      /^https:\/\/evil\.example\/v1\.0\/users\/delta\?/,
    );
    await fault({ kind: 'merge', body: { value: 'rubbish' } });
    expect((await get('/v1.0/users/delta')).body['value']).toBe('rubbish');
    expect((await post('/admin/faults', { effect: { kind: 'foreignLinks', origin: 'x' } })).status).toBe(400);
  });

  it('goes on after a restart', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'emulator-'));
    await emulator.stop();
    const stateFile = join(folder, 'state.db');
    await start({ stateFile });
    const link = await latest();
    const path = link.slice(base.length);
    const guest = await invite('ana@fabrikam.com');
    const removed = await invite('bo@fabrikam.com');
    await ask('DELETE', `/v1.0/users/${removed.id}`);
    await emulator.stop();
    await start({ stateFile });
    expect((await round(path)).items).toEqual([
      { id: guest.id, externalUserState: 'PendingAcceptance' },
      { id: removed.id, '@removed': { reason: 'changed' } },
    ]);
    await emulator.stop();
    await start();
    expect((await get(path)).status).toBe(410);
    await rm(folder, { recursive: true });
  });
});

describe('users by id', () => {
  const find = (ids: string[]): Promise<Reply> =>
    get(`/v1.0/users?$select=id&$filter=${encodeURIComponent(`id in (${ids.map((id) => `'${id}'`).join(',')})`)}`);

  it('are found fifteen at a time, not more', async () => {
    const people = (await get('/v1.0/users?$select=id')).body['value'] as Json[];
    const ids = [...people.map(({ id }) => String(id)), ...Array.from({ length: 9 }, (_, index) => `nobody-${index}`)];
    expect(new Set((await find(ids)).body['value'].map(({ id }: Json) => id as string)).size).toBe(6);
    expect(refusalOf(await find([...ids, 'one-more']))).toEqual([400, 'Request_UnsupportedQuery']);
  });
});
