import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createEmulator, type Emulator } from '../src/emulator/emulator.ts';
import {
  administer,
  startGateway,
  toLiveEnvironment,
  type EmulatorAdmin,
  type Json,
  type TestGateway,
} from './support/gateway.ts';
import { engines, type Engine } from './support/stores.ts';

const INVITE = `mutation ($key: String) { inviteParticipants(callId: "call", input: { participants: [{ identity: { user: { id: "u1" } } }], idempotencyKey: $key }) { id tracking { id } } }`;
const WATCH = `subscription ($id: ID!) { inviteParticipantsOperationUpdated(callId: "call", id: $id) { status tracking { revision } } }`;

describe('two gateways on one PostgreSQL', () => {
  let engine: Engine;
  let emulator: Emulator;
  let graph: EmulatorAdmin;
  let replicas: TestGateway[];

  beforeEach(async () => {
    const postgres = engines.find(({ name }) => name === 'PostgreSQL');
    if (!postgres) throw new Error('no PostgreSQL');
    engine = await postgres.open();
    emulator = createEmulator({ operationMs: 600_000 });
    const graphUrl = await emulator.start();
    graph = administer(graphUrl);
    const environment = toLiveEnvironment(graphUrl);
    // Started together, they also bring the tables up together.
    replicas = await Promise.all([startGateway(engine, environment), startGateway(engine, environment)]);
  });
  afterEach(async () => {
    await Promise.all(replicas.map((replica) => replica.stop()));
    await emulator.stop();
    await engine.close();
  });

  const at = (index: number): TestGateway => {
    const replica = replicas[index % replicas.length];
    if (!replica) throw new Error('no replica');
    return replica;
  };
  const invite = async (index: number, key?: string) =>
    (await at(index).query(INVITE, { key: key ?? null })).data?.['inviteParticipants'] as Json;

  it('tell every subscriber the same revisions, wherever the mutation was and whoever polled', async () => {
    const made = await Promise.all(Array.from({ length: 10 }, (_, index) => invite(index)));
    const watching = made.flatMap(({ tracking }) =>
      replicas.map((replica) => replica.subscribe(WATCH, { id: tracking.id })),
    );
    for (const each of watching) await each.received(1);
    await graph.fault({ path: '/operations/', times: 40, effect: { kind: 'merge', body: { status: 'notStarted' } } });
    for (const each of watching) await each.received(2);
    await graph.clearFaults();
    for (const { id } of made) await graph.endOperation(id, 'completed');
    for (const each of watching) {
      const revisions = (await each.ended).map(
        ({ data }) => data?.['inviteParticipantsOperationUpdated'].tracking.revision as number,
      );
      expect(revisions).toEqual(revisions.map((_, index) => index + 2));
      expect(each.answers.at(-1)?.data?.['inviteParticipantsOperationUpdated'].status).toBe('completed');
    }
  });

  it('send one POST for one idempotency key, however many ask at once', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => invite(index, 'key')));
    expect(new Set(answers.map(({ tracking }) => tracking.id)).size).toBe(1);
    expect((await graph.requests()).filter(({ path }) => path.endsWith('/invite'))).toHaveLength(1);
  });
});
