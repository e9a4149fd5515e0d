import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, request as send, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEmulator, type Emulator } from '../src/emulator/emulator.ts';
import { CLIENT, entraError, SECRET, startAuthority, TENANT, type Authority } from './support/authority.ts';
import { connect, dataOf, query, waitFor, type Answer, type Json } from './support/gateway.ts';
import { startIssuer, toOid, type Claims, type Issuer } from './support/issuer.ts';
import { spawnGateway, type GatewayProcess } from './support/process.ts';

jest.setTimeout(60_000);

const CREATE =
  'mutation ($to: String!, $key: String) { createInvitation(input: { invitedUserEmailAddress: $to, inviteRedirectUrl: "https://app.example.com", idempotencyKey: $key }) { inviteRedeemUrl tracking { id state } } }';
const CREATE_MANY =
  'mutation { createInvitations(inputs: [{ invitedUserEmailAddress: "many@example.com", inviteRedirectUrl: "https://app.example.com" }]) { bulkId results { invitation { tracking { id } } error { code } } } }';
const INVITE =
  'mutation { inviteParticipants(callId: "call", input: { participants: [{ identity: { user: { id: "u1" } } }] }) { tracking { id } } }';
const LIST = '{ invitations { nodes { tracking { id state } } } }';
const FOREIGN = '00000000-0000-4000-8000-00000000f0f0';
const CHALLENGE = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}';

let authority: Authority;
let emulator: Emulator;
let issuer: Issuer;
let graph: Server;
let folder: string;
/** What Graph was asked, and as whom. */
let seen: { method: string; url: string; authorization: string | undefined }[];
const running = new Set<GatewayProcess>();

beforeAll(async () => {
  [authority, issuer] = await Promise.all([startAuthority(), startIssuer()]);
  emulator = createEmulator({ operationMs: 200 });
  const emulatorUrl = await emulator.start();
  graph = createServer((request, response) => {
    const { method = 'GET', headers, url = '' } = request;
    // The page that guests open is the emulator's own.
    if (!url.startsWith('/redeem')) seen.push({ method, url, authorization: headers.authorization });
    const forward = send(`${emulatorUrl}${url}`, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    forward.on('error', () => response.destroy());
    request.pipe(forward);
  });
  await new Promise<void>((resolve) => graph.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  graph.closeAllConnections();
  await new Promise((resolve) => graph.close(resolve));
  await Promise.all([emulator.stop(), authority.stop(), issuer.stop()]);
});
beforeEach(async () => {
  authority.reset();
  seen = [];
  folder = await mkdtemp(join(tmpdir(), 'behalf-'));
});
afterEach(async () => {
  for (const gateway of running) await gateway.end('SIGKILL');
  running.clear();
  await rm(folder, { recursive: true });
});

async function start(variables: { [name: string]: string } = {}): Promise<{ gateway: GatewayProcess; url: string }> {
  const gateway = spawnGateway({
    PORT: '0',
    STORE_FILE: join(folder, 'gateway.db'),
    POLL_INTERVAL_MS: '50',
    GRAPH_MODE: 'live',
    GRAPH_ON_BEHALF_OF: 'true',
    GRAPH_CREDENTIAL: 'secret',
    GRAPH_CLIENT_SECRET: SECRET,
    GRAPH_BASE_URL: `http://127.0.0.1:${(graph.address() as AddressInfo).port}`,
    GRAPH_AUTHORITY: authority.url,
    NODE_EXTRA_CA_CERTS: authority.caFile,
    GRAPH_TENANT_ID: TENANT.toUpperCase(),
    GRAPH_CLIENT_ID: CLIENT,
    ...issuer.environment,
    ...variables,
  });
  running.add(gateway);
  return { gateway, url: await gateway.listening() };
}

/** @returns the header of a user whose token the authority takes, unless it is told not to. */
async function signIn(name: string, claims: Claims = {}, isKnown = true): Promise<string> {
  const bearer = await issuer.bearer({ tid: TENANT, oid: toOid(name), jti: `${name}-${Math.random()}`, ...claims });
  if (isKnown) authority.users.set(bearer.replace('Bearer ', ''), name);
  return bearer;
}

const invite = (url: string, authorization: string, to = 'guest@example.com', key?: string) =>
  query(url, CREATE, { to, key }, { authorization });
const posts = () => seen.filter(({ method, url }) => method === 'POST' && url.endsWith('/invitations'));
const askedFor = (): string[] =>
  authority.requests.flatMap(({ assertion }) => (assertion === undefined ? [] : [assertion]));
const userOf = (bearer: string | undefined) => /planted-graph-token\.(\w+)\./.exec(bearer ?? '')?.[1];

/** Nothing of users' tokens is written anywhere. */
async function expectNoTrace(process: GatewayProcess, bearers: readonly string[]): Promise<void> {
  const files = ['gateway.db', 'gateway.db-wal'].map((name) => readFile(join(folder, name)).catch(() => ''));
  const written = JSON.stringify(process.lines) + process.stderr() + (await Promise.all(files)).join();
  expect(written).not.toMatch(/planted/);
  for (const bearer of bearers) expect(written).not.toContain(bearer.split('.')[2]);
}

describe('a live gateway that acts on behalf of users', () => {
  it('sends each user’s invitation with that user’s token, many users at once, over HTTP and WebSocket', async () => {
    const { gateway, url } = await start();
    const names = Array.from({ length: 8 }, (_, index) => `user${index}`);
    const bearers = await Promise.all(names.map((name) => signIn(name)));
    const byHttp = names.flatMap((name, index) =>
      [1, 2, 3].map((round) => invite(url, bearers[index] as string, `${name}-of-${round}@example.com`)),
    );
    const bySocket = names.map(async (name, index) => {
      const client = connect(url, { connectionParams: { authorization: bearers[index] } });
      const answer = await new Promise<Answer>((resolve, reject) =>
        client.subscribe<Json>(
          { query: CREATE, variables: { to: `${name}-of-4@example.com` } },
          { next: (value) => resolve(value as Answer), error: reject, complete: () => {} },
        ),
      );
      await client.dispose();
      return answer;
    });
    for (const answer of await Promise.all([...byHttp, ...bySocket]))
      expect(dataOf(answer, 'createInvitation')['tracking'].state).toBe('active');
    expect(
      Object.entries(Object.groupBy(posts(), ({ authorization }) => userOf(authorization) ?? ''))
        .map(([name, all]) => [name, all?.length])
        .toSorted(([a = ''], [b = '']) => String(a).localeCompare(String(b))),
    ).toEqual(names.map((name) => [name, 4]));
    // One token each, though they came all at once.
    expect(askedFor().toSorted()).toEqual(bearers.map((bearer) => bearer.replace('Bearer ', '')).toSorted());
    // Whose guest is whose, as the directory knows it.
    const lists = await Promise.all(bearers.map((authorization) => query(url, LIST, {}, { authorization })));
    expect(lists.map(({ data }) => data?.['invitations'].nodes.length)).toEqual(names.map(() => 4));
    await expectNoTrace(gateway, bearers);
    expect(await gateway.end('SIGTERM')).toEqual({ code: 0, signal: null });
  });

  it('never uses the token that it has of one user for another, whose own is refused', async () => {
    const { url } = await start();
    const ada = await signIn('ada');
    expect(dataOf(await invite(url, ada), 'createInvitation')).toBeDefined();
    const bob = await signIn('bob', {}, false);
    const { errors } = await invite(url, bob);
    expect(errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
    // Nor for whoever has only the same name in another place.
    const others: Claims[] = [
      { oid: toOid('ada'), tid: FOREIGN },
      { oid: undefined, sub: 'Ada' },
    ];
    for (const claims of others) expect((await invite(url, await signIn('ada', claims, false))).errors).toHaveLength(1);
    expect(posts().map(({ authorization }) => userOf(authorization))).toEqual(['ada']);
  });

  it('hands on what the directory asks of a user, and goes on with the token that answers it', async () => {
    const { gateway, url } = await start();
    const ada = await signIn('ada');
    // The application has its token by then.
    await waitFor('the first token', () => authority.requests.length > 0);
    authority.answers = [
      entraError('interaction_required', 50_076, 'You must use multi-factor authentication.', {
        suberror: 'basic_action',
        claims: CHALLENGE,
      }),
    ];
    const { status, errors } = await invite(url, ada, 'guest@example.com', 'key');
    expect([status, errors]).toMatchObject([
      200,
      [{ path: ['createInvitation'], extensions: { code: 'UNAUTHENTICATED', claims: CHALLENGE } }],
    ]);
    expect(posts()).toEqual([]);
    // The same token is not tried again and again.
    const again = await invite(url, ada, 'guest@example.com', 'key');
    expect(again.errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED', claims: CHALLENGE } }]);
    expect(askedFor()).toHaveLength(1);
    const bob = await signIn('bob');
    expect(dataOf(await invite(url, bob, 'other@example.com'), 'createInvitation')).toBeDefined();
    const stepped = await signIn('ada', { acrs: ['c1'] });
    expect(dataOf(await invite(url, stepped, 'guest@example.com', 'key'), 'createInvitation')).toBeDefined();
    expect(posts().map(({ authorization }) => userOf(authorization))).toEqual(['bob', 'ada']);
    expect(gateway.lines.filter(({ level }) => level === 'error')).toEqual([]);
    await expectNoTrace(gateway, [ada, bob, stepped]);
  });

  it('refuses a user of another directory, and many at once by a user, and neither is recorded', async () => {
    const { url } = await start();
    const foreign = await signIn('eve', { tid: FOREIGN });
    expect((await invite(url, foreign)).errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
    const ada = await signIn('ada');
    expect((await query(url, CREATE_MANY, {}, { authorization: ada })).errors).toMatchObject([
      { extensions: { code: 'FORBIDDEN' } },
    ]);
    for (const authorization of [foreign, ada])
      expect((await query(url, LIST, {}, { authorization })).data).toEqual({ invitations: { nodes: [] } });
    expect([posts(), askedFor()]).toEqual([[], []]);
  });

  it('does not take a user’s ID token for an application', async () => {
    const { url } = await start();
    // As Entra makes it for a client that is registered with the gateway and sends no nonce: it has roles, but no scp and no azp.
    const idToken = await signIn('ada', {
      scp: undefined,
      azp: undefined,
      roles: ['Invitations.ReadWrite'],
      name: 'Ada',
      ver: '2.0',
    });
    const { errors } = await invite(url, idToken);
    expect([errors?.[0]?.extensions, posts()]).toMatchObject([{ code: 'UNAUTHENTICATED' }, []]);
  });

  it('acts as itself for an application, for calls and for whatever follows an invitation', async () => {
    const { url } = await start();
    const ada = await signIn('ada');
    const daemon = await signIn('daemon', {
      scp: undefined,
      idtyp: 'app',
      roles: ['Invitations.ReadWrite', 'CallInvitations.ReadWrite'],
    });
    expect(dataOf(await invite(url, daemon), 'createInvitation')).toBeDefined();
    expect(dataOf(await query(url, CREATE_MANY, {}, { authorization: daemon }), 'createInvitations')['bulkId']).toEqual(
      expect.any(String),
    );
    expect(dataOf(await query(url, INVITE, {}, { authorization: ada }), 'inviteParticipants')).toBeDefined();
    const guest = dataOf(await invite(url, ada, 'followed@example.com'), 'createInvitation');
    await (await fetch(guest['inviteRedeemUrl'])).text();
    await waitFor('the guest to be seen', async () => {
      const { data } = await query(url, LIST, {}, { authorization: ada });
      return data?.['invitations'].nodes[0].tracking.state === 'settled';
    });
    const ofUsers = seen.filter(({ authorization }) => userOf(authorization) !== 'app');
    expect(ofUsers.map(({ method, url: path }) => `${method} ${path}`)).toEqual(['POST /v1.0/invitations']);
    expect(userOf(ofUsers[0]?.authorization)).toBe('ada');
  });
});
