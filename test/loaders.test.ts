import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { createEmulator, type Emulator } from '../src/emulator/emulator.ts';
import { createBatchReader } from '../src/graph/batch.ts';
import { createGraphClient, type GraphClient } from '../src/graph/client.ts';
import { createUserReader, type UserReader } from '../src/graph/user-reader.ts';
import { guestsPath, usersByMailPath } from '../src/graph/users.ts';
import { createLoaders } from '../src/loaders.ts';

let emulator: Emulator;
let baseUrl: string;
let client: GraphClient;
let users: UserReader;

beforeEach(async () => {
  emulator = createEmulator({});
  baseUrl = await emulator.start();
  client = createGraphClient({ baseUrl, version: 'v1.0', loadToken: () => Promise.resolve('token'), connections: 8 });
  users = createUserReader(createBatchReader(client));
});
afterEach(async () => {
  await client.stop();
  await emulator.stop();
});

const admin = async (method: string, path: string, body?: object): Promise<any> => {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${baseUrl}/admin/${path}`, {
    method,
    ...(body ? { headers, body: JSON.stringify(body) } : {}),
  });
  return response.headers.get('content-type')?.includes('json') ? response.json() : undefined;
};
const fault = (path: string, effect: object) => admin('POST', 'faults', { path, effect });
async function invite(count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let at = 0; at < count; at += 1) {
    const { body } = await client.post(
      '/invitations',
      {
        invitedUserEmailAddress: `guest${at}@example.com`,
        invitedUserDisplayName: `Guest ${at}`,
        inviteRedirectUrl: 'https://example.com',
      },
      { timeoutMs: 5_000 },
    );
    ids.push((body as { invitedUser: { id: string } }).invitedUser.id);
  }
  await admin('DELETE', 'requests');
  return ids;
}
const createRequest = () =>
  createLoaders({ users, store: { histories: () => Promise.resolve([]) }, timeoutMs: () => 5_000 });
/** What Graph was asked in its latest batch. */
const urls = async (): Promise<string[]> =>
  (await admin('GET', 'requests')).requests.at(-1).parts.map(({ url }: { url: string }) => url);
const requests = async (): Promise<number> => (await admin('GET', 'counts')).http;
const failureOf = (call: Promise<unknown>): Promise<any> => call.catch((error: unknown) => error);

describe('the users of one answer', () => {
  it('are read by one request, 50 of them, with the members that were asked for and no other', async () => {
    const ids = await invite(50);
    const { userMember } = createRequest();
    const names = await Promise.all(ids.map((id) => userMember(id, 'displayName')));
    expect(names).toEqual(ids.map((_, at) => `Guest ${at}`));
    expect(await requests()).toBe(1);
    const asked = await urls();
    expect(asked).toHaveLength(4);
    for (const url of asked) {
      expect(url).toMatch(/^\/users\?\$select=id,displayName&\$filter=id%20in%20\(/);
      expect(url.match(/%27[0-9a-f-]{36}%27/g)?.length).toBeLessThanOrEqual(15);
    }
  });

  it('are each read with their own members, once, also when asked for again', async () => {
    const [a = '', b = '', c = ''] = await invite(3);
    const { userMember } = createRequest();
    const ask = () =>
      Promise.all([
        userMember(a, 'mail'),
        userMember(a, 'displayName'),
        userMember(b, 'displayName'),
        userMember(b, 'mail'),
        userMember(c, 'userType'),
      ]);
    const answers = await ask();
    expect(answers).toEqual(['guest0@example.com', 'Guest 0', 'Guest 1', 'guest1@example.com', 'Guest']);
    expect(new Set((await urls()).map((url) => url.split('&')[0]))).toEqual(
      new Set([`/users/${c}?$select=id,userType`, '/users?$select=id,displayName,mail']),
    );
    expect(await ask()).toEqual(answers);
    expect(await requests()).toBe(1);
  });

  it('are null where Graph does not know them, and a strange id spoils nobody else', async () => {
    const [a = '', b = ''] = await invite(2);
    const { userMember } = createRequest();
    const strange = ["o'neil", "x') or (id eq '1", '../../invitations', '.', '', 'ä/b?c#d%', 'x'.repeat(300)];
    const ids = [a, randomUUID(), ...strange, b.toUpperCase()];
    const names = await Promise.all(ids.map((id) => userMember(id, 'displayName')));
    expect(names).toEqual(['Guest 0', null, ...strange.map(() => null), 'Guest 1']);
    expect(await requests()).toBe(1);
  });

  it('fail alone: a part that fails is an error for its users only', async () => {
    const ids = await invite(17);
    await fault('^/users/odd$', { kind: 'status', status: 403 });
    const { userMember } = createRequest();
    const [odd, ...names] = await Promise.all([
      failureOf(userMember('odd', 'displayName')),
      ...ids.map((id) => userMember(id, 'displayName')),
    ]);
    expect(odd).toMatchObject({ code: 'FORBIDDEN' });
    expect(names).toEqual(ids.map((_, at) => `Guest ${at}`));
  });

  it.each([
    ['no JSON', { kind: 'html', status: 200 }],
    ['no list', { kind: 'body', status: 200, contentType: 'application/json', text: '{}' }],
    ['missing', { kind: 'dropPart' }],
  ])('are an error, and not null, when what comes is %s', async (_, effect) => {
    const ids = await invite(2);
    await fault('^/users', effect);
    for (const members of [ids, ids.slice(0, 1)]) {
      const { userMember } = createRequest();
      for (const result of await Promise.all(members.map((id) => failureOf(userMember(id, 'displayName')))))
        expect(result).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
    }
  });
});

describe('the same read by several at once', () => {
  it('is made once, and again after it has ended', async () => {
    const ids = await invite(5);
    const ask = () => Promise.all(ids.map((id) => createRequest().userMember(id, 'displayName')));
    await Promise.all([ask(), ask(), createRequest().userMember(ids[0] ?? '', 'displayName')]);
    expect((await admin('GET', 'counts')).byRoute).toMatchObject({ 'GET /users/{}': 5 });
    await ask();
    expect((await admin('GET', 'counts')).byRoute).toMatchObject({ 'GET /users/{}': 10 });
  });

  it('fails for all of them, and is not remembered', async () => {
    const [id = ''] = await invite(1);
    await admin('POST', 'faults', { path: '^/users', times: 1, effect: { kind: 'status', status: 500 } });
    const both = [createRequest().userMember(id, 'displayName'), createRequest().userMember(id, 'displayName')];
    for (const failure of await Promise.all(both.map(failureOf)))
      expect(failure).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
    expect(await createRequest().userMember(id, 'displayName')).toBe('Guest 0');
  });
});

describe('the paths of guests', () => {
  it('hold 15 ids at the most, and quote them', () => {
    expect(() => guestsPath(Array.from({ length: 16 }, () => 'a'))).toThrow(RangeError);
    expect(guestsPath(["o'n"])).toContain('$filter=id%20in%20(%27o%27%27n%27)');
    expect(usersByMailPath("o'n&x@example.com")).toContain('%27o%27%27n%26x%40example.com%27');
  });
});
