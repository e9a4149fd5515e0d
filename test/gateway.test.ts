import { afterEach, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { startGateway, type Json, type TestGateway } from './support/gateway.ts';
import { engines, type Engine } from './support/stores.ts';

const STATUS = '{ gateway { version mode graph pollLagMs } }';
const INVITE_GUEST =
  'mutation ($name: String!) { createInvitation(input: { invitedUserEmailAddress: $name, inviteRedirectUrl: "https://app.example.com" }) { id tracking { id state } } }';
const INVITE =
  'mutation { inviteParticipants(callId: "call", input: { participants: [{ identity: { user: { id: "u1" } } }] }) { id } }';

describe.each(engines)('the gateway about itself on $name', ({ open }) => {
  let engine: Engine;
  let gateway: TestGateway;
  const start = async (environment: { [name: string]: string } = {}) => {
    engine = await open();
    gateway = await startGateway(engine, environment);
  };
  afterEach(async () => {
    await gateway.stop();
    await engine.close();
  });
  const status = async () => (await gateway.query(STATUS)).data?.['gateway'] as Json;
  const inspect = async () => (await (await fetch(`${gateway.url}/health/graph`)).json()) as Json;
  const inviteGuest = async (name: string) => (await gateway.query(INVITE_GUEST, { name })).errors?.[0]?.extensions;

  it('tells its version, its mode, and that Graph is available', async () => {
    await start();
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as Json;
    expect(await status()).toEqual({ version, mode: 'emulator', graph: 'available', pollLagMs: expect.any(Number) });
  });

  it('says in one word that Graph throttles, asks no more meanwhile, and shows operators the counts', async () => {
    await start();
    const fault = { method: 'POST', path: '^/invitations$', effect: { kind: 'status', status: 429, retryAfter: '60' } };
    await gateway.emulator.fault(fault);
    expect(await inviteGuest('one@example.com')).toMatchObject({ code: 'THROTTLED', graph: { statusCode: 429 } });
    expect((await status())['graph']).toBe('throttled');
    const held = await inviteGuest('two@example.com');
    expect(held).toMatchObject({ code: 'THROTTLED' });
    expect(held?.['retryAfterSeconds']).toBeGreaterThan(30);
    // Graph was not asked, so it said nothing.
    expect(held).not.toHaveProperty('graph');
    expect((await gateway.emulator.counts()).byRoute['POST /invitations']).toBe(1);
    expect((await inspect())['scopes']).toMatchObject({
      directory: {
        availability: 'throttled',
        heldUntil: { write: expect.any(Number) },
        counters: { throttled: 1, heldBack: expect.any(Number) },
      },
      calls: { availability: 'available' },
    });
    expect((await gateway.query(INVITE)).errors).toBeUndefined();
  });

  it('is told to hold back reads before Graph throttles', async () => {
    await start();
    await gateway.emulator.fault({
      method: 'POST',
      path: '^/invitations$',
      effect: { kind: 'throttleHeaders', percentage: '0.9', resourceUnit: '7' },
    });
    await inviteGuest('one@example.com');
    expect((await status())['graph']).toBe('slowed');
    const { percentage, counters } = (await inspect())['scopes'].directory as Json;
    expect(percentage).toBe(0.9);
    expect(counters.resourceUnits).toBeGreaterThanOrEqual(7);
  });

  it('says that Graph is unavailable, and refuses mutations as never sent, after it failed again and again', async () => {
    await start();
    await gateway.emulator.fault({ effect: { kind: 'status', status: 502 } });
    const codes: unknown[] = [];
    for (let index = 0; index < 6; index += 1) codes.push((await inviteGuest(`guest${index}@example.com`))?.['code']);
    expect(codes[0]).toBe('OUTCOME_UNKNOWN');
    expect(codes.at(-1)).toBe('UPSTREAM_UNAVAILABLE');
    const sent = codes.filter((code) => code === 'OUTCOME_UNKNOWN').length;
    expect((await gateway.emulator.counts()).byRoute['POST /invitations']).toBe(sent);
    expect((await status())['graph']).toBe('unavailable');
  });

  it('refuses to invite participants where the cloud cannot, and neither stores nor asks anything', async () => {
    await start({ GRAPH_CLOUD: 'china' });
    expect((await gateway.query(INVITE)).errors).toMatchObject([
      { message: expect.stringContaining('GRAPH_CLOUD'), extensions: { code: 'FORBIDDEN' } },
    ]);
    expect((await gateway.emulator.counts()).http).toBe(0);
    expect(await engine.run('select id from record')).toEqual([]);
    expect(await inviteGuest('guest@example.com')).toBeUndefined();
  });
});
