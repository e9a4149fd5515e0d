import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Caller } from '../src/auth/caller.ts';
import { toClientError, type GatewayError } from '../src/errors.ts';
import { GraphSignIn } from '../src/graph/graph-error.ts';
import type { UserAssertion } from '../src/graph/token.ts';
import type { Store } from '../src/tracking/store.ts';
import { json, startGraphServer, type GraphServer } from './support/graph-server.ts';
import { caller } from './support/records.ts';
import { engines, type Engine } from './support/stores.ts';
import { createUpstream } from './support/upstream.ts';

const DIRECTORY = '5F1F2C3D-0a1b-4c2d-8e3f-112233445566';

describe.each(engines)('on behalf of users, on $name', ({ open }) => {
  let engine: Engine;
  let store: Store;
  let graph: GraphServer;
  let upstream: ReturnType<typeof createUpstream>;
  /** As whom a token was asked for; null: the application. */
  let asked: (UserAssertion | null)[];
  /** Why no user gets a token. */
  let failure: GraphSignIn | undefined;

  const start = (usersOf?: string) =>
    createUpstream({
      store,
      baseUrl: graph.baseUrl,
      now: () => new Date(),
      timeoutMs: 5_000,
      intervalMs: 2_000,
      ...(usersOf === undefined ? {} : { usersOf }),
      loadToken: (user) => {
        asked.push(user ?? null);
        return user && failure ? Promise.reject(failure) : Promise.resolve(user ? `for-${user.subject}` : 'for-app');
      },
    });
  beforeEach(async () => {
    [asked, failure] = [[], undefined];
    engine = await open();
    store = await engine.openStore();
    graph = await startGraphServer();
    graph.usual = json(201, { id: 'i-1', status: 'PendingAcceptance', invitedUser: { id: 'u-1' } });
    upstream = start(DIRECTORY);
  });
  afterEach(async () => {
    await upstream.stop();
    await graph.stop();
    await engine.close();
  });

  const user: Caller = { ...caller, tenantId: DIRECTORY.toLowerCase(), subject: 'ada', assertion: 'assertion' };
  const app: Caller = { ...user, subject: 'app', assertion: null };
  const input = { invitedUserEmailAddress: 'guest@example.com', inviteRedirectUrl: 'https://app.example.com' };
  const tokens = () => graph.seen.map(({ headers }) => headers.authorization);
  const refusalOf = (mutation: Promise<unknown>) =>
    mutation.catch((error: GatewayError) => error) as Promise<GatewayError>;
  const countRecords = async () => (await engine.run('select count(*) as count from record'))[0]?.['count'];

  it('a user’s invitation is sent with the user’s token, and an application’s with the application’s', async () => {
    await upstream.tracker.createInvitation(input, user);
    await upstream.tracker.createInvitation(input, app);
    expect(asked).toEqual([{ tenantId: user.tenantId, subject: 'ada', token: 'assertion' }, null]);
    expect(tokens()).toEqual(['Bearer for-ada', 'Bearer for-app']);
  });

  it('a user’s invitation is the application’s where nobody is acted for', async () => {
    const plain = start();
    await plain.tracker.createInvitation(input, user);
    await plain.tracker.createInvitations([input], user);
    await plain.stop();
    expect(asked).toEqual([null]);
  });

  it('participants are invited by the application, whoever asks', async () => {
    graph.usual = json(200, { id: 'o-1', status: 'running' });
    const participants = [{ identity: { user: { id: 'u' } } }];
    await upstream.tracker.inviteParticipants('call', { participants }, user);
    await upstream.poller.tick();
    expect(new Set(asked)).toEqual(new Set([null]));
  });

  it('a user of another directory is refused, and nothing is stored', async () => {
    const error = await refusalOf(upstream.tracker.createInvitation(input, { ...user, tenantId: 'another' }));
    expect(error).toMatchObject({ code: 'FORBIDDEN', message: expect.stringContaining('Sign in with an account of') });
    expect([asked, await countRecords()]).toEqual([[], 0]);
  });

  it('a user does not invite many at once, and nothing is stored; an application does', async () => {
    const error = await refusalOf(upstream.tracker.createInvitations([input, input], user));
    expect(error).toMatchObject({
      code: 'FORBIDDEN',
      message: expect.stringContaining('Send createInvitation for each'),
    });
    expect(await countRecords()).toBe(0);
    await upstream.tracker.createInvitations([input], app);
    expect(await countRecords()).toBe(1);
    await upstream.sender.tick();
    expect(tokens()).toEqual(['Bearer for-app']);
  });

  it.each([
    ['challenge', '{"access_token":{}}', 'UNAUTHENTICATED', '`extensions.claims`'],
    ['token', undefined, 'UNAUTHENTICATED', 'Sign in again'],
    ['consent', undefined, 'FORBIDDEN', 'Ask an administrator'],
  ] as const)(
    'who gets no token (%s) is told the cure; nothing is sent, and the key is free again',
    async (reason, claims, code, cure) => {
      failure = new GraphSignIn(reason, claims);
      const keyed = { ...input, idempotencyKey: 'key' };
      const error = await refusalOf(upstream.tracker.createInvitation(keyed, user));
      const told = toClientError(error, () => {
        throw error;
      });
      expect(told.message).toContain(cure);
      expect(told.extensions).toEqual({ code, ...(claims ? { claims } : {}), http: undefined });
      expect(graph.seen).toEqual([]);
      expect((await engine.run('select state, reason from record'))[0]).toEqual({
        state: 'settled',
        reason: 'notSent',
      });
      failure = undefined;
      expect(await upstream.tracker.createInvitation(keyed, user)).toMatchObject({ state: 'active', graphId: 'i-1' });
    },
  );

  it('users who get no token do not make Graph look out of order to anybody else', async () => {
    failure = new GraphSignIn('token');
    for (let times = 0; times < 10; times += 1) await refusalOf(upstream.tracker.createInvitation(input, user));
    expect(await upstream.tracker.createInvitation(input, app)).toMatchObject({ state: 'active' });
  });

  it('a user’s token is not written down', async () => {
    await upstream.tracker.createInvitation(input, { ...user, assertion: 'planted-assertion' });
    for (const table of ['record', 'change'])
      expect(JSON.stringify(await engine.run(`select * from ${table}`))).not.toMatch(/planted|for-ada/);
  });
});
