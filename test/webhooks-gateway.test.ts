import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { dataOf, startGateway, waitFor, type Json, type TestGateway } from './support/gateway.ts';
import { findPort } from './support/ports.ts';
import { engines, type Engine } from './support/stores.ts';

const CREATE =
  'mutation { createInvitation(input: { invitedUserEmailAddress: "guest@example.com", inviteRedirectUrl: "https://app.example.com" }) { inviteRedeemUrl tracking { id } } }';
const INVITE =
  'mutation { inviteParticipants(callId: "call", input: { participants: [{ identity: { user: { id: "u1" } } }] }) { id tracking { id } } }';
const HISTORY = 'tracking { state history { source changed state } }';

describe.each(engines)('a gateway that Graph notifies on $name', ({ open }) => {
  let engine: Engine;
  let gateway: TestGateway;
  let publicUrl: string;

  beforeEach(async () => {
    engine = await open();
    const port = await findPort();
    publicUrl = `http://127.0.0.1:${port}`;
    // So slow that only notifications can bring what the tests wait for.
    gateway = await startGateway(engine, {
      WEBHOOK_PORT: String(port),
      POLL_INTERVAL_MS: '600000',
      WEBHOOK_PUBLIC_URL: publicUrl,
    });
  });
  afterEach(async () => {
    await gateway.stop();
    await engine.close();
  });
  const admin = async (path: string, init: RequestInit = {}) =>
    (await (await fetch(`${gateway.emulatorUrl}/admin/${path}`, init)).json()) as Json;
  const subscriptions = async () => (await admin('subscriptions'))['subscriptions'] as Json[];

  it('has one subscription to changes of users, with a secret that Graph gives back', async () => {
    const subscription = await waitFor('the subscription', async () => (await subscriptions())[0]);
    expect(subscription).toMatchObject({ resource: '/users', changeType: 'updated,deleted' });
    expect(subscription?.['clientState'].length).toBeGreaterThan(30);
  });

  it('pushes the redemption of a guest when Graph tells of a change', async () => {
    await waitFor('the subscription', async () => (await subscriptions()).length > 0);
    const { inviteRedeemUrl, tracking } = dataOf(await gateway.query(CREATE), 'createInvitation');
    // Delta begins with the first pending invitation: what happened before is for the sweep.
    await waitFor('delta to begin', async () => (await gateway.emulator.counts()).byRoute['GET /users/delta'] === 1);
    await fetch(inviteRedeemUrl as string);
    const answers = await gateway.subscribe(
      `subscription { invitationUpdated(id: "${tracking.id}") { invitedUser { externalUserState } ${HISTORY} } }`,
    ).ended;
    const last = answers.at(-1)?.data?.['invitationUpdated'] as Json;
    expect(last).toMatchObject({ invitedUser: { externalUserState: 'Accepted' }, tracking: { state: 'settled' } });
    expect(last['tracking'].history.at(-1).source).toBe('delta');
  });

  it('pushes the end of an operation when Graph tells of it, without a single read', async () => {
    const { id, tracking } = dataOf(await gateway.query(INVITE), 'inviteParticipants');
    const watching = gateway.subscribe(
      `subscription { inviteParticipantsOperationUpdated(callId: "call", id: "${tracking.id}") { status ${HISTORY} } }`,
    );
    await watching.received(1);
    await gateway.emulator.endOperation(id as string, 'completed');
    const last = (await watching.ended).at(-1)?.data?.['inviteParticipantsOperationUpdated'] as Json;
    expect(last).toMatchObject({ status: 'completed', tracking: { state: 'settled' } });
    expect(last['tracking'].history.at(-1).source).toBe('webhook');
    const { byRoute } = await gateway.emulator.counts();
    expect(byRoute['GET /communications/calls/{}/operations/{}']).toBeUndefined();
  });

  it('serves Graph at a port of its own, and nothing else there', async () => {
    for (const path of ['/graphql', '/health/graph', '/'])
      expect((await fetch(`${publicUrl}${path}`)).status).toBe(404);
    expect((await fetch(`${gateway.url}/webhooks/graph/calls`, { method: 'POST' })).status).toBe(404);
  });

  it('refuses a forged notification, counts it, and goes on', async () => {
    const { id, tracking } = dataOf(await gateway.query(INVITE), 'inviteParticipants');
    const { status } = await admin('notifications', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ operationId: id, token: { forged: true } }),
    });
    expect(status).toBe(403);
    const health = (await (await fetch(`${gateway.url}/health/graph`)).json()) as Json;
    expect(health['counters']).toMatchObject({ unauthorized: 1 });
    const { data } = await gateway.query(
      `{ inviteParticipantsOperation(callId: "call", id: "${tracking.id}") { tracking { state } } }`,
    );
    expect(data?.['inviteParticipantsOperation'].tracking.state).toBe('active');
  });
});
