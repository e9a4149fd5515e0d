import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { isObjectType, type GraphQLObjectType } from 'graphql';
import { PERMISSIONS } from '../src/auth/caller.ts';
import { ruleOf } from '../src/auth/permissions.ts';
import { createSchema } from '../src/schema.ts';
import { connect, startGateway, type Answer, type TestGateway } from './support/gateway.ts';
import { startIssuer, type Issuer } from './support/issuer.ts';
import { openSqlite, type Engine } from './support/stores.ts';

const schema = createSchema();
const rootTypes = [
  schema.getQueryType(),
  schema.getMutationType(),
  schema.getSubscriptionType(),
] as GraphQLObjectType[];
const rootFields = rootTypes.flatMap((type) => Object.values(type.getFields()));

const GUEST = '{ invitedUserEmailAddress: "sam@example.com", inviteRedirectUrl: "https://app.example.com" }';
const PARTICIPANTS = '{ participants: [{ identity: { user: { id: "u" } } }] }';

/** For each root field a document, and each permission that alone is enough. */
const asked: { [field: string]: [document: string, enough: string[]] } = {
  invitation: ['{ invitation(id: "x") { id } }', ['Invitations.Read', 'Invitations.ReadWrite']],
  invitations: ['{ invitations { nodes { id } } }', ['Invitations.Read', 'Invitations.ReadWrite']],
  inviteParticipantsOperation: [
    '{ inviteParticipantsOperation(callId: "c", id: "x") { id } }',
    ['CallInvitations.Read', 'CallInvitations.ReadWrite'],
  ],
  inviteParticipantsOperations: [
    '{ inviteParticipantsOperations { nodes { id } } }',
    ['CallInvitations.Read', 'CallInvitations.ReadWrite'],
  ],
  gateway: ['{ gateway { mode } }', [...PERMISSIONS]],
  createInvitation: [`mutation { createInvitation(input: ${GUEST}) { id } }`, ['Invitations.ReadWrite']],
  createInvitations: [`mutation { createInvitations(inputs: [${GUEST}]) { bulkId } }`, ['Invitations.ReadWrite']],
  inviteParticipants: [
    `mutation { inviteParticipants(callId: "c", input: ${PARTICIPANTS}) { id } }`,
    ['CallInvitations.ReadWrite'],
  ],
  invitationUpdated: [
    'subscription { invitationUpdated(id: "x") { id } }',
    ['Invitations.Read', 'Invitations.ReadWrite'],
  ],
  invitationsUpdated: [
    'subscription { invitationsUpdated(bulkId: "x") { counts { total } } }',
    ['Invitations.Read', 'Invitations.ReadWrite'],
  ],
  inviteParticipantsOperationUpdated: [
    'subscription { inviteParticipantsOperationUpdated(callId: "c", id: "x") { id } }',
    ['CallInvitations.Read', 'CallInvitations.ReadWrite'],
  ],
  inviteParticipantsOperationsUpdated: [
    'subscription { inviteParticipantsOperationsUpdated(callId: "c") { id } }',
    ['CallInvitations.Read', 'CallInvitations.ReadWrite'],
  ],
};

let issuer: Issuer;
let engine: Engine;
let gateway: TestGateway;

beforeAll(async () => {
  issuer = await startIssuer();
  engine = await openSqlite();
  gateway = await startGateway(engine, issuer.environment);
});
afterAll(async () => {
  await gateway.stop();
  await engine.close();
  await issuer.stop();
});

/** @returns the first answer to a document, over WebSocket; undefined when the stream waits for something to tell. */
async function overSocket(document: string, authorization: string): Promise<Answer | undefined> {
  const client = connect(gateway.url, { connectionParams: { authorization } });
  const answers = client.iterate({ query: document });
  // What is asked after it on the same socket is answered after it.
  const after = client.iterate({ query: '{ __typename }' });
  const first = await Promise.race([answers.next(), after.next().then(() => after.next())]);
  await client.dispose();
  return first.value as Answer | undefined;
}

const codeOf = (answer: Answer | undefined) => answer?.errors?.[0]?.extensions?.['code'];
const isRefused = (answer: Answer | undefined) => codeOf(answer) === 'FORBIDDEN';

describe('the rules of the schema', () => {
  it.each(rootFields.map((field) => [field.name, field] as const))('there is one for the root field %s', (_, field) => {
    expect(ruleOf(schema, field)).not.toBeNull();
    expect(asked).toHaveProperty(field.name);
  });

  it('name only permissions that the developer has', () => {
    const fields = Object.values(schema.getTypeMap()).flatMap((type) =>
      isObjectType(type) ? Object.values(type.getFields()) : [],
    );
    const named = fields.flatMap((field) => ruleOf(schema, field)?.scopes?.flat() ?? []);
    expect([...new Set(named)].toSorted()).toEqual([...PERMISSIONS].toSorted());
  });
});

describe.each(Object.entries(asked))('%s', (field, [document, enough]) => {
  const isSubscription = document.startsWith('subscription');
  const ask = async (authorization: string) =>
    isSubscription ? overSocket(document, authorization) : gateway.query(document, {}, { authorization });

  it.each([...PERMISSIONS])('is answered, or refused, as a scope and as a role: %s', async (permission) => {
    for (const claims of [{ scp: permission }, { scp: undefined, roles: [permission] }]) {
      const answer = await ask(await issuer.bearer(claims));
      expect([field, permission, isRefused(answer)]).toEqual([field, permission, !enough.includes(permission)]);
    }
  });

  it('is refused to who has none of them, with the name of what is missing', async () => {
    const answer = await ask(await issuer.bearer({ scp: 'User.Read Invitations.Read.All invitations.read' }));
    expect(isRefused(answer)).toBe(field !== 'gateway');
    if (field !== 'gateway') expect(answer?.errors?.[0]?.message).toContain(enough.join(' or '));
  });

  it('is refused to nobody in particular', async () => {
    if (isSubscription) return expect(overSocket(document, '')).rejects.toMatchObject({ code: 4403 });
    expect(codeOf(await gateway.query(document))).toBe('UNAUTHENTICATED');
    return undefined;
  });
});

describe('the redeem URL', () => {
  it('is not for those who may only read', async () => {
    const query = '{ invitations(first: 1) { nodes { inviteRedeemUrl tracking { id } } } }';
    const [reader, writer] = [
      await issuer.bearer({ scp: 'Invitations.Read' }),
      await issuer.bearer({ scp: 'Invitations.ReadWrite' }),
    ];
    await gateway.query(`mutation { createInvitation(input: ${GUEST}) { id } }`, {}, { authorization: writer });
    const read = await gateway.query(query, {}, { authorization: reader });
    expect(read).toMatchObject({
      data: { invitations: { nodes: [{ inviteRedeemUrl: null, tracking: { id: expect.any(String) } }] } },
      errors: [{ path: ['invitations', 'nodes', 0, 'inviteRedeemUrl'], extensions: { code: 'FORBIDDEN' } }],
    });
    const written = await gateway.query(query, {}, { authorization: writer });
    expect(written.data?.['invitations'].nodes[0].inviteRedeemUrl).toContain('/redeem?');
  });
});

describe('members of the directory', () => {
  const CREATE = `mutation ($inputs: [CreateInvitationInput!]!) { createInvitations(inputs: $inputs) { results { invitation {
    invitedUser { id displayName mail } invitedUserSponsors { id displayName mail } } } } }`;
  const input = { invitedUserEmailAddress: 'sam@example.com', inviteRedirectUrl: 'https://app.example.com' };
  const member = async () => {
    const response = await fetch(`${gateway.emulatorUrl}/v1.0/users?$select=id`, {
      headers: { authorization: 'Bearer x' },
    });
    return ((await response.json()) as { value: { id: string }[] }).value[0]?.id;
  };

  it('are not read for whoever names them as sponsors, unless that is permitted', async () => {
    const inputs = [{ ...input, invitedUserSponsors: [{ id: await member() }] }];
    const ask = async (scp: string) =>
      gateway.query(CREATE, { inputs }, { authorization: await issuer.bearer({ scp }) });
    const { data, errors } = await ask('Invitations.ReadWrite');
    expect(data?.['createInvitations'].results[0].invitation.invitedUserSponsors).toBeNull();
    expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
    const permitted = await ask('Invitations.ReadWrite Users.Read');
    expect(permitted.data?.['createInvitations'].results[0].invitation.invitedUserSponsors).toMatchObject([
      { displayName: expect.any(String) },
    ]);
  });

  it('are not read for whoever names one to be reset, before Graph has agreed', async () => {
    const inputs = [{ ...input, resetRedemption: true, invitedUser: { id: await member() } }];
    const { data, errors } = await gateway.query(
      CREATE,
      { inputs },
      { authorization: await issuer.bearer({ scp: 'Invitations.ReadWrite Users.Read' }) },
    );
    expect([errors, data?.['createInvitations'].results[0].invitation.invitedUser]).toEqual([undefined, null]);
  });
});
