/** What the emulator tells the callback of a call, by which token it can be known, and what throttling looks like. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import fastify, { type FastifyInstance } from 'fastify';
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createEmulator, type Emulator, type EmulatorOptions } from '../src/emulator/emulator.ts';
import { DEFAULT_APP_ID, DEFAULT_TENANT_ID } from '../src/emulator/settings.ts';

type Json = Record<string, any>;
interface Reply {
  status: number;
  headers: Headers;
  body: Json;
}

const INVITE = '/communications/calls/call-1/participants/invite';
let emulator: Emulator;
let base: string;
let time: number;
let receiver: FastifyInstance;
let callbackUrl: string;
let received: { authorization: string | undefined; body: Json }[];
let statuses: number[];

async function start(options: EmulatorOptions = {}): Promise<void> {
  emulator = createEmulator({ now: () => time, retryMs: 1, callbackUrl, ...options });
  base = await emulator.start();
}
beforeEach(async () => {
  time = Date.parse('2026-03-01T10:00:00Z');
  [received, statuses] = [[], []];
  receiver = fastify({ logger: false, forceCloseConnections: true });
  receiver.post('/callback', (request, reply) => {
    received.push({ authorization: request.headers.authorization, body: request.body as Json });
    return reply.code(statuses.shift() ?? 202).send();
  });
  callbackUrl = `${await receiver.listen({ port: 0, host: '127.0.0.1' })}/callback`;
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
const person = (id: string, rest: Json = {}): Json => ({ identity: { user: { id } }, ...rest });
const inviteToCall = async (...participants: Json[]): Promise<string> =>
  (await ask('POST', `/v1.0${INVITE}`, { participants, clientContext: 'context-1' })).body['id'];
const end = (id: string, status = 'completed'): Promise<Reply> => ask('POST', `/admin/operations/${id}`, { status });
const deliver = (members: Json): Promise<Reply> => ask('POST', '/admin/notifications', members);
const tokenOf = (index: number): string => String(received[index]?.authorization).replace('Bearer ', '');
const itemsReceived = (): Json[] => received.flatMap(({ body }) => body['value'] as Json[]);
const arrival = (count: number): Promise<void> => waitFor(`${count} items`, () => itemsReceived().length >= count);

async function waitFor(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 5000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited in vain for: ${what}`);
    await nextTurn();
  }
}

describe('the end of an invite', () => {
  it('is told to the callback when its time has come, and then who is in the call', async () => {
    const id = await inviteToCall(person('user-1'));
    time += 5000;
    await arrival(2);
    expect(received.map(({ body }) => body)).toEqual([
      {
        '@odata.type': '#microsoft.graph.commsNotifications',
        value: [
          {
            '@odata.type': '#microsoft.graph.commsNotification',
            changeType: 'deleted',
            resourceUrl: `/communications/calls/call-1/operations/${id}`,
            resource: `/app/calls/call-1/operations/${id}`,
            resourceData: {
              '@odata.type': '#microsoft.graph.inviteParticipantsOperation',
              id,
              status: 'completed',
              clientContext: 'context-1',
              resultInfo: { code: 200, subcode: 0, message: 'Action completed successfully.' },
              participants: [expect.objectContaining({ identity: expect.any(Object) })],
            },
          },
        ],
      },
      {
        '@odata.type': '#microsoft.graph.commsNotifications',
        value: [
          expect.objectContaining({
            changeType: 'updated',
            resourceUrl: '/communications/calls/call-1/participants',
            resourceData: [expect.objectContaining({ id: null, info: expect.any(Object) })],
          }),
        ],
      },
    ]);
  });

  it('has the documented quirks for several participants: no id, another place, users among the applications', async () => {
    await end(await inviteToCall(person('user-1'), person('user-2')));
    await arrival(2);
    const place = '/communications/calls/call-1/operations/participants';
    expect(received).toHaveLength(1);
    expect(itemsReceived()).toMatchObject([
      { changeType: 'deleted', resourceUrl: place, resourceData: { id: null, clientContext: 'context-1' } },
      { changeType: 'updated', resourceUrl: place, resourceData: [{ id: null }, { id: null }] },
    ]);
    expect(itemsReceived()[1]?.['resourceData'][0].info).toMatchObject({
      '@odata.type': '#microsoft.graph.invitationParticipantInfo',
      identity: { user: null, application: { id: 'user-1' } },
    });
  });

  it('is told alone when it failed, and the roster under the call that was replaced', async () => {
    await end(await inviteToCall(person('user-1')), 'failed');
    await end(await inviteToCall(person('user-2', { replacesCallId: 'old-call' })));
    await arrival(3);
    const told = itemsReceived().map(({ resourceUrl, resourceData }) => String(resourceData.status ?? resourceUrl));
    expect(new Set(told)).toEqual(new Set(['/communications/calls/old-call/participants', 'completed', 'failed']));
  });

  it('is told once, whatever happens first', async () => {
    const id = await inviteToCall(person('user-1'));
    await end(id, 'dreaming');
    time += 60_000;
    const other = await inviteToCall(person('user-2'));
    time += 5000;
    await arrival(2);
    await end(id, 'failed');
    await end(other, 'failed');
    await end(id, 'completed');
    await arrival(3);
    await deliver({ items: [{ last: true }] });
    expect(itemsReceived()).toHaveLength(4);
  });

  it('is told again while the callback fails', async () => {
    statuses = [500, 503];
    await end(await inviteToCall(person('user-1')), 'failed');
    await arrival(3);
    const { notifications } = (await ask('GET', '/admin/notifications')).body;
    expect(notifications.map(({ kind, status }: Json) => `${kind} ${status}`)).toEqual([
      'call 500',
      'call 503',
      'call 202',
    ]);
    await ask('DELETE', '/admin/notifications');
    expect((await ask('GET', '/admin/notifications')).body).toEqual({ notifications: [] });
  });

  it('is told to nobody while there is no callback', async () => {
    await ask('PUT', '/admin/settings', { callbackUrl: null });
    await end(await inviteToCall(person('user-1')));
    await ask('PUT', '/admin/settings', { callbackUrl });
    await end(await inviteToCall(person('user-2')), 'failed');
    await arrival(1);
    expect(itemsReceived()).toEqual([expect.objectContaining({ changeType: 'deleted' })]);
    expect((await ask('PUT', '/admin/settings', { callbackUrl: 'nowhere' })).status).toBe(400);
  });

  it('is told after a restart, under the key that was known before', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'emulator-'));
    await emulator.stop();
    const stateFile = join(folder, 'state.db');
    await start({ stateFile });
    const { keys } = (await ask('GET', '/v1/.well-known/keys')).body;
    const id = await inviteToCall(person('user-1'));
    await emulator.stop();
    await start({ stateFile });
    time += 5000;
    await arrival(2);
    expect(itemsReceived()[0]?.['resourceData'].id).toBe(id);
    expect(decodeProtectedHeader(tokenOf(0)).kid).toBe(keys[0].kid);
    await emulator.stop();
    await rm(folder, { recursive: true });
  });
});

describe('the token of a notification', () => {
  async function check(index: number): Promise<string> {
    const {
      jwks_uri,
      issuer,
      id_token_signing_alg_values_supported: algorithms,
    } = (await ask('GET', '/v1/.well-known/OpenIdConfiguration')).body;
    const keys = createRemoteJWKSet(new URL(jwks_uri));
    try {
      const { payload } = await jwtVerify(tokenOf(index), keys, {
        issuer,
        algorithms,
        audience: DEFAULT_APP_ID,
        requiredClaims: ['tid', 'exp', 'nbf'],
        currentDate: new Date(time),
      });
      return String(payload['tid']);
    } catch (error) {
      return (error as { code: string }).code;
    }
  }

  it('can be checked by the metadata that the emulator serves', async () => {
    await deliver({ items: [] });
    expect(await check(0)).toBe(DEFAULT_TENANT_ID);
    expect(JSON.stringify((await ask('GET', '/v1/.well-known/keys')).body)).not.toMatch(/"(d|p|q)":/);
  });

  it.each<[string, Json | string, string]>([
    ['signed by somebody else', { forged: true }, 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED'],
    ['not signed', { alg: 'none' }, 'ERR_JOSE_ALG_NOT_ALLOWED'],
    ['signed by the public key', { alg: 'HS256' }, 'ERR_JOSE_ALG_NOT_ALLOWED'],
    ['of an unknown key', { kid: 'other' }, 'ERR_JWKS_NO_MATCHING_KEY'],
    ['from another issuer', { iss: 'https://evil.example' }, 'ERR_JWT_CLAIM_VALIDATION_FAILED'],
    ['for another app', { aud: 'other' }, 'ERR_JWT_CLAIM_VALIDATION_FAILED'],
    ['without a tenant', { tid: null }, 'ERR_JWT_CLAIM_VALIDATION_FAILED'],
    ['of the past', { expiresInMs: -1000 }, 'ERR_JWT_EXPIRED'],
    ['of the future', { notBeforeMs: 60_000 }, 'ERR_JWT_CLAIM_VALIDATION_FAILED'],
    ['that is none', 'rubbish', 'ERR_JWS_INVALID'],
  ])('can be one %s', async (_name, token, code) => {
    await deliver({ items: [], token });
    expect(await check(0)).toBe(code);
  });

  it('can be of another tenant, or missing', async () => {
    await deliver({ items: [], token: { tid: 'other' } });
    await deliver({ items: [], token: null });
    expect(await check(0)).toBe('other');
    expect(received[1]?.authorization).toBeUndefined();
  });
});

describe('a delivery by admin', () => {
  it('repeats what is to be said of an operation, at any time, as often as it is told', async () => {
    const operationId = await inviteToCall(person('user-1'));
    statuses = [202, 403];
    expect((await deliver({ operationId, times: 2 })).body).toEqual({ status: 403, statuses: [202, 403] });
    expect(itemsReceived()).toMatchObject([
      { changeType: 'updated', resourceData: { id: operationId, status: 'running' } },
      { changeType: 'updated', resourceData: { id: operationId, status: 'running' } },
    ]);
  });

  it('says when nobody answers, and what is wrong with the wish', async () => {
    expect((await deliver({ items: [], url: 'http://127.0.0.1:1/' })).body['status']).toBeNull();
    for (const wish of [{}, { items: 5 }, { items: [], token: { alg: 'ES256' } }, { items: [], token: { color: 1 } }]) {
      expect((await deliver(wish)).status).toBe(400);
    }
    expect((await deliver({ operationId: 'none' })).status).toBe(404);
  });
});

describe('throttling', () => {
  it('is announced by what every answer says of its cost', async () => {
    const costs = ['/users', '/users?$select=id', '/users?$top=5&$select=id', '/users/delta', '/subscriptions'];
    const answers = await Promise.all(costs.map((path) => ask('GET', `/v1.0${path}`)));
    expect(answers.map(({ headers }) => headers.get('x-ms-resource-unit'))).toEqual(['2', '1', '1', '1', '1']);
    expect((await ask('GET', '/v1.0/users/nobody')).headers.get('x-ms-resource-unit')).toBe('1');
    expect((await ask('GET', '/v1.0/communications/calls/c')).headers.has('x-ms-resource-unit')).toBe(false);
  });

  it('can be announced by headers, on parts of a batch too', async () => {
    const effect = { percentage: 0.9, scope: 'Tenant', information: 'WriteLimitExceeded', resourceUnit: 7 };
    await ask('POST', '/admin/faults', { path: '^/users$', effect: { kind: 'throttleHeaders', ...effect } });
    const headers = {
      'x-ms-throttle-limit-percentage': '0.9',
      'x-ms-throttle-scope': 'Tenant',
      'x-ms-throttle-information': 'WriteLimitExceeded',
      'x-ms-resource-unit': '7',
    };
    const alone = await ask('GET', '/v1.0/users');
    expect(alone.status).toBe(200);
    expect(Object.fromEntries(alone.headers)).toMatchObject(headers);
    const requests = [{ id: '1', method: 'GET', url: '/users' }];
    const { responses } = (await ask('POST', '/v1.0/$batch', { requests })).body;
    expect(responses).toEqual([expect.objectContaining({ status: 200, headers: expect.objectContaining(headers) })]);
    const unknown = { effect: { kind: 'throttleHeaders', speed: 1 } };
    expect((await ask('POST', '/admin/faults', unknown)).status).toBe(400);
  });
});

describe('an invitation inside a batch', () => {
  const body = { invitedUserEmailAddress: 'a@fabrikam.com', inviteRedirectUrl: 'https://x.com' };
  const headers = { 'Content-Type': 'application/json' };
  const requests = [{ id: '1', method: 'POST', url: '/invitations', headers, body }];
  const send = (): Promise<Reply> => ask('POST', '/v1.0/$batch', { requests });
  const made = async (): Promise<number> => (await ask('GET', '/admin/invitations')).body['invitations'].length;
  const fault = (effect: Json): Promise<Reply> => ask('POST', '/admin/faults', { path: '^/invitations$', effect });

  it('is made, and can be redeemed where the batch was sent', async () => {
    const [part] = (await send()).body['responses'];
    expect(part).toMatchObject({ status: 201, body: { status: 'PendingAcceptance' } });
    expect((await fetch(part.body.inviteRedeemUrl)).status).toBe(200);
  });

  it('may be made although its answer says otherwise, or never comes', async () => {
    await fault({ kind: 'errorAfter', status: 500 });
    expect((await send()).body['responses'][0].status).toBe(500);
    expect(await made()).toBe(1);
    await ask('PUT', '/admin/faults', [{ path: '^/invitations$', effect: { kind: 'cut', when: 'after' } }]);
    await expect(send()).rejects.toThrow();
    expect(await made()).toBe(2);
    await ask('PUT', '/admin/faults', [{ path: '^/invitations$', effect: { kind: 'hang' } }]);
    const waiting = send().catch(() => 'cut');
    await waitFor('the third invitation', async () => (await made()) === 3);
    await emulator.stop();
    expect(await waiting).toBe('cut');
  });

  it('is not made when the line was cut before', async () => {
    await fault({ kind: 'cut', when: 'before' });
    await expect(send()).rejects.toThrow();
    expect(await made()).toBe(0);
  });
});
