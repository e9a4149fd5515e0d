import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { administer, connect, query, waitFor, type Json } from './support/gateway.ts';
import { spawnGateway, type GatewayProcess } from './support/process.ts';

jest.setTimeout(30_000);

let folder: string;
let environment: { [name: string]: string };
const running = new Set<GatewayProcess>();

function start(variables: { [name: string]: string } = {}): GatewayProcess {
  const gateway = spawnGateway({ ...environment, ...variables });
  running.add(gateway);
  return gateway;
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'process-'));
  environment = {
    PORT: '0',
    STORE_FILE: join(folder, 'data', 'gateway.db'),
    POLL_INTERVAL_MS: '50',
    EMULATOR_OPERATION_MS: '200',
  };
});
afterEach(async () => {
  for (const gateway of running) await gateway.end('SIGKILL');
  running.clear();
  await rm(folder, { recursive: true });
});

const INVITE =
  'mutation { inviteParticipants(callId: "call", input: { participants: [{ identity: { user: { id: "u1" } } }] }) { tracking { id } } }';
const WATCH_CALL = 'subscription { inviteParticipantsOperationsUpdated(callId: "call") { status } }';

describe('the process', () => {
  it('starts with nothing configured but where to listen, says so in one line, and does its job', async () => {
    const gateway = start();
    const url = await gateway.listening();
    expect(gateway.lines.find(({ msg }) => String(msg).includes('emulated'))).toMatchObject({
      level: 'warn',
      emulator: expect.stringContaining('http://127.0.0.1:'),
    });
    const statuses: unknown[] = [];
    const client = connect(url);
    client.subscribe<Json>(
      { query: WATCH_CALL },
      {
        next: ({ data }) => void statuses.push(data?.['inviteParticipantsOperationsUpdated'].status),
        error: () => {},
        complete: () => {},
      },
    );
    await query(url, INVITE);
    await waitFor('the end', () => statuses.includes('completed'));
    expect(statuses.at(-1)).toBe('completed');
    await client.dispose();
  });

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'drains at %s: sockets are told 1001, requests under way are answered, the exit code is 0',
    async (signal) => {
      const gateway = start();
      const url = await gateway.listening();
      const graph = administer(gateway.lines.find(({ emulator }) => emulator)?.['emulator'] as string);
      const client = connect(url, { lazy: false, onNonLazyError: () => {} });
      const closed = new Promise<number>((resolve) =>
        client.on('closed', (event) => resolve((event as { code: number }).code)),
      );
      await new Promise<void>((resolve) => {
        client.on('connected', () => resolve());
      });
      await query(url, INVITE);
      client.subscribe({ query: WATCH_CALL }, { next: () => {}, error: () => {}, complete: () => {} });
      await graph.fault({ path: '/invite$', effect: { kind: 'delay', ms: 300 } });
      const invites = async () =>
        (await graph.counts()).byRoute['POST /communications/calls/{}/participants/invite'] ?? 0;
      const before = await invites();
      const slow = query(url, INVITE);
      await waitFor('the slow request to be under way', async () => (await invites()) > before);
      const exit = gateway.end(signal);
      expect(await closed).toBe(1001);
      expect((await slow).data).toMatchObject({ inviteParticipants: { tracking: { id: expect.any(String) } } });
      expect(await exit).toEqual({ code: 0, signal: null });
      expect(gateway.stderr()).toBe('');
    },
  );

  it('says everything that is wrong with the configuration and exits with 2, without a stack', async () => {
    const gateway = start({ PORT: 'http', GRAPH_MODE: 'live' });
    expect(await gateway.exited).toEqual({ code: 2, signal: null });
    for (const problem of ['PORT is not', 'GRAPH_CREDENTIAL is missing', 'AUTH_MODE is missing'])
      expect(gateway.stderr()).toContain(problem);
    expect(gateway.stderr()).not.toContain('    at ');
  });

  it('exits with 1 and says why when it cannot start: a port in use, a store of another Graph', async () => {
    const first = start();
    const { port } = new URL(await first.listening());
    const second = start({ PORT: port, STORE_FILE: join(folder, 'other.db'), EMULATOR_PORT: '0' });
    expect(await second.exited).toEqual({ code: 1, signal: null });
    expect(second.lines.at(-1)).toMatchObject({
      level: 'fatal',
      err: { code: 'EADDRINUSE' },
      msg: expect.stringContaining('PORT, EMULATOR_PORT and WEBHOOK_PORT choose other ports'),
    });
    await first.end('SIGTERM');
    const live = { GRAPH_MODE: 'live', GRAPH_CREDENTIAL: 'token', GRAPH_TOKEN: 'x', AUTH_MODE: 'developer' };
    const third = start(live);
    expect(await third.exited).toEqual({ code: 1, signal: null });
    expect(JSON.stringify(third.lines.at(-1))).toMatch(
      /emulator.*https:\/\/graph\.microsoft\.com|https:\/\/graph\.microsoft\.com.*emulator/,
    );
  });

  it('runs the emulator alone', async () => {
    const emulator = spawnGateway(
      { EMULATOR_PORT: '0', EMULATOR_STATE_FILE: join(folder, 'emulator.db') },
      'src/emulator/main.ts',
    );
    running.add(emulator);
    const url = await emulator.listening();
    expect((await fetch(`${url}/v1.0/users`)).status).toBe(401);
    expect(await emulator.end('SIGTERM')).toEqual({ code: 0, signal: null });
  });
});
