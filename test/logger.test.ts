import { ApolloServer } from '@apollo/server';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GraphQLContext } from '../src/context.ts';
import { createApolloLog } from '../src/delivery/apollo-log.ts';
import { createLogger } from '../src/logger.ts';
import { startGateway, toLiveEnvironment, waitFor, type Json } from './support/gateway.ts';
import { createLog, findSecrets, plant, takeLeaks } from './support/logs.ts';
import { spawnGateway, type GatewayProcess } from './support/process.ts';
import { engines, sharedPostgres } from './support/stores.ts';

jest.setTimeout(30_000);

const guest = plant('hidden.guest@secret-partner.example');
const token = plant('eyJhbGciOiJub25lIn0.cGxhbnRlZA.c2VjcmV0');
const said = plant('policy 4711 keeps Gerda out of the house');
const password = plant('planted-database-password');

function lineOf(error: unknown, facts: object = {}): Json {
  const log = createLog();
  createLogger(log).error({ err: error, ...facts }, 'it failed');
  return log.lines[0] as Json;
}
function thrownBy(fail: () => unknown): Error {
  try {
    fail();
  } catch (error) {
    return error as Error;
  }
  throw new Error('it did not fail');
}

describe('a line of the log', () => {
  it('says what failed and where, and why as far as that quotes nobody', () => {
    const cause = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), {
      code: 'ECONNREFUSED',
      address: guest,
    });
    const line = lineOf(Object.assign(new Error('no connection', { cause }), { detail: said, code: 7 }), { part: 'x' });
    expect(line).toMatchObject({
      level: 'error',
      msg: 'it failed',
      part: 'x',
      err: {
        type: 'Error',
        message: 'no connection',
        stack: expect.stringMatching(/^ {4}at .*logger\.test\.ts/),
        cause: { type: 'Error', message: 'connect ECONNREFUSED 127.0.0.1:1', code: 'ECONNREFUSED' },
      },
    });
    expect(Object.keys(line['err'])).toEqual(['type', 'message', 'stack', 'cause']);
    expect(lineOf(thrownBy(() => (undefined as unknown as Json)['member'].other))['err'].message).toBe(
      "Cannot read properties of undefined (reading 'member')",
    );
  });

  it.each([
    ['JSON', () => JSON.parse(`{"mail": ${said}}`)],
    ['headers', () => new Headers({ authorization: `${said}\n${said}` })],
    ['addresses', () => new URL(said)],
    ['arguments of Node', () => Buffer.from({ [said]: said } as never, said as never)],
    ['arguments of Node with text', () => join(said, [said] as never)],
    ['URI components', () => decodeURIComponent(`%${said}`)],
  ])('has nothing of what errors quote: %s', (_, fail) => {
    expect(lineOf(thrownBy(fail))['err']).toMatchObject({ message: expect.any(String), stack: expect.any(String) });
  });

  it.each([
    [`Bearer ${token} was refused`, 'Bearer … was refused'],
    ['authorization: bearer planted.opaque-token~1, and more', 'authorization: Bearer …, and more'],
    [`the token ${token}.`, 'the token ….'],
    [`to ${guest}; from <a.b_c+d@xn--bcher-kva.example>`, 'to …; from <…>'],
    ['/users/hidden.guest%40secret-partner.example/manager', '/users/…/manager'],
    ['hidden.guest_partner.example#EXT#@tenant.example', '…'],
    ['https://login.example/redeem?rd=planted&user=1 failed', 'https://login.example/redeem?… failed'],
    ['POST /webhooks/graph/changes?validationToken=planted', 'POST /webhooks/graph/changes?…'],
    ['postgres://user:pa@ss@db.example:5432/gateway', 'postgres://…@db.example:5432/gateway'],
    ['what is this? nothing', 'what is this? nothing'],
    [
      'at run (file:///app/node_modules/@apollo/server/x.js:1:2) fastify@5.12.8',
      'at run (file:///app/node_modules/@apollo/server/x.js:1:2) fastify@5.12.8',
    ],
  ])('has struck out what looks like a secret, wherever it stands: %s', (text, expected) => {
    const line = lineOf(new Error(text), { nested: { list: [text] } });
    expect([line['err'].message, line['nested'].list[0]]).toEqual([expected, expected]);
  });

  it('takes no longer for what looks like the beginning of a secret again and again', () => {
    for (const text of ['x', 'x%40', 'a@1.', '1@', '%', 'eyJ', '://', '?a', 'Bearer ']) {
      const many = text.repeat(1_000_000 / text.length);
      expect(lineOf(new Error(`${many} ${guest}`))['err'].message).toMatch(/ …$/);
    }
  });

  it('stays one line of JSON whatever there is to say', () => {
    const secret = fc.constantFrom(guest, token, `Bearer ${token}`, '\n    at ', '\\', '"', '?a=', '://', '@', said);
    fc.assert(
      fc.property(fc.array(fc.oneof(secret, fc.string({ unit: 'binary' }))), (parts) => {
        const text = parts.filter((part) => part !== said).join('');
        const lines: string[] = [];
        createLogger({ write: (line: string) => void lines.push(line) }).warn({ err: new Error(text), text }, text);
        expect(lines).toHaveLength(1);
        expect(lines[0]?.trimEnd()).not.toContain('\n');
        expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 'warn', err: { type: 'Error' } });
        expect(findSecrets(lines[0] ?? '').filter((what) => [guest, token].includes(what))).toEqual([]);
      }),
      { numRuns: 1_000 },
    );
  });

  it('can be made of anything that is thrown', () => {
    const round = new Error('round');
    round.cause = round;
    expect(JSON.stringify(lineOf(round)).match(/"round"/g)).toHaveLength(6);
    for (const thrown of [null, undefined, 'text', 7, Object.create(null)])
      expect(lineOf(thrown)).toMatchObject({ msg: 'it failed' });
    expect(lineOf(new Error('two\n    at nowhere\nlines'))['err'].stack).not.toContain('nowhere');
  });

  it('tells what Apollo Server has to say without what it quotes', async () => {
    const log = createLog();
    const reported: Error[] = [];
    const apolloLog = createApolloLog(createLogger(log), (error) => void reported.push(error));
    const server = new ApolloServer<GraphQLContext>({
      typeDefs: 'type Query { field: String }',
      logger: apolloLog.logger,
      plugins: [apolloLog.plugin, { requestDidStart: () => Promise.reject(new Error(said)) }],
    });
    await server.start();
    const asked = server.executeOperation({ query: '{ field }' }, { contextValue: {} as GraphQLContext });
    await expect(asked).rejects.toThrow('Internal server error');
    await server.stop();
    expect(reported.map(({ message }) => message)).toEqual([said]);
    expect(log.lines).toMatchObject([{ level: 'error', apollo: 'Unexpected error processing request' }]);
  });
});

describe('the check of all lines', () => {
  it.each([
    ['an e-mail address', 'a.b@c.example'],
    ['an e-mail address', 'a%40c.example'],
    ['a bearer token', 'Bearer x'],
    ['a signed token', 'eyJhbGciOiJ'],
    ['a query of an address', 'https://login.example/redeem?rd=x'],
    ['a password in an address', 'postgres://user:secret@host'],
    ['a message of a result', 'DiagCode: 1'],
    [said, `{"x":"${said.toUpperCase()}"}`],
    [said, encodeURIComponent(said)],
    [said, Buffer.from(said).toString('base64')],
  ])('finds %s in %s', (what, text) => {
    createLog().write(JSON.stringify({ level: 'info', text }));
    expect(takeLeaks()).toEqual([expect.stringContaining(`${what}, in: `)]);
  });

  it('looks at what a process writes, on stdout and stderr', async () => {
    const code = `console.log(JSON.stringify({ said: '${said}' })); console.error('${guest}'); process.exit(3)`;
    const gateway = spawnGateway({ NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(code)}` });
    expect((await gateway.exited).code).toBe(3);
    expect(takeLeaks().map((leak) => leak.split(', in: ')[0])).toEqual(
      expect.arrayContaining([said, guest, 'an e-mail address']),
    );
  });
});

describe('a process that fails', () => {
  let folder: string;
  const running = new Set<GatewayProcess>();
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'logger-'));
  });
  afterEach(async () => {
    for (const gateway of running) await gateway.end('SIGKILL');
    running.clear();
    await rm(folder, { recursive: true });
  });
  function start(variables: { [name: string]: string }): GatewayProcess {
    const gateway = spawnGateway({ PORT: '0', STORE_FILE: join(folder, 'gateway.db'), ...variables });
    running.add(gateway);
    return gateway;
  }

  it('over its configuration repeats no value of it', async () => {
    const gateway = start({
      PORT: token,
      GRAPH_MODE: 'live',
      GRAPH_BASE_URL: `ftp://user:${password}@graph.example?sig=${token}`,
      GRAPH_CREDENTIAL: token,
      GRAPH_TOKEN: 'planted token with spaces',
      DATABASE_URL: `mysql://user:${password}@db.example/x`,
      ALLOWED_ORIGINS: `${token},${guest}`,
      AUTH_MODE: token,
      GRAPH_CLOUD: password,
      WEBHOOK_PUBLIC_URL: `http://user:${password}@public.example/${token}`,
      WEBHOOK_TOKEN_METADATA: `http://public.example/${token}`,
      INVITE_ALLOWED_DOMAINS: guest,
      INVITE_CC_ALLOWED: `<${guest}>`,
      POLL_INTERVAL_MS: said,
    });
    expect((await gateway.exited).code).toBe(2);
    expect(gateway.stderr().split('\n- ').length).toBeGreaterThan(9);
  });

  it('because its database refuses the password does not tell it', async () => {
    const url = new URL((await sharedPostgres()).url);
    url.password = password;
    const gateway = start({ DATABASE_URL: `${url.href}?application_name=${token}` });
    expect((await gateway.exited).code).toBe(1);
    expect(gateway.lines.at(-1)).toMatchObject({ level: 'fatal', err: { code: '28P01' } });
    expect(gateway.stderr()).toBe('');
  });

  it.each([
    ['an exception', 'throw error'],
    ['a rejection', 'Promise.reject(error)'],
  ])(
    'with %s that nobody caught says so in a line without what the error carries, and exits with 1',
    async (_, fail) => {
      // Not in the code, which the stack names.
      const code = `process.on('SIGUSR2', () => {
      const [detail, input] = process.env.CARRIED.split('|');
      const error = Object.assign(new TypeError('Invalid value: ' + detail), { detail, input });
      ${fail};
    })`;
      const gateway = start({
        CARRIED: `${said}|${password}`,
        NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(code)}`,
      });
      await gateway.listening();
      expect(await gateway.end('SIGUSR2')).toEqual({ code: 1, signal: null });
      expect(gateway.lines.at(-1)).toMatchObject({ level: 'fatal', msg: 'crashed', err: { type: 'TypeError' } });
      expect(gateway.stderr()).toBe('');
    },
  );
});

describe('a gateway whose Graph talks nonsense', () => {
  it.each([
    ['a broken answer', `HTTP/1.1 200 OK\r\n${said}\r\n\r\n`],
    ['another protocol', `${said} ${guest}\r\n`],
    ['headers without end', `HTTP/1.1 200 OK\r\nx: ${`${said} `.repeat(1_000)}`],
    [
      'less than it said',
      `HTTP/1.1 200 OK\r\ncontent-length: 9999\r\ncontent-type: application/json\r\n\r\n{"x":"${said}`,
    ],
  ])('tells neither its token nor what it heard: %s', async (_, answer) => {
    const graph = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.end(answer));
    });
    await new Promise<void>((resolve) => graph.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(graph.address() as AddressInfo).port}`;
    const engine = await engines[0]?.open();
    if (!engine) throw new Error('no engine');
    const gateway = await startGateway(engine, toLiveEnvironment(url, 'planted-token-for-graph'));
    const create = `mutation { createInvitation(input: { invitedUserEmailAddress: "${guest}", inviteRedirectUrl: "https://app.example.com" }) { id } }`;
    const { errors } = await gateway.query(create);
    expect(errors?.[0]).toMatchObject({ extensions: { code: 'OUTCOME_UNKNOWN' } });
    expect(findSecrets(JSON.stringify(errors))).toEqual([]);
    await engine.backDate(60_000);
    await waitFor('a read to fail', () => gateway.lines.some((line) => (line as Json)['err']?.cause));
    gateway.errors.splice(0);
    await gateway.stop();
    await engine.close();
    await new Promise((resolve) => graph.close(resolve));
  });
});
