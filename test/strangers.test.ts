// Whoever connects to the port and does not keep to HTTP or to graphql-transport-ws is told so, and disturbs nobody.
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { connect, type Socket } from 'node:net';
import WebSocket from 'ws';
import { startGateway, waitFor, type Json, type TestGateway } from './support/gateway.ts';
import { openSqlite, type Engine } from './support/stores.ts';

jest.setTimeout(60_000);

const ENDLESS = 'subscription { inviteParticipantsOperationsUpdated(callId: "call") { id } }';
const UPGRADE = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n';

let engine: Engine;
let gateway: TestGateway;
let host: string;

beforeAll(async () => {
  engine = await openSqlite();
  gateway = await startGateway(engine);
  ({ host } = new URL(gateway.url));
});
afterAll(async () => {
  await gateway.stop();
  await engine.close();
});

/** A bare connection: what it was answered, and whether it was ended. */
function openTcp(allowHalfOpen = false): {
  socket: Socket;
  answer: () => string;
  isClosed: () => boolean;
  closed: () => Promise<unknown>;
} {
  const socket = connect({ port: Number(host.split(':')[1]), host: '127.0.0.1', allowHalfOpen });
  let [text, isClosed] = ['', false];
  socket.on('data', (chunk) => (text += chunk.toString()));
  socket.on('error', () => {});
  socket.on('close', () => (isClosed = true));
  return {
    socket,
    answer: () => text,
    isClosed: () => isClosed,
    closed: () => waitFor('the connection to be closed', () => isClosed, 40_000),
  };
}

async function open(protocols: string[] = ['graphql-transport-ws']) {
  const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}/graphql`, protocols);
  const messages: Json[] = [];
  let close: { code: number; reason: string } | undefined;
  socket.on('message', (data) => messages.push(JSON.parse((data as Buffer).toString()) as Json));
  socket.on('error', () => {});
  socket.on('close', (code, reason) => (close = { code, reason: reason.toString() }));
  await new Promise((resolve) => socket.once('open', resolve));
  const send = (message: unknown) => socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  return {
    socket,
    messages,
    send,
    closed: () => waitFor('the close', () => close),
    begin: async () => {
      send({ type: 'connection_init' });
      await waitFor('the acknowledgement', () => messages.some(({ type }) => type === 'connection_ack'));
    },
  };
}

const isServing = async () => (await gateway.query('{ __typename }')).data?.['__typename'] === 'Query';

describe('a socket that breaks the protocol is closed with the code for it', () => {
  const subscribe = (id: string, query = ENDLESS) => ({ type: 'subscribe', id, payload: { query } });
  type Opened = Awaited<ReturnType<typeof open>>;
  const cases: [what: string, code: number, act: (socket: Opened) => unknown][] = [
    ['a message that is no JSON', 4400, ({ send }) => send('hello')],
    ['a message that is no object', 4400, ({ send }) => send('null')],
    ['a message of no type', 4400, ({ send }) => send({})],
    ['a message of another type', 4400, ({ send }) => send({ type: 'start' })],
    ['a subscription without a document', 4400, ({ send }) => send({ type: 'subscribe', id: '1', payload: {} })],
    [
      'variables that are a list',
      4400,
      ({ send }) => send({ type: 'subscribe', id: '1', payload: { query: ENDLESS, variables: [] } }),
    ],
    [
      'a payload of connection_init that is a text',
      4400,
      ({ send }) => send({ type: 'connection_init', payload: 'x' }),
    ],
    ['a subscription before the acknowledgement', 4401, ({ send }) => send(subscribe('1'))],
    ['nothing for three seconds', 4408, () => {}],
    [
      'the same id twice',
      4409,
      async ({ begin, send }) => {
        await begin();
        send(subscribe('1'));
        send(subscribe('1'));
      },
    ],
    [
      'a second connection_init',
      4429,
      async ({ begin, send }) => {
        await begin();
        send({ type: 'connection_init' });
      },
    ],
    [
      'a message that only a server sends',
      4400,
      async ({ begin, send }) => {
        await begin();
        send({ type: 'connection_ack' });
      },
    ],
    ['text that is no UTF-8', 1007, ({ socket }) => socket.send(Buffer.from([0xff, 0xfe]), { binary: false })],
    [
      'a message of 2 MB',
      1009,
      ({ send }) => send(JSON.stringify({ type: 'ping', payload: { x: 'x'.repeat(2_000_000) } })),
    ],
    ['a message of 100 MB', 1009, ({ socket }) => socket.send(Buffer.alloc(100 * 1024 * 1024, 32))],
  ];
  it.each(cases)('%s: %i', async (_, code, act) => {
    const opened = await open();
    await act(opened);
    expect((await opened.closed()).code).toBe(code);
    expect(await isServing()).toBe(true);
  });

  it('one that names no protocol of ours: 4406', async () => {
    const opened = await open([]);
    expect((await opened.closed()).code).toBe(4406);
  });

  it('a refused upgrade does not keep its connection', async () => {
    const opened = openTcp(true);
    opened.socket.write(
      `GET /elsewhere HTTP/1.1\r\nHost: ${host}\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${UPGRADE}\r\n`,
    );
    // Only who writes learns that the other half has gone, too.
    const writing = setInterval(() => opened.socket.write('x'), 20);
    await opened.closed();
    clearInterval(writing);
    expect(opened.answer()).toMatch(/^HTTP\/1.1 404 /);
  });

  it('more than 500 documents on it are refused one by one, and the others go on', async () => {
    const opened = await open();
    await opened.begin();
    for (let id = 0; id < 505; id += 1) opened.send(subscribe(String(id)));
    await waitFor('five refusals', () => opened.messages.filter(({ type }) => type === 'error').length === 5);
    expect(opened.messages.at(-1)).toMatchObject({ payload: [{ extensions: { code: 'LIMIT_EXCEEDED' } }] });
    expect(gateway.watchCount()).toBe(500);
    opened.send({ type: 'complete', id: '0' });
    await waitFor('one to end', () => gateway.watchCount() === 499);
    opened.send(subscribe('again'));
    await waitFor('another one', () => gateway.watchCount() === 500);
    opened.socket.terminate();
    await waitFor('all to end', () => gateway.watchCount() === 0);
  });
});

describe('a socket that takes more than its share', () => {
  const subscribe = (id: string, extensions: object = {}) => ({
    type: 'subscribe',
    id,
    payload: { query: ENDLESS, extensions },
  });

  it('is closed when it does not read what is sent', async () => {
    const opened = await open();
    await opened.begin();
    const { _socket: tcp } = opened.socket as unknown as { _socket: Socket };
    tcp.pause();
    const long = `{ ${Array.from({ length: 20 }, (_, index) => `a${index}: __typename`).join(' ')} }`;
    for (let id = 0; id < 60_000 && opened.socket.readyState === WebSocket.OPEN; id += 1) {
      opened.send({ type: 'subscribe', id: `${id}`, payload: { query: long } });
      if (id % 200 === 0) await new Promise((resolve) => setImmediate(resolve));
      if (opened.socket.bufferedAmount > 0) break;
    }
    tcp.resume();
    // The reason stands behind all that was not read.
    expect([1006, 1013]).toContain((await opened.closed()).code);
    expect(await isServing()).toBe(true);
  });

  it('is not answered before it has begun', async () => {
    const opened = await open();
    for (let count = 0; count < 100; count += 1) opened.send({ type: 'ping' });
    await opened.begin();
    expect(opened.messages).toEqual([{ type: 'connection_ack' }]);
    opened.socket.terminate();
  });

  it('is closed for an id that is long: 4400', async () => {
    const opened = await open();
    await opened.begin();
    opened.send(subscribe('x'.repeat(129)));
    expect((await opened.closed()).code).toBe(4400);
  });

  it('is refused documents that are large together', async () => {
    const opened = await open();
    await opened.begin();
    for (let id = 0; id < 6; id += 1) opened.send(subscribe(String(id), { x: 'x'.repeat(900_000) }));
    await waitFor('two refusals', () => opened.messages.filter(({ type }) => type === 'error').length === 2);
    expect(opened.messages.at(-1)).toMatchObject({ payload: [{ extensions: { code: 'LIMIT_EXCEEDED' } }] });
    opened.socket.terminate();
    await waitFor('all to end', () => gateway.watchCount() === 0);
  });

  it('leaves nothing behind when it uses ids again before their documents have ended', async () => {
    for (let round = 0; round < 30; round += 1) {
      const opened = await open();
      await opened.begin();
      for (let pair = 0; pair < 20; pair += 1) {
        opened.send(subscribe('1'));
        opened.send({ type: 'complete', id: '1' });
      }
      opened.send({ type: 'subscribe', id: '2', payload: { query: '{ gateway { pollLagMs } }' } });
      opened.send({ type: 'complete', id: '2' });
      opened.send(subscribe('2'));
      opened.send(subscribe('1'));
      await new Promise((resolve) => setImmediate(resolve));
      opened.socket.terminate();
    }
    expect(await isServing()).toBe(true);
    await waitFor('all watches to end', () => gateway.watchCount() === 0);
  });

  it('is not let go of its places by completing what goes on', async () => {
    await gateway.emulator.fault({ path: '/invite$', effect: { kind: 'delay', ms: 1_000 } });
    const opened = await open();
    await opened.begin();
    const query =
      'mutation { inviteParticipants(callId: "c", input: { participants: [{ identity: { user: { id: "u" } } }] }) { id } }';
    for (let id = 0; id < 510; id += 1) {
      opened.send({ type: 'subscribe', id: String(id), payload: { query } });
      opened.send({ type: 'complete', id: String(id) });
    }
    opened.send({ type: 'subscribe', id: 'last', payload: { query: '{ __typename }' } });
    await waitFor('a refusal', () => opened.messages.some(({ type, id }) => type === 'error' && id === 'last'));
    opened.socket.terminate();
    await gateway.emulator.clearFaults();
  });
});

describe('a request that is none', () => {
  const cases: [what: string, request: () => string, answer: RegExp][] = [
    [
      'headers of 1 MB',
      () => `GET /graphql HTTP/1.1\r\nHost: ${host}\r\nX: ${'x'.repeat(1_000_000)}\r\n\r\n`,
      /^HTTP\/1.1 431 .*REQUEST_TOO_LARGE/s,
    ],
    [
      '10,000 headers',
      () => `GET /graphql HTTP/1.1\r\nHost: ${host}\r\n${'X: y\r\n'.repeat(10_000)}\r\n`,
      /^HTTP\/1.1 431 .*REQUEST_TOO_LARGE/s,
    ],
    [
      'an address of 100 kB',
      () => `GET /graphql?query=${'x'.repeat(100_000)} HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
      /^HTTP\/1.1 431 .*REQUEST_TOO_LARGE/s,
    ],
    [
      'an upgrade with headers of 1 MB',
      () => `GET /graphql HTTP/1.1\r\nHost: ${host}\r\n${UPGRADE}X: ${'x'.repeat(1_000_000)}\r\n\r\n`,
      /^HTTP\/1.1 431 /,
    ],
    ['rubbish', () => `\u0001\u0002 rubbish\r\n\r\n`, /^HTTP\/1.1 400 .*BAD_REQUEST/s],
    ['TLS', () => '\u0016\u0003\u0001\u0002\u0000\u0001\u0000', /^HTTP\/1.1 400 .*BAD_REQUEST/s],
    [
      'two lengths',
      () => `POST /graphql HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n`,
      /^HTTP\/1.1 400 .*BAD_REQUEST/s,
    ],
    [
      'a length and chunks',
      () => `POST /graphql HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n`,
      /^HTTP\/1.1 400 .*BAD_REQUEST/s,
    ],
    [
      'chunks of no length',
      () =>
        `POST /graphql HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`,
      /^HTTP\/1.1 400 .*BAD_REQUEST/s,
    ],
    ['no host', () => 'GET /graphql HTTP/1.1\r\n\r\n', /^HTTP\/1.1 400 /],
  ];
  it.each(cases)('is refused, and neighbours are answered: %s', async (_, request, answer) => {
    const opened = openTcp();
    opened.socket.write(request());
    await opened.closed();
    expect(opened.answer()).toMatch(answer);
    expect(await isServing()).toBe(true);
  });
});

describe('those who send so slowly that they never end', () => {
  it('are sent away, and meanwhile neighbours are answered', async () => {
    const slow = [
      'GET /graphql HTTP/1.1\r\nHost: ',
      `POST /graphql HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{`,
      `POST /graphql HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`,
      `GET /graphql HTTP/1.1\r\nHost: ${host}\r\n${UPGRADE}X: `,
    ];
    const connections = Array.from({ length: 200 }, () => openTcp());
    const dripping = setInterval(() => {
      for (const { socket } of connections) if (socket.writable) socket.write('1');
    }, 3_000);
    connections.forEach(({ socket }, index) => socket.write(slow[index % slow.length] ?? ''));
    try {
      expect(await isServing()).toBe(true);
      await waitFor('all to be sent away', () => connections.every(({ isClosed }) => isClosed()), 40_000);
      for (const { answer } of connections) expect(answer()).toMatch(/^HTTP\/1.1 408 .*LIMIT_EXCEEDED/s);
      expect(await isServing()).toBe(true);
    } finally {
      clearInterval(dripping);
      for (const { socket } of connections) socket.destroy();
    }
  });
});

describe('those who connect and ask nothing', () => {
  it('do not keep the gateway from stopping', async () => {
    const other = await startGateway({ ...engine, environment: {} });
    const [silent, begun] = [0, 1].map(() => connect(Number(new URL(other.url).port), '127.0.0.1'));
    const isClosed = [silent, begun].map((socket) => {
      let isOver = false;
      socket
        ?.on('close', () => (isOver = true))
        .on('error', () => {})
        .resume();
      return () => isOver;
    });
    await new Promise((resolve) => begun?.write('GET /graphql HTTP/1.1\r\nHost: ', resolve));
    expect((await other.query('{ __typename }')).status).toBe(200);
    const stopped = other.stop();
    // By itself Node waits ten seconds for the rest.
    await waitFor('their end', () => isClosed.every((isOver) => isOver()), 5_000);
    await stopped;
  });
});
