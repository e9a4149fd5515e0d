import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createBatchReader, sendBatch } from '../src/graph/batch.ts';
import { inviteParticipants, operationPath, rosterPath } from '../src/graph/calls.ts';
import { createGraphClient, type GraphClient } from '../src/graph/client.ts';
import { toGatewayError } from '../src/graph/gateway-error.ts';
import { createInvitation } from '../src/graph/invitations.ts';
import { neededPermission } from '../src/graph/needed-permission.ts';
import { createUserReader } from '../src/graph/user-reader.ts';
import { deltaPath, guestPath, guestsPath, usersByMailPath } from '../src/graph/users.ts';
import { json, startGraphServer, type GraphServer } from './support/graph-server.ts';

const limits = { timeoutMs: 5_000 };
const request = { invitedUserEmailAddress: 'guest@example.com', inviteRedirectUrl: 'https://app.example.com' };
const user = { tenantId: 't', subject: 's', token: 'a' };
const denied = { error: { code: 'Authorization_RequestDenied' } };

let graph: GraphServer;
let client: GraphClient;

beforeEach(async () => {
  graph = await startGraphServer();
  graph.usual = json(403, denied);
  const connection = { version: 'v1.0', loadToken: () => Promise.resolve('token'), connections: 2 };
  client = createGraphClient({ baseUrl: graph.baseUrl, ...connection });
});
afterEach(async () => {
  await client.stop();
  await graph.stop();
});
const failureOf = (call: Promise<unknown>): Promise<unknown> => call.catch((error: unknown) => error);
const messageOf = async (call: Promise<unknown>) => {
  const { code, message } = toGatewayError(await failureOf(call));
  expect(code).toBe('FORBIDDEN');
  return message;
};

it('each path that the gateway asks for has its permission', () => {
  for (const path of [
    guestPath('a'),
    guestsPath(['a']),
    usersByMailPath('a@b.example'),
    deltaPath(),
    '/subscriptions',
    '/subscriptions/a',
  ])
    expect(neededPermission(path)).toContain('`User.Read.All`');
  expect(neededPermission('/invitations')).toContain('`User.Invite.All`');
  expect(neededPermission('/communications/calls/a/participants/invite')).toBe('`Calls.InitiateGroupCall.All`');
  expect(neededPermission(rosterPath('a'))).toBe('`Calls.Initiate.All`');
  for (const path of [operationPath('a', 'b'), '/$batch', '/invitationsx', '/usersx'])
    expect(neededPermission(path)).toBeUndefined();
});

describe('a 403 of Graph names the permission', () => {
  it('to invite a guest as the application', async () => {
    const message = await messageOf(createInvitation(client, request, limits));
    expect(message).toMatch(/application permission `User.Invite.All`.*administrator/);
    expect(message).not.toContain('yourself');
  });

  it('to invite a guest on behalf of a user, who must be allowed to, too', async () => {
    const message = await messageOf(createInvitation(client, request, { ...limits, onBehalfOf: user }));
    expect(message).toMatch(/delegated permission `User.Invite.All`.*you must be allowed to invite guests yourself/);
  });

  it('to invite participants', async () => {
    const invite = { participants: [{ identity: { user: { id: 'u' } } }], clientContext: 'c' };
    expect(await messageOf(inviteParticipants(client, 'call', invite, limits))).toContain(
      '`Calls.InitiateGroupCall.All`',
    );
  });

  it('in a part of a batch that sends', async () => {
    graph.usual = json(200, { responses: [{ id: '1', status: 403, body: denied }] });
    const [part] = await sendBatch(client, [{ path: '/invitations', body: {} }], limits);
    expect(part && 'error' in part && toGatewayError(part.error).message).toContain('`User.Invite.All`');
  });

  it('in a part of a batch that reads users', async () => {
    graph.usual = json(200, { responses: [{ id: '1', status: 403, body: denied }] });
    const [result] = await createUserReader(createBatchReader(client)).read(
      [{ id: 'u', members: new Set(['mail']) }],
      limits,
    );
    expect(result).toMatchObject({ code: 'FORBIDDEN', message: expect.stringContaining('`User.Read.All`') });
  });

  it('and not where nobody says which', async () => {
    const message = await messageOf(client.get(operationPath('a', 'b'), { ...limits, priority: 'read' }));
    expect(message).toBe(
      'Graph does not allow this. The application or the caller lacks a permission that the request needs.',
    );
  });
});

it.each([401, 403])('a %d of Graph tells the operator, too', async (status) => {
  graph.usual = json(status, denied);
  expect(await failureOf(createInvitation(client, request, limits))).toMatchObject({
    message: expect.stringMatching(/the request needs `User.Invite.All`/),
  });
});
