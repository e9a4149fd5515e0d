/** Two gateway processes whose PostgreSQL is away, full, held up, read only, or another one than before. */
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { createEmulator, type Emulator } from '../src/emulator/emulator.ts';
import {
  administer,
  connect,
  dataOf,
  query,
  toLiveEnvironment,
  waitFor,
  type Answer,
  type EmulatorAdmin,
  type Json,
} from './support/gateway.ts';
import { startPostgres, type PostgresServer } from './support/postgres.ts';
import { spawnGateway, type GatewayProcess } from './support/process.ts';

jest.setTimeout(90_000);

const INVITE =
  'mutation { inviteParticipants(callId: "call", input: { participants: [{ identity: { user: { id: "u1" } } }] }) { id tracking { id } } }';
const WATCH =
  'subscription ($id: ID!, $after: Int) { inviteParticipantsOperationUpdated(callId: "call", id: $id, afterRevision: $after) { status resultInfo { subcode } tracking { revision } } }';
const READ = '{ inviteParticipantsOperations { nodes { tracking { id } } } }';
/** Longer than a statement is tried, and a connection waited for. */
const PATIENCE_MS = 40_000;

describe('two gateways whose PostgreSQL fails them', () => {
  let postgres: PostgresServer;
  let emulator: Emulator;
  let graph: EmulatorAdmin;
  let graphUrl: string;
  let replicas: { gateway: GatewayProcess; url: string }[];
  let dispose: (() => unknown)[];

  beforeEach(async () => {
    dispose = [];
    postgres = await startPostgres(['-c', 'max_connections=30']);
    emulator = createEmulator({ operationMs: 600_000 });
    graphUrl = await emulator.start();
    graph = administer(graphUrl);
    replicas = await Promise.all([start(), start()]);
  });
  afterEach(async () => {
    for (const end of dispose) await end();
    for (const { gateway } of replicas) {
      const { code } = await gateway.end('SIGTERM');
      const fatal = gateway.lines.filter(({ level }) => level === 'fatal' || level === 'error');
      expect({ code, fatal }).toEqual({ code: 0, fatal: [] });
    }
    await emulator.stop();
    await postgres.stop();
  });

  const spawn = () =>
    spawnGateway({ PORT: '0', DATABASE_URL: postgres.url, POLL_INTERVAL_MS: '100', ...toLiveEnvironment(graphUrl) });
  async function start() {
    const gateway = spawn();
    return { gateway, url: await gateway.listening() };
  }
  const urlOf = (index: number) => replicas[index]?.url ?? '';
  const invite = async () => dataOf(await query(urlOf(0), INVITE), 'inviteParticipants');
  const posts = async () => (await graph.requests()).filter(({ path }) => path.endsWith('/invite')).length;
  const health = async (index: number) => {
    const response = await fetch(`${urlOf(index)}/health/ready`);
    return { ...((await response.json()) as Json), status: response.status } as Json;
  };
  const untilReady = (isReady: boolean) =>
    waitFor(
      isReady ? 'both to be ready' : 'neither to be ready',
      async () => {
        const all = await Promise.all(replicas.map((_, index) => health(index)));
        return all.every(({ status }) => (status === 200) === isReady) && all;
      },
      PATIENCE_MS,
    );

  /** A subscriber that never comes back by itself: what it gets came over one socket. */
  async function watch(index: number, id: string) {
    const client = connect(urlOf(index));
    dispose.push(() => client.dispose());
    const states: Json[] = [];
    const ended = new Promise<void>((resolve, reject) => {
      client.subscribe<Json>(
        { query: WATCH, variables: { id, after: 0 } },
        {
          next: (answer) => void states.push(dataOf(answer as Answer, 'inviteParticipantsOperationUpdated')),
          error: reject,
          complete: resolve,
        },
      );
    });
    ended.catch(() => {});
    await waitFor('the first states', () => states.length === 2);
    return { states, ended, revisions: () => states.map(({ tracking }) => tracking.revision as number) };
  }

  async function run(sql: string): Promise<Json[]> {
    const client = new pg.Client({ connectionString: postgres.url });
    client.on('error', () => {});
    await client.connect();
    const { rows } = await client.query<Json>(sql);
    await client.end();
    return rows;
  }

  /** Every subscriber gets what comes after the outage too, in order and without a gap, to the end. */
  async function expectAll(watching: Awaited<ReturnType<typeof watch>>[], operation: Json) {
    await graph.operationProgress(operation['id'], 1);
    for (const each of watching)
      await waitFor('the change after the outage', () => each.states.length >= 3, PATIENCE_MS);
    await graph.endOperation(operation['id'], 'completed');
    await Promise.all(watching.map(({ ended }) => ended));
    for (const { revisions, states } of watching) {
      expect(revisions()).toEqual([1, 2, 3, 4]);
      expect(states.at(-1)).toMatchObject({ status: 'completed' });
    }
  }

  async function expectRefusals() {
    const before = await posts();
    const refused = await Promise.all([query(urlOf(0), INVITE), query(urlOf(1), READ)]);
    expect(refused.map(({ errors }) => errors?.[0])).toMatchObject([
      { message: expect.stringMatching(/^The store .* Try again later/), extensions: { code: 'UPSTREAM_UNAVAILABLE' } },
      { message: 'The store does not answer at present. Try again later.' },
    ]);
    expect(await posts()).toBe(before);
  }

  it.each(['SIGINT', 'SIGKILL'] as const)(
    'refuse and wait while it is away, with their sockets open, and go on when it is back: %s',
    async (signal) => {
      const operation = await invite();
      const watching = await Promise.all([0, 1].map((index) => watch(index, operation['tracking'].id)));
      const holder = await holdTables();
      const broken = query(urlOf(0), INVITE);
      await waitFor('the mutation to be under way', async () => {
        const [row] = await run(
          `select count(*)::int as n from pg_stat_activity where query like '%insert into record%'`,
        );
        return row?.['n'] > 1;
      });
      postgres.kill(signal);
      // A server that ends may let go of the holder first, and carry the insert out: then Graph was asked.
      expect((await broken).errors).toMatchObject([
        { message: expect.stringMatching(/repeat/i), extensions: { code: 'OUTCOME_UNKNOWN' } },
      ]);
      await holder.end();
      expect(await untilReady(false)).toMatchObject([
        { reasons: ['The store does not answer at present. Try again later.'] },
        {},
      ]);
      await expectRefusals();
      expect((await fetch(`${urlOf(0)}/health/live`)).status).toBe(200);
      await postgres.restart();
      await untilReady(true);
      await expectAll(watching, operation);
    },
  );

  it('write down when it is back what Graph answered while it was away', async () => {
    await graph.fault({ path: '/invite$', times: 1, effect: { kind: 'delay', ms: 1_000 } });
    const answer = query(urlOf(0), INVITE);
    await waitFor('Graph to be asked', async () => (await posts()) === 1);
    postgres.kill();
    expect((await answer).errors).toMatchObject([
      { extensions: { code: 'OUTCOME_UNKNOWN', recordId: expect.any(String) } },
    ]);
    await postgres.restart();
    const [operation] = await graph.operations();
    const row = () => run('select state, reason, graph_id from record').then(([first]) => first);
    await waitFor('the answer to be written', async () => (await row())?.['graph_id'] !== null, PATIENCE_MS);
    expect(await row()).toEqual({ state: 'active', reason: null, graph_id: operation?.['id'] });
    expect(await posts()).toBe(1);
  });

  it('lose nothing when all their connections are cut again and again', async () => {
    const operation = await invite();
    const watching = await Promise.all([0, 1].map((index) => watch(index, operation['tracking'].id)));
    for (let round = 0; round < 10; round++) {
      const before = (await graph.counts()).http;
      await run(`select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'graph-%'`);
      await waitFor('a read after the cut', async () => (await graph.counts()).http > before, PATIENCE_MS);
    }
    await untilReady(true);
    await expectAll(watching, operation);
  });

  it('wait while it has no connection for them, and a third does not start then', async () => {
    const operation = await invite();
    const watching = await Promise.all([0, 1].map((index) => watch(index, operation['tracking'].id)));
    const greedy = await takeAllConnections();
    expect(await untilReady(false)).toMatchObject([{ reasons: [expect.stringContaining('does not answer')] }, {}]);
    await expectRefusals();
    const third = spawn();
    expect(await third.exited).toMatchObject({ code: 1 });
    expect(third.lines.at(-1)).toMatchObject({
      msg: 'the start failed',
      err: { code: '53300', message: expect.stringContaining('too many clients') },
    });
    await Promise.all(greedy.map((client) => client.end()));
    await untilReady(true);
    await expectAll(watching, operation);
  });

  /** @returns somebody else, who has locked the records. */
  async function holdTables(): Promise<pg.Client> {
    const holder = new pg.Client({ connectionString: postgres.url });
    holder.on('error', () => {});
    await holder.connect();
    await holder.query('begin; lock table record in access exclusive mode');
    return holder;
  }

  /** @returns clients of somebody else who have all the connections, those of the gateways too. */
  async function takeAllConnections(): Promise<pg.Client[]> {
    const clients: pg.Client[] = [];
    const theirs = `from pg_stat_activity where application_name like 'graph-%'`;
    for (;;) {
      const client = new pg.Client({ connectionString: postgres.url });
      client.on('error', () => {});
      try {
        await client.connect();
        clients.push(client);
      } catch {
        const cut = await clients[0]?.query(`select pg_terminate_backend(pid) ${theirs}`);
        if (cut?.rowCount === 0) return clients;
      }
    }
  }

  it('wait while somebody holds the tables for long', async () => {
    const operation = await invite();
    const watching = await Promise.all([0, 1].map((index) => watch(index, operation['tracking'].id)));
    const holder = await holdTables();
    await untilReady(false);
    await expectRefusals();
    await holder.end();
    await untilReady(true);
    await expectAll(watching, operation);
  });

  it('wait for a standby to take writes, and go on from its state, though it is older than what they had seen', async () => {
    const operation = await invite();
    const later = await invite();
    const watching = await Promise.all([0, 1].map((index) => watch(index, operation['tracking'].id)));
    const ahead = await Promise.all([0, 1].map((index) => watch(index, later['tracking'].id)));
    await postgres.copy();
    await untilReady(true);
    // Seen by all, and unknown to the copy.
    await invite();
    await graph.operationProgress(later['id'], 1);
    for (const { states } of ahead) await waitFor('what will be lost', () => states.length === 3, PATIENCE_MS);
    await postgres.failOver();
    expect(await untilReady(false)).toMatchObject([
      { reasons: ['The store takes no writes at present. Try again later.'] },
      {},
    ]);
    expect((await query(urlOf(0), INVITE)).errors).toMatchObject([
      { message: 'The store takes no writes at present. Try again later.' },
    ]);
    expect((await query(urlOf(1), READ)).data?.['inviteParticipantsOperations'].nodes).toHaveLength(2);
    await run('select pg_promote()');
    await untilReady(true);
    await expectAll(watching, operation);
    await waitFor('the poll to catch up', async () => {
      const [row] = await run(`select revision from record where id = '${later['tracking'].id}'`);
      return row?.['revision'] === 3;
    });
    await expectAll(ahead, later);
  });
});
