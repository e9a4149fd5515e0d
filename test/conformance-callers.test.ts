// Who subscribes, and what each is told: the same over each transport that pushes, also when all ask for the same at once.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { dataOf, startGateway, waitFor, type Answer, type Json, type TestGateway } from './support/gateway.ts';
import { startIssuer, toOid, type Claims, type Issuer } from './support/issuer.ts';
import { invite, WATCH, WATCH_CALL } from './support/operations.ts';
import { findPort } from './support/ports.ts';
import { openSqlite, type Engine } from './support/stores.ts';
import { transports, type LiveClient, type LiveOptions, type Stream } from './support/transports.ts';

jest.setTimeout(60_000);

const CREATE = `mutation ($input: CreateInvitationInput!) { createInvitation(input: $input) { id inviteRedeemUrl invitedUser { id } tracking { id } } }`;
const WATCH_INVITATION = `subscription ($id: ID!, $after: Int) { told: invitationUpdated(id: $id, afterRevision: $after) {
  inviteRedeemUrl invitedUser { externalUserState } tracking { revision history { revision } } } }`;
const ABSENT = '00000000-0000-4000-8000-000000000000';
const seconds = (fromNow: number) => Math.floor(Date.now() / 1000) + fromNow;

/** Callers, and whether each sees the record: whole, without the address to redeem it, or not at all. */
const callers: { [name: string]: { claims: Claims; sees: 'all' | 'no address' | 'nothing' } } = {
  owner: { claims: { oid: toOid('owner') }, sees: 'all' },
  'owner who may only read': { claims: { oid: toOid('owner'), scp: 'Invitations.Read' }, sees: 'no address' },
  grantee: { claims: { oid: toOid('grantee') }, sees: 'no address' },
  admin: { claims: { oid: toOid('admin'), roles: ['Invitations.Admin'] }, sees: 'no address' },
  stranger: { claims: { oid: toOid('stranger') }, sees: 'nothing' },
  'owner’s name in another tenant': { claims: { oid: toOid('owner'), tid: 'another' }, sees: 'nothing' },
  'grantee’s name in another tenant': { claims: { oid: toOid('grantee'), tid: 'another' }, sees: 'nothing' },
  'admin of another tenant': {
    claims: { oid: toOid('admin'), tid: 'another', roles: ['Invitations.Admin'] },
    sees: 'nothing',
  },
  'application of the owner’s name': {
    claims: { oid: toOid('app'), sub: toOid('owner'), scp: undefined, roles: ['Invitations.ReadWrite'] },
    sees: 'nothing',
  },
  'admin by a scope of that name': {
    claims: { oid: toOid('x'), scp: 'Invitations.Admin Invitations.ReadWrite' },
    sees: 'nothing',
  },
};
const mayNotRead: Claims = { oid: toOid('owner'), scp: 'CallInvitations.Read' };
const codeOf = ({ errors }: Answer) => errors?.[0]?.extensions?.['code'];

let issuer: Issuer;
let engine: Engine;
let gateway: TestGateway;
let opened: Set<LiveClient>;

beforeAll(async () => {
  issuer = await startIssuer();
});
afterAll(() => issuer.stop());
beforeEach(async () => {
  opened = new Set();
  engine = await openSqlite();
});
afterEach(async () => {
  for (const client of opened) await client.close();
  await gateway.stop();
  await engine.close();
});

describe.each(transports)('over $name', (transport) => {
  const start = async (environment: { [name: string]: string } = {}) => {
    gateway = await startGateway(engine, { ...issuer.environment, ...environment });
  };
  function connect(options: LiveOptions = {}): LiveClient {
    const client = transport.connect(gateway.url, options);
    opened.add(client);
    return client;
  }
  const as = async (claims: Claims) => connect({ authorization: await issuer.bearer(claims) });
  const owner = { oid: toOid('owner') };

  describe('all who ask for the same document with the same variables at once', () => {
    let made: Json;
    beforeEach(async () => {
      await start();
      const input = {
        invitedUserEmailAddress: 'sam@example.com',
        inviteRedirectUrl: 'https://app.example.com',
        sharedWith: [toOid('grantee')],
      };
      const authorization = await issuer.bearer(owner);
      made = dataOf(await gateway.query(CREATE, { input }, { authorization }), 'createInvitation');
    });

    it('get what each may see: the owner alone the address to redeem it, strangers nothing', async () => {
      const id = made['tracking'].id as string;
      const names = Object.keys(callers);
      // Each several times, side by side, so that whoever is first is not always the same.
      const asked = [...names, ...names.toReversed(), ...names];
      const clients = new Map<string, LiveClient>();
      for (const name of names) clients.set(name, await as(callers[name]?.claims ?? {}));
      const ask = (name: string) => clients.get(name)?.ask({ query: WATCH_INVITATION, variables: { id } }) as Stream;
      const streams = asked.map((name) => ({ name, stream: ask(name) }));
      const absent = clients.get('stranger')?.ask({ query: WATCH_INVITATION, variables: { id: ABSENT } }) as Stream;
      for (const { stream } of streams) await stream.received(1);
      await absent.ended;
      await gateway.emulator.patchUser(made['invitedUser'].id, { externalUserState: 'Accepted' });
      for (const { name, stream } of streams) {
        expect(await stream.ended).toBe('complete');
        const { sees } = callers[name] as { sees: string };
        if (sees === 'nothing') {
          expect([name, stream.answers]).toEqual([name, absent.answers]);
          continue;
        }
        const told = stream.answers.map((answer) => dataOf(answer, 'told'));
        expect(told.at(-1)).toMatchObject({ invitedUser: { externalUserState: 'Accepted' } });
        const addresses = told.map(({ inviteRedeemUrl }) => inviteRedeemUrl as unknown);
        expect([name, addresses]).toEqual([name, told.map(() => (sees === 'all' ? made['inviteRedeemUrl'] : null))]);
        const revisions = told.map(({ tracking }) => tracking.revision as number);
        expect(revisions).toEqual(revisions.map((_, index) => (revisions[0] as number) + index));
        for (const { tracking } of told) expect(tracking.history.at(-1).revision).toBe(tracking.revision);
        const refusals = stream.answers.map(({ errors }) => errors?.map(({ path, extensions }) => [path, extensions]));
        const refusal = [[['told', 'inviteRedeemUrl'], { code: 'FORBIDDEN' }]];
        expect(refusals).toEqual(told.map(() => (name === 'owner who may only read' ? refusal : undefined)));
      }
      expect(absent.answers.map(codeOf)).toEqual(['NOT_FOUND']);
    });

    it('are judged by permission first', async () => {
      const allowed = (await as(owner)).ask({ query: WATCH_INVITATION, variables: { id: made['id'] } });
      await allowed.received(1);
      const client = await as(mayNotRead);
      const refused = client.ask({ query: WATCH_INVITATION, variables: { id: made['id'] } });
      expect(await refused.ended).toBe('complete');
      expect(refused.answers).toMatchObject([{ errors: [{ path: ['told'], extensions: { code: 'FORBIDDEN' } }] }]);
      expect(refused.answers[0]?.data ?? null).toBeNull();
      expect(gateway.watchCount()).toBe(1);
    });
  });

  it('those who watch one call are told of what each may see, new ones too', async () => {
    await start();
    const authorization = await issuer.bearer(owner);
    const make = (sharedWith: string[] = []) => invite(gateway, { callId: 'call', sharedWith }, { authorization });
    const [shared, hidden] = [await make([toOid('grantee')]), await make()];
    const names = ['owner', 'grantee', 'stranger', 'admin', 'owner’s name in another tenant'];
    const streams = new Map<string, Stream>();
    for (const name of names) {
      const client = await as(callers[name]?.claims ?? {});
      streams.set(name, client.ask({ query: WATCH_CALL, variables: { callId: 'call' } }));
    }
    await streams.get('admin')?.received(2);
    const [newShared, newHidden] = [await make([toOid('grantee')]), await make()];
    const all = [shared, hidden, newShared, newHidden].map(({ id }) => id);
    for (const id of all) await gateway.emulator.endOperation(id, 'completed');
    // What is made last: whoever is told of it was told of everything before.
    for (const name of names) {
      const bearer = await issuer.bearer(callers[name]?.claims);
      const last = await invite(gateway, { callId: 'call' }, { authorization: bearer });
      const told = () => streams.get(name)?.answers.map((answer) => dataOf(answer, 'told')) ?? [];
      await waitFor(`the own one of ${name}`, () => told().some(({ id }) => id === last.id));
      const isFinal = (id: string) => told().some((one) => one['id'] === id && one['status'] === 'completed');
      const expected = { owner: all, admin: all, grantee: [shared.id, newShared.id] }[name] ?? [];
      await waitFor(`the final states for ${name}`, () => expected.every(isFinal));
      expect([name, all.filter((id) => told().some((one) => one['id'] === id))]).toEqual([name, expected]);
    }
  });

  it.each([
    ['none', async () => undefined],
    ['one that is none', async () => 'Bearer rubbish'],
    ['one that has expired', () => issuer.bearer({ exp: seconds(-120) })],
    ['one for others', () => issuer.bearer({ aud: 'https://graph.microsoft.com' })],
  ])('whoever has no good token is told nothing: %s', async (_, toToken) => {
    await start();
    const authorization = await toToken();
    const stream = connect(authorization === undefined ? {} : { authorization }).ask({ query: '{ __typename }' });
    expect([await stream.ended, stream.answers]).toEqual([transport.ends.badToken, []]);
  });

  it('whoever’s token expires is cut off, and comes back with a new one', async () => {
    await start();
    const { id } = await invite(gateway, { callId: 'call' }, { authorization: await issuer.bearer() });
    // A token that is over counts for another minute.
    const stream = (await as({ exp: seconds(-58) })).ask({ query: WATCH, variables: { callId: 'call', id } });
    await stream.received(1);
    expect(await stream.ended).toBe(transport.ends.expired);
    await waitFor('the watch to end', () => gateway.watchCount() === 0);
    const again = (await as({})).ask({ query: WATCH, variables: { callId: 'call', id, after: 2 } });
    await gateway.emulator.endOperation(id, 'completed');
    expect([await again.ended, again.answers.map((answer) => dataOf(answer, 'told')['status'])]).toEqual([
      'complete',
      ['completed'],
    ]);
  });

  it('nobody has more connections than are allowed, and one that is closed makes room', async () => {
    await start({ CONNECTIONS_PER_CALLER: '2' });
    let calls = 0;
    const ask = async (claims: Claims = {}) => {
      const client = await as(claims);
      return { client, stream: client.ask({ query: WATCH_CALL, variables: { callId: `call-${(calls += 1)}` } }) };
    };
    const [{ client: first }] = [await ask(), await ask()];
    await waitFor('both', () => gateway.watchCount() === 2);
    expect(await (await ask()).stream.ended).toBe(transport.ends.tooMany);
    await ask({ oid: toOid('another') });
    await waitFor('the other caller’s', () => gateway.watchCount() === 3);
    await first.close();
    await waitFor('room', () => gateway.watchCount() === 2);
    await ask();
    await waitFor('the next', () => gateway.watchCount() === 3);
  });

  it('a stop ends all streams, and who comes back when it runs again loses nothing', async () => {
    const environment = { PORT: String(await findPort()), EMULATOR_PORT: '0' };
    await start(environment);
    const authorization = await issuer.bearer();
    const { id } = await invite(gateway, { callId: 'call' }, { authorization });
    const request = { query: WATCH, variables: { callId: 'call', id } };
    const [leaving, staying] = [connect({ authorization }), connect({ authorization, isPersistent: true })];
    const [cut, kept] = [leaving.ask(request), staying.ask(request)];
    for (const stream of [cut, kept]) await stream.received(1);
    await gateway.stop();
    expect(await cut.ended).toBe(transport.ends.goingAway);
    await start(environment);
    await kept.received(2);
    const after = connect({ authorization }).ask({ ...request, variables: { ...request.variables, after: 2 } });
    await gateway.emulator.endOperation(id, 'completed');
    expect([await kept.ended, await after.ended]).toEqual(['complete', 'complete']);
    const revisions = ({ answers }: Stream) => answers.map((answer) => dataOf(answer, 'told')['tracking'].revision);
    expect([revisions(kept), revisions(after)]).toEqual([[2, 2, 3], [3]]);
  });
});
