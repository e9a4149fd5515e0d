/** What the emulated `/subscriptions` promise, and what their receivers are told. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createEmulator, type Emulator, type EmulatorOptions } from '../src/emulator/emulator.ts';
import { DEFAULT_TENANT_ID } from '../src/emulator/settings.ts';

type Json = Record<string, any>;
interface Reply {
  status: number;
  headers: Headers;
  body: Json;
}

const MINUTE = 60_000;
const START = Date.parse('2026-03-01T10:00:00Z');
let emulator: Emulator;
let base: string;
let time: number;
let receiver: FastifyInstance;
let url: string;
let received: { path: string; body: Json }[];
let handshakes: string[];
let statuses: number[];
let shake: (token: string, reply: FastifyReply) => unknown;

async function start(options: EmulatorOptions = {}): Promise<void> {
  emulator = createEmulator({ now: () => time, retryMs: 1, ...options });
  base = await emulator.start();
}
beforeEach(async () => {
  time = START;
  [received, handshakes, statuses] = [[], [], []];
  shake = (token, reply) => reply.type('text/plain').send(token);
  receiver = fastify({ logger: false, forceCloseConnections: true });
  receiver.addContentTypeParser('text/plain', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  receiver.post('/*', (request: FastifyRequest<{ Querystring: { validationToken?: string } }>, reply) => {
    const { validationToken } = request.query;
    if (validationToken !== undefined) {
      handshakes.push(request.url.split('?')[0] ?? '');
      return shake(validationToken, reply);
    }
    received.push({ path: request.url, body: request.body as Json });
    return reply.code(statuses.shift() ?? 202).send();
  });
  url = await receiver.listen({ port: 0, host: '127.0.0.1' });
  await start();
});
afterEach(async () => {
  await emulator.stop();
  await receiver.close();
});

async function ask(method: string, path: string, body?: unknown): Promise<Reply> {
  const response = await fetch(`${base}${path}`, {
    method,
    headers: { authorization: 'Bearer token', ...(body ? { 'content-type': 'application/json' } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text ? (JSON.parse(text) as Json) : {} };
}
const subscribe = (members: Json = {}): Promise<Reply> =>
  ask('POST', '/v1.0/subscriptions', {
    changeType: 'updated,deleted',
    notificationUrl: `${url}/changes?source=graph`,
    resource: '/users',
    expirationDateTime: new Date(time + 60 * MINUTE).toISOString(),
    clientState: 'secret',
    ...members,
  });
const refusalOf = ({ status, body }: Reply): unknown[] => [status, body['error']?.code];
const changes = (): Json[] => received.flatMap(({ body }) => body['value'] as Json[]);
async function invite(mail: string): Promise<{ id: string; link: string }> {
  const { body } = await ask('POST', '/v1.0/invitations', {
    invitedUserEmailAddress: mail,
    inviteRedirectUrl: 'https://x.com',
  });
  return { id: body['invitedUser'].id, link: body['inviteRedeemUrl'] };
}

async function waitFor(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 5000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited in vain for: ${what}`);
    await nextTurn();
  }
}

describe('a subscription', () => {
  it('is made after both receivers repeated the token, and keeps its secret to itself afterwards', async () => {
    const made = await subscribe({ lifecycleNotificationUrl: `${url}/lifecycle` });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({
      '@odata.context': `${base}/v1.0/$metadata#subscriptions/$entity`,
      resource: '/users',
      changeType: 'updated,deleted',
      clientState: 'secret',
      lifecycleNotificationUrl: `${url}/lifecycle`,
      expirationDateTime: '2026-03-01T11:00:00.000Z',
    });
    expect(handshakes.toSorted((a, b) => a.localeCompare(b))).toEqual(['/changes', '/lifecycle']);
    const id = String(made.body['id']);
    expect((await ask('GET', `/v1.0/subscriptions/${id}`)).body).toMatchObject({ id, clientState: null });
    const { value } = (await ask('GET', '/v1.0/subscriptions')).body;
    expect(value).toEqual([expect.objectContaining({ id, clientState: null })]);
    expect((await ask('GET', '/admin/subscriptions')).body['subscriptions'][0]).toMatchObject({
      clientState: 'secret',
    });
  });

  it.each<[string, (token: string, reply: FastifyReply) => unknown]>([
    ['another status', (token, reply) => reply.code(202).type('text/plain').send(token)],
    ['another type', (token, reply) => reply.type('text/html').send(token)],
    ['another text', (token, reply) => reply.type('text/plain').send(`${token} `)],
    ['nothing in time', () => new Promise(() => {})],
  ])('is not made when a receiver answers %s', async (_name, answer) => {
    await ask('PUT', '/admin/settings', { handshakeMs: 50 });
    shake = answer;
    expect(refusalOf(await subscribe())).toEqual([400, 'ValidationError']);
    expect((await ask('GET', '/v1.0/subscriptions')).body['value']).toEqual([]);
  });

  it.each<[string, Json]>([
    ['no change type', { changeType: undefined }],
    ['another change', { changeType: 'updated,moved' }],
    ['no receiver', { notificationUrl: undefined }],
    ['a receiver without https elsewhere', { notificationUrl: 'http://example.com/changes' }],
    ['a lifecycle receiver without https', { lifecycleNotificationUrl: 'ftp://example.com' }],
    ['another resource', { resource: '/groups' }],
    ['a resource with a query', { resource: '/users?$select=id' }],
    ['no end', { expirationDateTime: undefined }],
    ['an end that is no date', { expirationDateTime: 'soon' }],
    ['an end after 29 days', { expirationDateTime: new Date(START + 41_761 * MINUTE).toISOString() }],
    ['a long secret', { clientState: 'x'.repeat(129) }],
    ['rich data', { includeResourceData: true }],
    ['an unknown member', { color: 'red' }],
    ['a member that Graph sets', { creatorId: 'me' }],
  ])('is refused for %s', async (_name, members) => {
    expect((await subscribe(members)).status).toBe(400);
    expect(handshakes).toEqual([]);
  });

  it('is refused when there is one like it, however it is spelled', async () => {
    const first = await subscribe();
    const same = await subscribe({ resource: 'Users', changeType: 'deleted, updated' });
    expect([same.status, same.body['error'].message]).toEqual([409, expect.stringContaining(first.body['id'])]);
    expect((await subscribe({ changeType: 'updated' })).status).toBe(201);
    expect((await subscribe({ resource: '/users/someone' })).status).toBe(201);
  });

  it('lives 45 minutes at least, can be renewed and reauthorized, and vanishes when it ends', async () => {
    const made = await subscribe({ expirationDateTime: new Date(time + MINUTE).toISOString() });
    const place = `/v1.0/subscriptions/${made.body['id']}`;
    expect(made.body['expirationDateTime']).toBe('2026-03-01T10:45:00.000Z');
    const renewed = await ask('PATCH', place, { expirationDateTime: '2026-03-01T12:00:00Z' });
    expect([renewed.status, renewed.body['expirationDateTime']]).toEqual([200, '2026-03-01T12:00:00.000Z']);
    expect((await ask('PATCH', place, { lifecycleNotificationUrl: `${url}/lifecycle` })).status).toBe(400);
    expect((await ask('POST', `${place}/reauthorize`)).status).toBe(204);
    time = Date.parse('2026-03-01T12:00:00Z');
    expect((await ask('GET', place)).status).toBe(404);
    expect((await ask('PATCH', place, { expirationDateTime: '2026-03-01T13:00:00Z' })).status).toBe(404);
    expect((await subscribe()).status).toBe(201);
  });

  it('can be deleted, by its owner and silently', async () => {
    const made = await subscribe();
    const place = `/v1.0/subscriptions/${made.body['id']}`;
    expect((await ask('DELETE', place)).status).toBe(204);
    expect((await ask('DELETE', place)).status).toBe(404);
    const again = await subscribe();
    expect((await ask('DELETE', `/admin/subscriptions/${again.body['id']}`)).status).toBe(200);
    expect((await ask('POST', `${place}/reauthorize`)).status).toBe(404);
    expect(received).toEqual([]);
  });

  it('is made inside a batch too, with the log of what its part carried', async () => {
    const body = { changeType: 'updated', notificationUrl: `${url}/changes`, resource: 'users' };
    const answered = await ask('POST', '/v1.0/$batch', {
      requests: [
        {
          id: '1',
          method: 'POST',
          url: '/subscriptions',
          headers: { 'Content-Type': 'application/json', 'x-ms-throttle-priority': 'Low' },
          body: { ...body, expirationDateTime: '2026-03-01T12:00:00Z' },
        },
      ],
    });
    expect(answered.body['responses'][0]).toMatchObject({ status: 201, headers: { 'x-ms-resource-unit': '1' } });
    const { requests } = (await ask('GET', '/admin/requests')).body;
    expect(requests[0].parts[0]).toMatchObject({
      headers: { 'content-type': 'application/json', 'x-ms-throttle-priority': 'Low' },
      body,
    });
  });
});

describe('a change of a user', () => {
  it('is told to the subscribers, without what changed', async () => {
    const made = await subscribe();
    const { id } = await invite('ana@fabrikam.com');
    await waitFor('a notification', () => received.length > 0);
    expect(received[0]).toEqual({
      path: '/changes?source=graph',
      body: {
        value: [
          {
            id: expect.any(String),
            subscriptionId: made.body['id'],
            subscriptionExpirationDateTime: '2026-03-01T11:00:00.000Z',
            clientState: 'secret',
            changeType: 'updated',
            resource: `Users/${id}`,
            resourceData: {
              '@odata.type': '#Microsoft.Graph.User',
              '@odata.id': `Users/${id}`,
              '@odata.etag': expect.any(String),
              id,
            },
            tenantId: DEFAULT_TENANT_ID,
          },
        ],
      },
    });
  });

  it('is told for every way of changing: accepted, patched, removed, restored, gone; and not when nothing changed', async () => {
    const { id, link } = await invite('ana@fabrikam.com');
    await subscribe();
    const steps: [change: () => Promise<unknown>, told: string[]][] = [
      [() => fetch(link), ['updated']],
      [() => fetch(link), []],
      [() => ask('POST', `/admin/users/${id}`, { accountEnabled: false }), ['updated']],
      [() => ask('POST', `/admin/users/${id}`, { accountEnabled: false }), []],
      [() => ask('DELETE', `/v1.0/users/${id}`), ['updated']],
      [() => ask('POST', `/admin/users/${id}/restore`), ['updated']],
      [() => ask('DELETE', `/admin/users/${id}`), ['deleted']],
    ];
    const expected: string[] = [];
    for (const [change, told] of steps) {
      await change();
      expected.push(...told);
      await waitFor('the notifications', () => changes().length >= expected.length);
    }
    expect(changes().map(({ changeType }) => changeType as string)).toEqual(expected);
  });

  it('is told to those only who asked for this user and this change', async () => {
    const [ana, bo] = [await invite('ana@fabrikam.com'), await invite('bo@fabrikam.com')];
    await subscribe({ resource: `users/${ana.id}`, changeType: 'deleted', clientState: 'one' });
    await subscribe({ changeType: 'created', clientState: 'two' });
    await subscribe({ resource: `/users/${bo.id}`, clientState: 'three' });
    await fetch(ana.link);
    await fetch(bo.link);
    await ask('DELETE', `/admin/users/${ana.id}`);
    await waitFor('both notifications', () => changes().length >= 2);
    expect(changes().map(({ clientState, changeType }) => [clientState, changeType] as string[])).toEqual([
      ['three', 'updated'],
      ['one', 'deleted'],
    ]);
  });

  it('is told again while the receiver fails, and given up after a few times', async () => {
    await subscribe();
    statuses = [503, 500, 202];
    await invite('ana@fabrikam.com');
    await waitFor('the third attempt', () => received.length === 3);
    expect(new Set(changes().map(({ id }) => id as string)).size).toBe(1);
    statuses = [500, 500, 500, 500];
    await invite('bo@fabrikam.com');
    await waitFor('the last attempt', () => received.length === 7);
    await invite('cy@fabrikam.com');
    await waitFor('the next change', () => received.length === 8);
    const sent = (await ask('GET', '/admin/notifications')).body['notifications'] as Json[];
    expect(sent.map(({ kind, status }) => `${kind} ${status}`)).toEqual([
      'handshake 200',
      'change 503',
      'change 500',
      'change 202',
      ...Array<string>(4).fill('change 500'),
      'change 202',
    ]);
  });

  it('never waits for a receiver, and tells what piled up in one message', async () => {
    let release = (): void => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const slow = fastify({ logger: false, forceCloseConnections: true });
    slow.addContentTypeParser('text/plain', { parseAs: 'string' }, (_request, body, done) => done(null, body));
    const messages: Json[] = [];
    slow.post('/', async (request: FastifyRequest<{ Querystring: { validationToken?: string } }>, reply) => {
      const { validationToken } = request.query;
      if (validationToken !== undefined) return reply.type('text/plain').send(validationToken);
      messages.push(request.body as Json);
      await held;
      return reply.code(202).send();
    });
    await subscribe({
      changeType: 'updated',
      notificationUrl: await slow.listen({ port: 0, host: '127.0.0.1' }),
    });
    await invite('a@fabrikam.com');
    await waitFor('the first message', () => messages.length === 1);
    await invite('b@fabrikam.com');
    await invite('c@fabrikam.com');
    release();
    await waitFor('the second message', () => messages.length === 2);
    expect(messages.map(({ value }) => (value as Json[]).length)).toEqual([1, 2]);
    await slow.close();
  });
});

describe('the lifecycle of a subscription', () => {
  it('is told to the other receiver when admin says so', async () => {
    const made = await subscribe({ lifecycleNotificationUrl: `${url}/lifecycle` });
    const place = `/admin/subscriptions/${made.body['id']}`;
    const event = (lifecycleEvent: string): Promise<Reply> => ask('POST', `${place}/lifecycle`, { lifecycleEvent });
    expect((await event('reauthorizationRequired')).body).toEqual({ status: 202 });
    expect(received).toEqual([
      {
        path: '/lifecycle',
        body: {
          value: [
            expect.objectContaining({
              subscriptionId: made.body['id'],
              clientState: 'secret',
              lifecycleEvent: 'reauthorizationRequired',
              tenantId: DEFAULT_TENANT_ID,
            }),
          ],
        },
      },
    ]);
    expect(changes()[0]).not.toHaveProperty('changeType');
    expect((await event('renamed')).status).toBe(400);
    expect((await event('missed')).status).toBe(200);
    expect((await event('subscriptionRemoved')).status).toBe(200);
    expect((await ask('GET', `/v1.0/subscriptions/${made.body['id']}`)).status).toBe(404);
    expect((await event('missed')).status).toBe(404);
  });

  it('ends when admin says so', async () => {
    const { body } = await subscribe();
    await ask('POST', `/admin/subscriptions/${body['id']}`, { expirationDateTime: new Date(time).toISOString() });
    expect((await ask('GET', `/v1.0/subscriptions/${body['id']}`)).status).toBe(404);
    expect((await ask('POST', `/admin/subscriptions/${body['id']}/lifecycle`, {})).status).toBe(404);
  });
});
