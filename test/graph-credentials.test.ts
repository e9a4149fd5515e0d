import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { createGraphCredentials } from '../src/auth/graph-credentials.ts';
import type { GraphCredential } from '../src/config-graph.ts';
import { GraphSignIn } from '../src/graph/graph-error.ts';
import type { LoadToken, UserAssertion } from '../src/graph/token.ts';
import { CLIENT, entraError, SECRET, startAuthority, TENANT, type Authority } from './support/authority.ts';
import type { Json } from './support/gateway.ts';

// Keys take their time on a busy machine.
jest.setTimeout(30_000);

const trusted = getCACertificates('default');
let authority: Authority;
let logged: [Json, string][];
let nowMs: number;

beforeAll(async () => {
  authority = await startAuthority();
  setDefaultCACertificates([...trusted, authority.ca]);
});
afterAll(async () => {
  setDefaultCACertificates(trusted);
  await authority.stop();
});
beforeEach(() => {
  authority.reset();
  logged = [];
  nowMs = Date.now();
});

const application = { tenantId: TENANT, clientId: CLIENT };
const secret: GraphCredential = { kind: 'secret', ...application, clientSecret: SECRET };
const kinds: [string, () => GraphCredential][] = [
  ['a secret', () => secret],
  ['a certificate', () => ({ kind: 'certificate', ...application, certificateFile: authority.certificateFile })],
];

const create = (credential: GraphCredential = secret, url = authority.url): LoadToken => {
  const keep = (facts: Json, message: string) => void logged.push([facts, message]);
  return createGraphCredentials({
    authority: url,
    tokenScope: 'https://graph.microsoft.com/.default',
    credential,
    logger: { info: keep, error: keep } as never,
    now: () => nowMs,
  });
};
const user = (subject: string, token = `planted-assertion-of-${subject}`): UserAssertion => ({
  tenantId: TENANT,
  subject,
  token,
});
const reasonOf = async (loading: Promise<string>) => {
  const failure: unknown = await loading.catch((error: unknown) => error);
  return failure instanceof GraphSignIn ? [failure.reason, failure.claims] : failure;
};

describe.each(kinds)('with %s', (_, credential) => {
  it('the application gets its token, by one request for a hundred callers, and asks nobody to vouch for the authority', async () => {
    const load = create(credential());
    const tokens = await Promise.all(Array.from({ length: 100 }, () => load()));
    expect(new Set(tokens)).toEqual(new Set(authority.issued));
    expect(authority.issued).toHaveLength(1);
    expect(authority.paths).toEqual([
      `/${TENANT}/v2.0/.well-known/openid-configuration`,
      `/${TENANT}/oauth2/v2.0/token`,
    ]);
  });

  it('each user gets a token of their own, by one request for each', async () => {
    const load = create(credential());
    for (const name of ['ada', 'ben']) authority.users.set(user(name).token, name);
    const asking = ['ada', 'ben', 'ada', 'ben', 'ada'].map(async (name) => [name, await load(user(name))] as const);
    for (const [name, token] of await Promise.all(asking)) expect(token).toContain(`.${name}.`);
    expect(await load()).toContain('.app.');
    expect(authority.requests.map(({ grant_type, requested_token_use }) => requested_token_use ?? grant_type)).toEqual([
      'on_behalf_of',
      'on_behalf_of',
      'client_credentials',
    ]);
  });
});

it('with a workload’s token the application gets its own', async () => {
  const load = create({ kind: 'workload-identity', ...application, tokenFile: authority.tokenFile });
  expect(await load()).toBe(authority.issued[0]);
  expect(authority.requests[0]).not.toHaveProperty('client_secret');
});

it('a new token is fetched when the old one nears its end, and not the old one given again', async () => {
  const load = create();
  const old = await load();
  nowMs += 59.5 * 60_000;
  expect(await load()).toBe(authority.issued[1]);
  expect(authority.issued).toHaveLength(2);
  expect(old).toBe(authority.issued[0]);
});

describe('a user', () => {
  const claims = '{"access_token":{"capolids":{"essential":true,"values":["7e3b1a8c"]}}}';

  it('of whom the directory asks more is told the claims as the authority gave them, and goes on with a new token', async () => {
    const load = create();
    authority.answers = [entraError('interaction_required', 50_079, 'Multi-factor is needed.', { claims })];
    expect(await reasonOf(load(user('ada')))).toEqual(['challenge', claims]);
    authority.users.set('planted-stronger', 'ada');
    expect(await load(user('ada', 'planted-stronger'))).toContain('.ada.');
  });

  it('whose token is refused is told so, without claims', async () => {
    expect(await reasonOf(create()(user('nobody')))).toEqual(['token', undefined]);
  });

  it.each([
    entraError('invalid_grant', 65_001, 'The user or administrator has not consented.'),
    entraError('invalid_grant', 650_01, 'No consent.', { suberror: 'consent_required', claims }),
    entraError('consent_required', 90_094, 'Admin consent is needed.'),
  ])('for whom nobody has consented is told so', async (answer) => {
    authority.answers = [answer];
    expect(await reasonOf(create()(user('ada')))).toEqual(['consent', undefined]);
  });

  it('is not blamed, and the operator is told, when it is the application that is refused', async () => {
    const load = create({ ...secret, clientSecret: 'planted~other' } as GraphCredential);
    expect(await reasonOf(load(user('ada')))).toMatchObject({ name: 'TokenUnavailable', code: 'AADSTS7000215' });
    expect(logged).toMatchObject([[{ use: 'user' }, expect.any(String)]]);
  });

  it('is not blamed either when callers’ tokens are for another application than the gateway’s', async () => {
    authority.answers = [entraError('invalid_grant', 500_131, 'Assertion audience does not match the Client app.')];
    expect(await reasonOf(create()(user('ada')))).toMatchObject({ name: 'TokenUnavailable', code: 'AADSTS500131' });
    expect(logged).toHaveLength(1);
  });

  it('is nobody that the operator is told of', async () => {
    await reasonOf(create()(user('nobody')));
    expect(logged).toEqual([]);
  });
});

describe('a token that cannot be had', () => {
  const failed = (load: LoadToken) => load().catch((error: Error) => error);

  it('is told to the operator once for each change, with what Entra said and the cure, and again when it is over', async () => {
    const load = create();
    authority.usual = entraError('invalid_client', 7_000_222, 'The provided client secret keys are expired.');
    for (let times = 0; times < 3; times += 1) {
      await failed(load);
      nowMs += 61_000;
    }
    authority.usual = { status: 500, body: {} };
    await failed(load);
    nowMs += 5_000;
    authority.usual = undefined;
    await load();
    expect(authority.issued).toHaveLength(1);
    expect(logged).toEqual([
      [
        {
          credential: 'secret',
          use: 'application',
          code: 'AADSTS7000222',
          said: 'AADSTS7000222: The provided client secret keys are expired.',
        },
        expect.stringContaining('GRAPH_CLIENT_SECRET'),
      ],
      [expect.objectContaining({ code: 'status 500', said: 'the authority answered 500' }), expect.any(String)],
      [{ credential: 'secret', use: 'application' }, 'there are tokens for Graph again'],
    ]);
  });

  it('and comes and goes is told once a minute', async () => {
    const load = create();
    for (let times = 0; times < 6; times += 1) {
      authority.answers = [entraError('invalid_client', 7_000_222, 'Expired.')];
      await failed(load);
      nowMs += 5_000;
      await load();
      nowMs += 61 * 60_000;
    }
    expect(logged).toHaveLength(12);
    logged = [];
    authority.lifetimeS = 1;
    for (let times = 0; times < 5; times += 1) {
      authority.answers = [entraError('invalid_client', 7_000_222, 'Expired.')];
      await failed(load);
      nowMs += 5_000;
      await load();
      nowMs += 5_000;
    }
    expect(logged).toHaveLength(2);
    // What stays is told after all.
    authority.usual = entraError('invalid_client', 7_000_222, 'Expired.');
    await failed(load);
    expect(logged).toHaveLength(2);
    nowMs += 61_000;
    await failed(load);
    expect(logged).toHaveLength(3);
  });

  it.each([
    ['throttled', { status: 429, headers: { 'retry-after': '30' }, body: {} }, 1],
    ['broken', { status: 500, body: 'not JSON' }, 2],
    ['odd', { status: 200, body: { token_type: 'Bearer' } }, 1],
    ['not JSON', { status: 200, body: '<html>' }, 1],
  ])('because the authority is %s is an error, after at most one try more', async (_, answer, requests) => {
    authority.usual = answer;
    expect(await failed(create())).toMatchObject({ name: 'TokenUnavailable' });
    expect(authority.requests).toHaveLength(requests);
    expect(logged).toHaveLength(1);
  });

  it('is left alone for as long as a throttling authority says', async () => {
    const load = create();
    authority.answers = [{ status: 429, headers: { 'retry-after': '30' }, body: {} }];
    await failed(load);
    nowMs += 29_000;
    await failed(load);
    expect(authority.requests).toHaveLength(1);
    nowMs += 1_000;
    await load();
    expect(authority.requests).toHaveLength(2);
  });

  it('because nobody answers is told with a cure of its own', async () => {
    await failed(create(secret, 'https://127.0.0.1:1'));
    expect(logged).toEqual([[expect.anything(), expect.stringContaining('NODE_EXTRA_CA_CERTS')]]);
  });

  it('is told without secrets and addresses, whatever the authority repeats', async () => {
    const load = create();
    const token = `eyJ${'planted'.repeat(10)}`;
    authority.answers = [
      entraError('invalid_client', 1, `No ${SECRET} ${token} ada@example.com https://a.example.com`),
    ];
    const failure = await failed(load);
    expect(failure).toMatchObject({ message: 'AADSTS1: No ... ... ... https://a.example.com' });
    expect(JSON.stringify([logged, String((failure as Error).stack)])).not.toMatch(/planted|ada@/);
  });
});

it('a token that is configured is nobody else’s to give', async () => {
  expect(await create({ kind: 'token', token: 'fixed' })()).toBe('fixed');
  expect(authority.paths).toEqual([]);
});
