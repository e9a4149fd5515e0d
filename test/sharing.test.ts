// Several callers of one gateway, over HTTP: each sees what is its own, or was shared, and nothing else.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { dataOf, startGateway, type Json, type TestGateway } from './support/gateway.ts';
import { startIssuer, toOid, type Claims, type Issuer } from './support/issuer.ts';
import { engines, type Engine } from './support/stores.ts';

jest.setTimeout(30_000);

const CREATE = `mutation ($input: CreateInvitationInput!) { createInvitation(input: $input) { id inviteRedeemUrl tracking { id } } }`;
const READ = `query ($id: ID!) { invitation(id: $id) { id invitedUserEmailAddress inviteRedeemUrl tracking { id state history { revision } } } }`;
const LIST = '{ invitations { nodes { invitedUserEmailAddress } pageInfo { hasNextPage endCursor } } }';
const ABSENT = '00000000-0000-4000-8000-000000000000';
const GRANTEE = '6F9619FF-8B86-D011-B42D-00C04FC964FF';

let issuer: Issuer;
beforeAll(async () => {
  issuer = await startIssuer();
});
afterAll(() => issuer.stop());

const who: { [name: string]: Claims } = {
  owner: { oid: toOid('owner') },
  grantee: { oid: GRANTEE.toLowerCase() },
  admin: { oid: toOid('admin'), roles: ['Invitations.Admin'] },
  stranger: { oid: toOid('stranger') },
  'same subject in another tenant': { oid: toOid('owner'), tid: 'another' },
  'admin of another tenant': { oid: toOid('admin'), tid: 'another', roles: ['Invitations.Admin'] },
  'admin by a scope of that name': { oid: toOid('x'), scp: 'Invitations.Admin Invitations.ReadWrite' },
  'an application of the name of the owner': {
    oid: toOid('app'),
    sub: 'owner',
    scp: undefined,
    roles: ['Invitations.ReadWrite'],
  },
};
const seers = ['owner', 'grantee', 'admin'];

describe.each(engines)('callers on $name', ({ open }) => {
  let engine: Engine;
  let gateway: TestGateway;
  let invitation: Json;

  const ask = async (name: string, document: string, variables: Json = {}) =>
    gateway.query(document, variables, { authorization: await issuer.bearer(who[name]) });
  const input = { invitedUserEmailAddress: 'sam@example.com', inviteRedirectUrl: 'https://app.example.com' };

  beforeEach(async () => {
    engine = await open();
    gateway = await startGateway(engine, issuer.environment);
    const answer = await ask('owner', CREATE, { input: { ...input, sharedWith: [GRANTEE], idempotencyKey: 'k' } });
    invitation = dataOf(answer, 'createInvitation');
  });
  afterEach(async () => {
    await gateway.stop();
    await engine.close();
  });

  it.each(Object.keys(who))('read and list it, or find that there is nothing: %s', async (name) => {
    const mayName = seers.includes(name);
    for (const id of [invitation['id'], invitation['tracking'].id] as string[]) {
      const { data, errors } = await ask(name, READ, { id });
      if (!mayName) expect({ data, errors }).toEqual({ ...(await ask(name, READ, { id: ABSENT })), status: undefined });
      else expect(data?.['invitation']).toMatchObject({ invitedUserEmailAddress: 'sam@example.com' });
      if (mayName) expect(data?.['invitation'].inviteRedeemUrl !== null).toBe(name === 'owner');
    }
    const { nodes } = dataOf(await ask(name, LIST), 'invitations') as { nodes: Json[] };
    expect(nodes).toHaveLength(mayName ? 1 : 0);
  });

  it('use the same idempotency key, each for itself', async () => {
    const names = Object.keys(who).filter((name) => name !== 'owner');
    for (const name of names) {
      const { data, errors } = await ask(name, CREATE, { input: { ...input, idempotencyKey: 'k' } });
      expect(errors).toBeUndefined();
      expect(data?.['createInvitation'].tracking.id).not.toBe(invitation['tracking'].id);
    }
    expect(await gateway.emulator.invitations()).toHaveLength(1 + names.length);
  });
});
