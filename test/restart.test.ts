import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
import { spawnGateway, type GatewayProcess } from './support/process.ts';
import { engines, type Engine } from './support/stores.ts';

jest.setTimeout(30_000);

const CREATE =
  'mutation { createInvitation(input: { invitedUserEmailAddress: "guest@example.com", inviteRedirectUrl: "https://app.example.com", idempotencyKey: "key" }) { tracking { id } } }';
const INVITE =
  'mutation { inviteParticipants(callId: "call", input: { participants: [{ identity: { user: { id: "u1" } } }], idempotencyKey: "key" }) { id tracking { id state } } }';
const BULK =
  'mutation ($inputs: [CreateInvitationInput!]!) { createInvitations(inputs: $inputs) { bulkId results { error { code } } } }';
const SENT =
  'subscription ($bulkId: ID!) { invitationsUpdated(bulkId: $bulkId) { invitation { tracking { id state } } counts { total submitting active } } }';
const guests = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    invitedUserEmailAddress: `guest${index}@fabrikam.example`,
    inviteRedirectUrl: 'https://app.example.com',
  }));
const READ =
  '{ invitations { nodes { status invitedUser { externalUserState } tracking { id state reason revision } } } inviteParticipantsOperations { nodes { id status tracking { id state reason revision } } } }';

describe.each(engines)('a gateway on $name that is killed', ({ open }) => {
  let engine: Engine;
  let folder: string;
  let emulator: Emulator;
  let graph: EmulatorAdmin;
  let environment: { [name: string]: string };
  const running = new Set<GatewayProcess>();

  beforeEach(async () => {
    engine = await open();
    folder = await mkdtemp(join(tmpdir(), 'restart-'));
    emulator = createEmulator({ operationMs: 600_000 });
    const graphUrl = await emulator.start();
    graph = administer(graphUrl);
    environment = {
      PORT: '0',
      ...toLiveEnvironment(graphUrl, 'planted-secret-token'),
      POLL_INTERVAL_MS: '50',
      ...engine.environment,
    };
  });
  afterEach(async () => {
    for (const gateway of running) await gateway.end('SIGKILL');
    running.clear();
    await emulator.stop();
    await engine.close();
    await rm(folder, { recursive: true });
  });

  async function start(): Promise<{ gateway: GatewayProcess; url: string }> {
    const gateway = spawnGateway(environment);
    running.add(gateway);
    return { gateway, url: await gateway.listening() };
  }
  const nodes = async (url: string, field: string) => (await query(url, READ)).data?.[field].nodes as Json[];
  const posts = async (end: string) =>
    (await graph.requests()).filter(({ method, path }) => method === 'POST' && path.endsWith(end));

  it.each([
    ['Graph had done it', { kind: 'hang' }, { state: 'active', reason: null }],
    ['Graph had not done it', { kind: 'delay', ms: 60_000 }, { state: 'active', reason: null }],
  ])(
    'between the record and the answer judges the invitation after the restart and sends no second POST: %s',
    async (_, effect, end) => {
      await graph.fault({ path: '^/invitations', effect });
      const first = await start();
      const lost = query(first.url, CREATE).catch(() => 'cut');
      await waitFor('the POST to arrive', async () => (await posts('/invitations')).length === 1);
      await first.gateway.end('SIGKILL');
      expect(await lost).toBe('cut');

      const { url } = await start();
      expect(await nodes(url, 'invitations')).toMatchObject([
        { status: null, tracking: { state: 'submitting', revision: 1 } },
      ]);
      await engine.backDate(60_000);
      const judged = await waitFor('the judgement', async () =>
        (await nodes(url, 'invitations')).find(({ tracking }) => tracking.state !== 'submitting'),
      );
      expect(judged).toMatchObject({ tracking: end });
      expect((await query(url, CREATE)).data?.['createInvitation'].tracking.id).toBe(judged['tracking'].id);
      expect(await posts('/invitations')).toHaveLength(1);
    },
  );

  it('between the record and the answer says of participants that the outcome is unknown, and sends no second POST', async () => {
    await graph.fault({ path: '/invite$', effect: { kind: 'hang' } });
    const first = await start();
    const lost = query(first.url, INVITE).catch(() => 'cut');
    await waitFor('the POST to arrive', async () => (await posts('/invite')).length === 1);
    await first.gateway.end('SIGKILL');
    await lost;

    const { url } = await start();
    await engine.backDate(60_000);
    await waitFor(
      'the judgement',
      async () => (await nodes(url, 'inviteParticipantsOperations'))[0]?.['tracking'].state === 'unknown',
    );
    expect(await nodes(url, 'inviteParticipantsOperations')).toMatchObject([
      { id: null, tracking: { reason: 'ambiguous', revision: 2 } },
    ]);
    expect((await query(url, INVITE)).data?.['inviteParticipants'].tracking.state).toBe('unknown');
    expect(await posts('/invite')).toHaveLength(1);
  });

  it('goes on where it stopped: an operation under way is followed to its end, and a subscriber comes back without a gap', async () => {
    const first = await start();
    const answer = await query(first.url, INVITE);
    const operation = answer.data?.['inviteParticipants'] as Json;
    await first.gateway.end('SIGKILL');
    await graph.endOperation(operation['id'], 'completed');

    const { url } = await start();
    const client = connect(url);
    const revisions: number[] = [];
    await new Promise<void>((resolve, reject) => {
      client.subscribe<Json>(
        {
          query: `subscription { inviteParticipantsOperationUpdated(callId: "call", id: "${operation['tracking'].id}", afterRevision: 2) { status tracking { revision } } }`,
        },
        {
          next: ({ data }) => void revisions.push(data?.['inviteParticipantsOperationUpdated'].tracking.revision),
          error: reject,
          complete: resolve,
        },
      );
    });
    await client.dispose();
    expect(revisions).toEqual([3]);
    expect(await nodes(url, 'inviteParticipantsOperations')).toMatchObject([
      { id: operation['id'], status: 'completed', tracking: { state: 'settled' } },
    ]);
  });

  it('in the middle of a bulk sends the rest after the restart, and nothing twice', async () => {
    await graph.fault({ method: 'POST', path: '^/\\$batch$', effect: { kind: 'delay', ms: 400 } });
    const batches = async () =>
      (await graph.requests()).filter(({ parts }) => parts?.some(({ method }: Json) => method === 'POST'));
    const first = await start();
    const { bulkId } = dataOf(await query(first.url, BULK, { inputs: guests(100) }), 'createInvitations');
    await waitFor('the first batches to arrive', async () => (await batches()).length >= 2);
    await first.gateway.end('SIGKILL');
    expect((await batches()).length).toBeLessThan(5);
    await graph.clearFaults();

    const { url } = await start();
    await engine.backDate(60_000);
    const client = connect(url);
    const states = new Map<string, Json>();
    let counts: Json = {};
    await new Promise<void>((resolve, reject) => {
      client.subscribe<Json>(
        { query: SENT, variables: { bulkId } },
        {
          next(answer) {
            const { invitation, counts: now } = dataOf(answer as Answer, 'invitationsUpdated');
            states.set(invitation.tracking.id, invitation);
            counts = now;
          },
          error: reject,
          complete: resolve,
        },
      );
    });
    await client.dispose();
    expect(states.size).toBe(100);
    expect(counts).toEqual({ total: 100, submitting: 0, active: 100 });
    const posted = (await batches()).flatMap(({ parts }) => (parts as Json[]).map(({ body }) => body));
    expect(posted).toHaveLength(100);
    expect(new Set(posted.map(({ invitedUserEmailAddress }) => invitedUserEmailAddress)).size).toBe(100);
  });

  it('never writes the token or an address to its output', async () => {
    await graph.fault({ path: '^/invitations', times: 1, effect: { kind: 'errorAfter', status: 500 } });
    const { gateway, url } = await start();
    await query(url, CREATE);
    await query(url, INVITE);
    await gateway.end('SIGTERM');
    const output = JSON.stringify(gateway.lines) + gateway.stderr();
    expect(output).toContain('listening');
    expect(output).not.toMatch(/planted-secret-token|guest@example|redeem/);
  });
});
