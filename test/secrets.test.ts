import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import WebSocket from 'ws';
import { dataOf, startGateway, waitFor, type Json, type TestGateway } from './support/gateway.ts';
import { findSecrets, plant } from './support/logs.ts';
import { findPort } from './support/ports.ts';
import { engines, type Engine } from './support/stores.ts';

jest.setTimeout(30_000);

const guest = plant('hidden.guest@secret-partner.example');
const copy = plant('hidden.copy@secret-partner.example');
const displayName = plant('Gerda Geheimnis');
const clientToken = plant('eyJhbGciOiJub25lIn0.cGxhbnRlZA.c2VjcmV0');
const graphSays = plant('policy 4711 keeps Gerda out of the house');
const resultMessage = plant('Gerda did not pick up the phone');
const validationToken = plant('planted-validation-token');
const clientState = plant('planted-client-state');
const password = plant('planted-database-password');

const input = {
  invitedUserEmailAddress: guest,
  invitedUserDisplayName: displayName,
  inviteRedirectUrl: 'https://app.example.com/?ticket=planted-redirect-ticket',
  invitedUserMessageInfo: { ccRecipients: [{ emailAddress: { address: copy } }] },
};
plant('planted-redirect-ticket');
const CREATE =
  'mutation ($input: CreateInvitationInput!) { createInvitation(input: $input) { inviteRedeemUrl tracking { id } } }';
const CREATE_MANY = `mutation ($inputs: [CreateInvitationInput!]!) {
  createInvitations(inputs: $inputs) { bulkId results { invitation { tracking { id } } error { message } } }
}`;
const INVITE = `mutation ($name: String) {
  inviteParticipants(callId: "call", input: { participants: [{ identity: { user: { id: "u1", displayName: $name } } }] }) { id tracking { id } }
}`;
const REFUSAL =
  'query ($id: ID!) { invitation(id: $id) { tracking { state lastError { code } refusal { code message } } } }';
const ALL = '{ invitations { nodes { invitedUserEmailAddress invitedUserMessageInfo { customizedMessageBody } } } }';

// Every line that is logged meanwhile is looked at too: `support/logs.ts` fails the test that makes a bad one.
describe.each(engines)('what fails in a gateway on $name lets no secret out', ({ name: engineName, open }) => {
  let engine: Engine;
  let gateway: TestGateway;
  let webhookUrl: string;

  beforeEach(async () => {
    engine = await open();
    const port = await findPort();
    webhookUrl = `http://127.0.0.1:${port}`;
    gateway = await startGateway(engine, { WEBHOOK_PORT: String(port), WEBHOOK_PUBLIC_URL: webhookUrl });
  });
  afterEach(async () => {
    // These failures are meant.
    gateway.errors.splice(0);
    await gateway.stop();
    await engine.close();
  });

  /** Whatever others than the caller can see. */
  async function readOutside(): Promise<string> {
    const health = ['live', 'ready', 'graph'].map(async (path) =>
      (await fetch(`${gateway.url}/health/${path}`)).text(),
    );
    const others = ['{ gateway { version mode graph pollLagMs } }', '{ invitation(id: "absent") { id } }'].map(
      async (document) => JSON.stringify(await gateway.query(document)),
    );
    return (await Promise.all([...health, ...others])).join('\n');
  }
  const expectNothingOutside = async () => expect(findSecrets(await readOutside())).toEqual([]);
  const errorsOf = ({ errors }: { errors?: unknown }) => JSON.stringify(errors ?? []);
  const logged = (text: string) => waitFor(`a line with ${text}`, () => JSON.stringify(gateway.lines).includes(text));

  const said = { message: graphSays, code: `${graphSays}!` };
  const body = (contentType: string, text: string, status = 200) => ({ kind: 'body', status, contentType, text });
  const effects = [
    ...[400, 401, 403, 404, 409, 412, 500, 503].map((status) => ({ kind: 'status', status, ...said })),
    { kind: 'status', status: 429, retryAfter: '600', ...said },
    { kind: 'status', status: 302, headers: { Location: `https://elsewhere.example/redeem?rd=${clientToken}` } },
    body('text/html', `<html>${graphSays} ${guest}</html>`, 502),
    body('application/json', `{"id": ${graphSays} ${guest}`),
    body('application/json', JSON.stringify({ error: { code: { graphSays }, message: graphSays } }), 400),
    body('application/json', JSON.stringify([graphSays])),
    { kind: 'merge', body: { status: { graphSays }, invitedUserDisplayName: { graphSays }, inviteRedeemUrl: [guest] } },
    { kind: 'cut', when: 'before' },
    { kind: 'cut', when: 'after' },
  ];
  it.each(effects.map((effect) => [JSON.stringify(effect).slice(0, 50), effect]))(
    'when Graph answers an invitation with %s',
    async (_, effect) => {
      await gateway.emulator.fault({ path: '/invitations$', effect });
      expect(findSecrets(errorsOf(await gateway.query(CREATE, { input })))).toEqual([]);
      const { results } = dataOf(await gateway.query(CREATE_MANY, { inputs: [input] }), 'createInvitations');
      const id = results[0].invitation.tracking.id as string;
      const { tracking } = await waitFor('the bulk to be tried', async () => {
        const invitation = dataOf(await gateway.query(REFUSAL, { id }), 'invitation');
        const { state, lastError } = invitation['tracking'];
        const isHeld = dataOf(await gateway.query('{ gateway { graph } }'), 'gateway')['graph'] === 'throttled';
        return state !== 'submitting' || lastError || isHeld ? invitation : null;
      });
      expect(findSecrets(JSON.stringify(tracking))).toEqual([]);
      await expectNothingOutside();
    },
  );

  it('when Graph fails the reads of what is pending', async () => {
    await gateway.query(CREATE, { input });
    await gateway.query(INVITE, { name: displayName });
    await gateway.emulator.fault({ path: '/users/delta', effect: { kind: 'status', status: 400, ...said } });
    await gateway.emulator.fault({ path: '/\\$batch$', effect: body('application/json', `{"x": ${graphSays}`) });
    await logged('Graph failed this part');
    await gateway.emulator.clearFaults();
    await gateway.emulator.fault({ path: '/operations/', effect: { kind: 'merge', body: { status: { graphSays } } } });
    await gateway.emulator.clearRequests();
    await waitFor('more reads', async () => (await gateway.emulator.counts()).http > 2);
    await expectNothingOutside();
  });

  it('when an operation ends with a message', async () => {
    const { id, tracking } = dataOf(await gateway.query(INVITE, { name: displayName }), 'inviteParticipants');
    await gateway.emulator.endOperation(id as string, 'failed', { code: 500, subcode: 1, message: resultMessage });
    const watching = gateway.subscribe(
      `subscription { inviteParticipantsOperationUpdated(callId: "call", id: "${tracking.id}") { status resultInfo { message } } }`,
    );
    const last = (await watching.ended).at(-1)?.data?.['inviteParticipantsOperationUpdated'];
    // Who invited may know it, and nobody else.
    expect(last?.resultInfo.message).toBe(resultMessage);
    await expectNothingOutside();
  });

  it('when the store fails at what holds an address', async () => {
    const isSqlite = engineName === 'SQLite';
    await gateway.query(CREATE, { input });
    const fails = async (because: string) => {
      const before = gateway.errors.length;
      const answer = await gateway.query(CREATE, { input });
      expect(answer.errors?.[0]).toMatchObject({ message: 'Internal server error' });
      expect(findSecrets(errorsOf(answer))).toEqual([]);
      expect(JSON.stringify(gateway.errors.slice(before))).toContain(because);
      await expectNothingOutside();
    };
    // The engine tells which row failed, and in the second case quotes it in its message.
    if (isSqlite) {
      await gateway.run(`create trigger bad before insert on record begin select json(new.request || '}'); end`);
      await fails('malformed JSON');
    } else {
      await gateway.run(`alter table record add constraint bad check (length(request) < 5) not valid`);
      await fails('23514');
      await gateway.run('alter table record drop constraint bad');
      await gateway.run(
        `create function bad() returns trigger language plpgsql as $$ begin perform cast(new.request as bigint); return new; end $$`,
      );
      await gateway.run('create trigger bad before insert on record for each row execute function bad()');
      await fails('22P02');
    }
    await gateway.run(isSqlite ? 'drop trigger bad' : 'drop trigger bad on record');
    await gateway.run('alter table record rename to hidden');
    await fails('record');
    // A store may be one that can be read only: readiness tries what a write needs.
    expect((await fetch(`${gateway.url}/health/ready`)).status).toBe(503);
    await gateway.run('alter table hidden rename to record');
  });

  it.each([
    ['of another shape', JSON.stringify({ invitedUserEmailAddress: { address: guest }, invitedUserMessageInfo: 7 })],
    ['that are no list', JSON.stringify({ invitedUserMessageInfo: { customizedMessageBody: [guest, { graphSays }] } })],
    ['that are no JSON', `${guest} ${graphSays}`],
  ])('when it holds members %s', async (_, payload) => {
    await gateway.query(CREATE, { input });
    const before = gateway.errors.length;
    await gateway.run('update record set payload = $1', [payload]);
    const answer = await gateway.query(ALL);
    expect(findSecrets(errorsOf(answer))).toEqual([]);
    expect(answer.errors?.[0]?.message).toBe('Internal server error');
    expect(gateway.errors.length).toBeGreaterThan(before);
    await expectNothingOutside();
    await gateway.run('delete from record');
  });

  it('when a request is wrong', async () => {
    const post = async (text: string, headers: Json = {}, path = '/graphql') =>
      (await fetch(`${gateway.url}${path}`, { method: 'POST', headers, body: text })).status;
    const json = { 'content-type': 'application/json', authorization: `Bearer ${clientToken}` };
    const document = (query: string, variables: Json = {}) => post(JSON.stringify({ query, variables }), json);
    expect(await document(CREATE, { input: { ...input, invitedUserEmailAddress: { guest } } })).toBe(400);
    expect(await document(CREATE, { input: { ...input, [guest]: graphSays } })).toBe(400);
    expect(await document(CREATE, { input: { ...input, invitedUserEmailAddress: `${guest}!` } })).toBe(200);
    expect(await document(`{ invitation(id: "${guest}) { id } }`)).toBe(400);
    expect(await document(`{ ${displayName.replace(' ', '_')} }`)).toBe(400);
    expect(await document(`{ invitation(id: ["${guest}"]) { id } }`)).toBe(400);
    expect(await post(`{"query": ${guest}`, json)).toBe(400);
    expect(await post(guest, { 'content-type': `text/${password}` })).toBe(415);
    expect(await post('{}', json, `/${password}?access_token=${clientToken}`)).toBe(404);
    expect(await post('{}', json, `/graphql/%zz?access_token=${clientToken}`)).toBe(400);
    const addressed = new URL(`/graphql?query={invitation(id:"${guest}"){nothing}}&token=${clientToken}`, gateway.url);
    expect((await fetch(addressed, { headers: { 'apollo-require-preflight': '1' } })).status).toBe(400);
    await expectNothingOutside();
  });

  it('when a socket is spoken to wrongly', async () => {
    const init = JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${clientToken}` } });
    const closed = async (protocol: string, messages: string[]) => {
      const url = `${gateway.url.replace('http', 'ws')}/graphql?access_token=${clientToken}`;
      const socket = new WebSocket(url, protocol, { headers: { authorization: `Bearer ${clientToken}` } });
      socket.on('error', () => {});
      // One after the other: the first is to be answered, or the end.
      for (const event of ['open', 'message']) socket.on(event, () => socket.send(messages.shift() ?? init));
      const [code, reason] = await new Promise<[number, Buffer]>((resolve) => {
        socket.on('close', (...end) => resolve(end));
      });
      expect(findSecrets(reason.toString())).toEqual([]);
      return code;
    };
    const subscribe = (query: string, variables: Json) =>
      JSON.stringify({ type: 'subscribe', id: '1', payload: { query, variables } });
    expect(await closed('graphql-transport-ws', [`{ ${guest}`])).toBe(4400);
    expect(await closed('graphql-transport-ws', [init])).toBe(4429);
    expect(await closed('graphql-transport-ws', [subscribe(CREATE, { input })])).toBe(4401);
    expect(await closed('graphql-transport-ws', [init, subscribe(CREATE, { input: guest })])).toBe(4429);
    await expectNothingOutside();
  });

  it('when notifications are wrong, or cannot be written down', async () => {
    const post = async (path: string, text: string, headers: Json = {}) =>
      (await fetch(`${webhookUrl}${path}`, { method: 'POST', headers, body: text })).status;
    const json = { 'content-type': 'application/json' };
    const changes = '/webhooks/graph/changes';
    expect(await post(`${changes}?validationToken=${validationToken}`, '')).toBe(200);
    expect(await post(`${changes}?validationToken=<b>${validationToken}`, '')).toBe(400);
    expect(await post(changes, `{"value": ${guest} ${clientState}`, json)).toBe(400);
    expect(await post(changes, JSON.stringify({ value: graphSays, clientState }), json)).toBe(400);
    expect(await post(changes, JSON.stringify({ value: [{ clientState, resourceData: { guest } }] }), json)).toBe(202);
    expect(await post(changes, guest, { 'content-type': `text/${clientState}` })).toBe(415);
    const calls = '/webhooks/graph/calls';
    for (const authorization of [`Bearer ${clientToken}`, `Bearer ${password}`, `Basic ${password}`, guest])
      expect(await post(calls, JSON.stringify({ value: [{ guest }] }), { ...json, authorization })).toBe(403);
    await gateway.run('alter table notification rename to hidden');
    const { id } = dataOf(await gateway.query(INVITE, { name: displayName }), 'inviteParticipants');
    await gateway.emulator.endOperation(id as string, 'failed', { code: 500, subcode: 1, message: resultMessage });
    await logged('"kind":"failed"');
    await gateway.run('alter table hidden rename to notification');
    await expectNothingOutside();
  });
});
