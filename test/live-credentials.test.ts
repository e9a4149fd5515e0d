import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, request as send, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createEmulator, type Emulator } from '../src/emulator/emulator.ts';
import { CLIENT, entraError, SECRET, startAuthority, TENANT, type Authority } from './support/authority.ts';
import { dataOf, query, waitFor } from './support/gateway.ts';
import { spawnGateway, type GatewayProcess } from './support/process.ts';

jest.setTimeout(60_000);

type Environment = { [name: string]: string };

const CREATE =
  'mutation { createInvitation(input: { invitedUserEmailAddress: "guest@example.com", inviteRedirectUrl: "https://app.example.com" }) { inviteRedeemUrl tracking { id } } }';
const INVITE =
  'mutation { inviteParticipants(callId: "call", input: { participants: [{ identity: { user: { id: "u1" } } }] }) { tracking { id } } }';
const STATES =
  'query ($guest: ID!, $call: ID!) { invitation(id: $guest) { tracking { state } } inviteParticipantsOperation(callId: "call", id: $call) { tracking { state } } }';
const MANAGED = 'planted-managed-token';
const CLI = 'planted-cli-token';

let authority: Authority;
let emulator: Emulator;
let graph: Server;
let machine: Server;
let folder: string;
/** What Graph was shown. */
let shown: Set<string | undefined>;
/** What the machine was asked for its identity. */
let identityRequests: { url: string | undefined; secret: unknown }[];
const running = new Set<GatewayProcess>();

const addressOf = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const listen = (server: Server) => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

beforeAll(async () => {
  authority = await startAuthority();
  emulator = createEmulator({ operationMs: 200 });
  const emulatorUrl = await emulator.start();
  graph = createServer((request, response) => {
    const { method = 'GET', headers } = request;
    shown.add(headers.authorization);
    const forward = send(`${emulatorUrl}${request.url}`, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    forward.on('error', () => response.destroy());
    request.pipe(forward);
  });
  // As App Service offers it.
  machine = createServer((request, response) => {
    identityRequests.push({ url: request.url, secret: request.headers['x-identity-header'] });
    const expires_on = String(Math.floor(Date.now() / 1000) + 3_600);
    response.end(JSON.stringify({ access_token: MANAGED, expires_on, resource: 'graph', token_type: 'Bearer' }));
  });
  await Promise.all([listen(graph), listen(machine)]);
});
afterAll(async () => {
  for (const server of [graph, machine]) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  await emulator.stop();
  await authority.stop();
});
beforeEach(async () => {
  authority.reset();
  [shown, identityRequests] = [new Set(), []];
  folder = await mkdtemp(join(tmpdir(), 'live-'));
});
afterEach(async () => {
  for (const gateway of running) await gateway.end('SIGKILL');
  running.clear();
  await rm(folder, { recursive: true });
});

const secret: Environment = { GRAPH_CREDENTIAL: 'secret', GRAPH_CLIENT_SECRET: SECRET };

function start(variables: Environment): GatewayProcess {
  const gateway = spawnGateway({
    PORT: '0',
    STORE_FILE: join(folder, 'gateway.db'),
    POLL_INTERVAL_MS: '50',
    GRAPH_MODE: 'live',
    AUTH_MODE: 'developer',
    GRAPH_BASE_URL: addressOf(graph),
    GRAPH_AUTHORITY: authority.url,
    NODE_EXTRA_CA_CERTS: authority.caFile,
    GRAPH_TENANT_ID: TENANT,
    GRAPH_CLIENT_ID: CLIENT,
    ...variables,
  });
  running.add(gateway);
  return gateway;
}

/** Invites a guest who redeems and participants who come, and waits until both are settled. */
async function exercise(url: string): Promise<void> {
  const guest = dataOf(await query(url, CREATE), 'createInvitation');
  const call = dataOf(await query(url, INVITE), 'inviteParticipants');
  await (await fetch(guest['inviteRedeemUrl'])).text();
  const ids = { guest: guest['tracking'].id, call: call['tracking'].id };
  await waitFor('both ends', async () => {
    const { data } = await query(url, STATES, ids);
    const states = Object.values(data ?? {}).map((record) => record?.tracking.state);
    return states.every((state) => state === 'settled');
  });
}

/** What the process wrote has nothing of what it was trusted with. */
async function expectSilence(gateway: GatewayProcess): Promise<void> {
  const written = JSON.stringify(gateway.lines) + gateway.stderr();
  expect(gateway.stderr()).toBe('');
  expect(written).not.toMatch(/planted|Bearer|guest@|PRIVATE/);
  const key = (await readFile(authority.certificateFile, 'utf8')).split('\n').at(-4) ?? '';
  expect(key.length).toBeGreaterThan(40);
  for (const text of [key, await readFile(authority.tokenFile, 'utf8')]) expect(written).not.toContain(text);
}

describe('a live gateway', () => {
  const kinds: [string, () => Environment][] = [
    ['a secret', () => secret],
    ['a certificate', () => ({ GRAPH_CREDENTIAL: 'certificate', GRAPH_CERTIFICATE_FILE: authority.certificateFile })],
    [
      'the token of a workload',
      () => ({ GRAPH_CREDENTIAL: 'workload-identity', GRAPH_FEDERATED_TOKEN_FILE: authority.tokenFile }),
    ],
  ];

  it.each(kinds)('with %s does all its work with one token, and writes no secret anywhere', async (_, variables) => {
    const gateway = start(variables());
    await exercise(await gateway.listening());
    expect(authority.requests).toHaveLength(1);
    expect([...shown]).toEqual([`Bearer ${authority.issued[0]}`]);
    await expectSilence(gateway);
    expect(await gateway.end('SIGTERM')).toEqual({ code: 0, signal: null });
  });

  it('with the identity of its machine asks the machine, once', async () => {
    const identity = { IDENTITY_ENDPOINT: `${addressOf(machine)}/msi/token`, IDENTITY_HEADER: 'planted-header' };
    const gateway = start({ GRAPH_CREDENTIAL: 'managed-identity', ...identity });
    await exercise(await gateway.listening());
    expect(identityRequests).toEqual([
      { url: expect.stringContaining(`client_id=${CLIENT}`), secret: 'planted-header' },
    ]);
    expect(identityRequests[0]?.url).toContain(encodeURIComponent('https://graph.microsoft.com'));
    expect([...shown]).toEqual([`Bearer ${MANAGED}`]);
    await expectSilence(gateway);
  });

  it('with the Azure CLI runs it once, for its directory', async () => {
    const answer = JSON.stringify({ accessToken: CLI, expires_on: Math.floor(Date.now() / 1000) + 3_600 });
    await writeFile(join(folder, 'az'), `#!/bin/sh\necho "$@" >> '${folder}/asked'\necho '${answer}'\n`);
    await chmod(join(folder, 'az'), 0o755);
    const gateway = start({ GRAPH_CREDENTIAL: 'cli', PATH: [folder, process.env['PATH']].join(delimiter) });
    await exercise(await gateway.listening());
    expect(await readFile(join(folder, 'asked'), 'utf8')).toBe(
      `account get-access-token --output json --resource https://graph.microsoft.com --tenant ${TENANT}\n`,
    );
    expect([...shown]).toEqual([`Bearer ${CLI}`]);
    await expectSilence(gateway);
  });

  it('asks for one token though a hundred come before there is any', async () => {
    const gateway = start(secret);
    const url = await gateway.listening();
    await Promise.all(Array.from({ length: 100 }, () => query(url, INVITE)));
    expect(authority.requests).toHaveLength(1);
  });
});

describe('a live gateway that gets no token', () => {
  const troubles = (gateway: GatewayProcess) => gateway.lines.filter(({ level }) => level === 'error');
  const isTold = (gateway: GatewayProcess) => waitFor('the error', () => troubles(gateway)[0]);

  it('starts, says why and what to do, once, and sends nothing', async () => {
    authority.usual = entraError('invalid_client', 7_000_215, `Invalid client secret provided, not ${SECRET}.`);
    const gateway = start(secret);
    const url = await gateway.listening();
    await isTold(gateway);
    for (let times = 0; times < 3; times += 1) {
      const { errors } = await query(url, CREATE);
      expect(errors?.[0]?.extensions).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
    }
    expect(troubles(gateway)).toEqual([
      expect.objectContaining({
        credential: 'secret',
        code: 'AADSTS7000215',
        said: 'AADSTS7000215: Invalid client secret provided, not ....',
        msg: expect.stringContaining('GRAPH_CLIENT_SECRET'),
      }),
    ]);
    expect(shown.size).toBe(0);
    await expectSilence(gateway);
  });

  it('says so when it does not trust the authority, and tells nobody its secret', async () => {
    const gateway = start({ ...secret, NODE_EXTRA_CA_CERTS: '' });
    await gateway.listening();
    expect((await isTold(gateway))['msg']).toContain('NODE_EXTRA_CA_CERTS');
    expect(authority.requests).toEqual([]);
    await expectSilence(gateway);
  });

  it.each([
    ['cli', { PATH: '/nowhere' }, 'az login'],
    ['managed-identity', { IDENTITY_ENDPOINT: 'http://127.0.0.1:1', IDENTITY_HEADER: 'planted' }, 'managed identity'],
  ])('says so, with %s, when there is none on the machine', async (kind, variables: Environment, cure) => {
    const gateway = start({ GRAPH_CREDENTIAL: kind, ...variables });
    await gateway.listening();
    expect((await isTold(gateway))['msg']).toContain(cure);
    await expectSilence(gateway);
  });

  it('answers in its own time though the authority never does', async () => {
    authority.usual = null;
    const gateway = start({ ...secret, GRAPH_TIMEOUT_MS: '300' });
    const url = await gateway.listening();
    await waitFor('the authority to be asked', () => authority.requests.length > 0);
    const { errors } = await query(url, CREATE);
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
    expect(authority.requests).toHaveLength(1);
    expect(await gateway.end('SIGTERM')).toEqual({ code: 0, signal: null });
  });

  it('does not start half configured, and repeats no secret', async () => {
    const gateway = start({ ...secret, GRAPH_TENANT_ID: '', GRAPH_CLIENT_ID: '', GRAPH_AUTHORITY: 'http://planted' });
    expect(await gateway.exited).toEqual({ code: 2, signal: null });
    for (const name of ['GRAPH_TENANT_ID', 'GRAPH_CLIENT_ID', 'GRAPH_AUTHORITY'])
      expect(gateway.stderr()).toContain(`- ${name}`);
    expect(gateway.stderr()).not.toContain('planted');
  });
});

it('a store of another tenant is not opened', async () => {
  const first = start(secret);
  await first.listening();
  await first.end('SIGTERM');
  const second = start({ ...secret, GRAPH_TENANT_ID: 'another' });
  expect(await second.exited).toEqual({ code: 1, signal: null });
  expect(JSON.stringify(second.lines)).toContain(`The store belongs to ${addressOf(graph)} ${TENANT}`);
});
