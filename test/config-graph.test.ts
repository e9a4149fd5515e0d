import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, loadConfig } from '../src/config.ts';
import type { LiveGraph } from '../src/config-graph.ts';
import { createApplicationPair } from './support/certificates.ts';

// Keys take their time on a busy machine.
jest.setTimeout(30_000);

type Environment = { [name: string]: string };

const TENANT = '5f1f2c3d-0a1b-4c2d-8e3f-112233445566';
let folder: string;
let file: (name: string) => string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'config-'));
  file = (name) => join(folder, name);
  const [pair, other] = await Promise.all([createApplicationPair(), createApplicationPair()]);
  const elliptic = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
    type: 'pkcs8',
    format: 'pem',
  });
  await writeFile(file('good.pem'), `${pair.cert}\n${pair.key}`);
  await writeFile(file('turned.pem'), `${pair.key}\n${pair.cert}`);
  await writeFile(file('keyless.pem'), pair.cert);
  await writeFile(file('other.pem'), `${pair.cert}\n${other.key}`);
  await writeFile(file('elliptic.pem'), `${pair.cert}\n${elliptic.toString()}`);
  await writeFile(file('token'), 'token');
});
afterAll(() => rm(folder, { recursive: true }));

const live = (environment: Environment): Environment => ({
  GRAPH_MODE: 'live',
  AUTH_MODE: 'developer',
  ...environment,
});
function problemsOf(environment: Environment): readonly string[] {
  try {
    loadConfig(live(environment));
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}
const graphOf = (environment: Environment) => loadConfig(live(environment)).graph as LiveGraph;
const application = { tenantId: TENANT, clientId: 'c' };
const named = { GRAPH_TENANT_ID: TENANT, GRAPH_CLIENT_ID: 'c' };
const secret = { GRAPH_CREDENTIAL: 'secret', ...named, GRAPH_CLIENT_SECRET: 's' };

describe('the credential', () => {
  it('is one of six kinds, each with what it needs', () => {
    const of = (environment: Environment) => graphOf(environment).credential;
    expect(of(secret)).toEqual({ kind: 'secret', ...application, clientSecret: 's' });
    for (const name of ['good.pem', 'turned.pem']) {
      const certificateFile = file(name);
      expect(of({ ...named, GRAPH_CREDENTIAL: 'certificate', GRAPH_CERTIFICATE_FILE: certificateFile })).toEqual({
        kind: 'certificate',
        ...application,
        certificateFile,
      });
    }
    const kind = 'managed-identity';
    expect(of({ GRAPH_CREDENTIAL: kind })).toEqual({ kind, clientId: undefined });
    expect(of({ GRAPH_CREDENTIAL: kind, GRAPH_CLIENT_ID: 'c' })).toEqual({ kind, clientId: 'c' });
    const workload = { GRAPH_CREDENTIAL: 'workload-identity', ...named, GRAPH_FEDERATED_TOKEN_FILE: file('token') };
    expect(of(workload)).toEqual({ kind: 'workload-identity', ...application, tokenFile: file('token') });
    expect(of({ GRAPH_CREDENTIAL: 'cli', GRAPH_TENANT_ID: TENANT })).toEqual({ kind: 'cli', tenantId: TENANT });
    expect(of({ GRAPH_CREDENTIAL: 'token', GRAPH_TOKEN: 't' })).toEqual({ kind: 'token', token: 't' });
  });

  it.each([
    ['secret', ['GRAPH_TENANT_ID', 'GRAPH_CLIENT_ID', 'GRAPH_CLIENT_SECRET']],
    ['certificate', ['GRAPH_TENANT_ID', 'GRAPH_CLIENT_ID', 'GRAPH_CERTIFICATE_FILE']],
    ['workload-identity', ['GRAPH_TENANT_ID', 'GRAPH_CLIENT_ID', 'GRAPH_FEDERATED_TOKEN_FILE']],
    ['cli', ['GRAPH_TENANT_ID']],
    ['token', ['GRAPH_TOKEN']],
  ])('%s says all that it lacks at once, and each once', (kind, names) => {
    const problems = problemsOf({ GRAPH_CREDENTIAL: kind, WEBHOOK_PUBLIC_URL: 'https://gateway.example.com' });
    for (const name of names) expect(problems.filter((problem) => problem.startsWith(name))).toHaveLength(1);
  });

  it('that nobody knows lacks nothing else', () => {
    expect(problemsOf({ GRAPH_CREDENTIAL: 'password' })).toEqual([
      'GRAPH_CREDENTIAL is not one of secret, certificate, managed-identity, workload-identity, cli, token',
    ]);
    expect(problemsOf({})).toEqual([expect.stringMatching(/^GRAPH_CREDENTIAL is missing: .*workload-identity/)]);
  });

  it.each([
    ['nowhere.pem', 'nowhere.pem cannot be read (ENOENT)'],
    ['keyless.pem', 'GRAPH_CERTIFICATE_FILE is no PEM file with a certificate and its private key, not encrypted'],
    ['other.pem', "GRAPH_CERTIFICATE_FILE has a key that is not its certificate's"],
    ['elliptic.pem', 'GRAPH_CERTIFICATE_FILE has a key that is not RSA'],
  ])('in the file %s is a problem', (name, problem) => {
    const problems = problemsOf({ GRAPH_CREDENTIAL: 'certificate', ...named, GRAPH_CERTIFICATE_FILE: file(name) });
    expect(problems).toEqual([expect.stringContaining(problem)]);
  });

  it('is for Graph, whatever stands in front of it, and for one directory', () => {
    expect(graphOf({ ...secret, GRAPH_BASE_URL: 'https://proxy.example.com' })).toMatchObject({
      baseUrl: 'https://proxy.example.com',
      tokenScope: 'https://graph.microsoft.com/.default',
      tenantId: TENANT,
      onBehalfOf: false,
    });
    expect(graphOf({ ...secret, GRAPH_CLOUD: 'usgovdod' }).tokenScope).toBe('https://dod-graph.microsoft.us/.default');
    expect(problemsOf({ ...secret, GRAPH_TENANT_ID: 'a b' })).toEqual(['GRAPH_TENANT_ID is not the id of a directory']);
  });
});

it('the authority is behind https', () => {
  expect(graphOf({ ...secret, GRAPH_AUTHORITY: 'https://login.example.com' }).authority).toBe(
    'https://login.example.com',
  );
  for (const address of ['http://127.0.0.1:4000', 'http://login.example.com', 'https://login.example.com/tenant'])
    expect(problemsOf({ ...secret, GRAPH_AUTHORITY: address })).toEqual([expect.stringMatching(/^GRAPH_AUTHORITY/)]);
});

describe('to act on behalf of users', () => {
  const problemsOfUsers = (environment: Environment) =>
    problemsOf({ ...secret, AUTH_MODE: 'oidc', GRAPH_ON_BEHALF_OF: 'true', ...environment }).filter((problem) =>
      problem.startsWith('GRAPH_ON_BEHALF_OF'),
    );

  it('needs users, and a credential that can', () => {
    expect(problemsOfUsers({})).toEqual([]);
    expect(problemsOfUsers({ AUTH_MODE: 'developer' })).toEqual([expect.stringContaining('AUTH_MODE=oidc')]);
    expect(problemsOfUsers({ GRAPH_CREDENTIAL: 'cli' })).toEqual([expect.stringContaining('secret or certificate')]);
    expect(problemsOfUsers({ GRAPH_ON_BEHALF_OF: 'yes' })).toEqual(['GRAPH_ON_BEHALF_OF is not one of true, false']);
  });

  it('needs the id of the directory as users’ tokens have it', () => {
    expect(problemsOfUsers({ GRAPH_TENANT_ID: 'contoso.example.com' })).toEqual([expect.stringContaining('GUID')]);
  });
});
