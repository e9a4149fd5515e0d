/** One WebSocket whose other end stops reading, and goes on. */
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parse } from 'graphql';
import { WebSocket, WebSocketServer } from 'ws';
import { developer } from '../src/auth/caller.ts';
import { CallerSessions } from '../src/delivery/caller-sessions.ts';
import { SocketConnection } from '../src/delivery/socket-connection.ts';
import { SocketDocuments } from '../src/delivery/socket-documents.ts';
import { waitFor } from './support/gateway.ts';

describe('a socket that is not read', () => {
  let server: WebSocketServer;
  let client: WebSocket;
  let connection: SocketConnection;
  let received: string[];

  beforeEach(async () => {
    const sessions = new CallerSessions({
      authenticate: () => Promise.resolve({ caller: developer, expiresAt: null }),
      connectionsPerCaller: 1,
    });
    received = [];
    server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    await new Promise((resolve) => server.once('listening', resolve));
    const connected = new Promise<WebSocket>((resolve) => server.once('connection', resolve));
    client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
    client.on('message', (data: Buffer) => received.push(data.toString()));
    const socket = await connected;
    connection = new SocketConnection(socket, sessions);
    socket.on('close', () => connection.end());
    await new Promise((resolve) => (client.readyState === WebSocket.OPEN ? resolve(0) : client.once('open', resolve)));
  });
  afterEach(async () => {
    client.terminate();
    connection.close(1000, 'over');
    await new Promise((resolve) => server.close(resolve));
  });

  /** Answers until the other side would have to read. */
  function fill(): void {
    client.pause();
    while (!connection.isFull) void connection.send('x'.repeat(100_000));
    for (let count = 0; count < 25; count += 1) void connection.send('x'.repeat(100_000));
  }

  it('lets subscribers go on when it is read again, whatever had filled it', async () => {
    fill();
    const sink = connection.sinkOf('1');
    expect(sink.isFull).toBe(true);
    let isDrained = false;
    sink.onceDrained(() => {
      isDrained = true;
      sink.send('{}');
    });
    client.resume();
    await waitFor('the subscriber to go on', () => isDrained);
    await waitFor('its answer', () => received.at(-1) === '{"id":"1","type":"next","payload":{}}');
  });

  it.each([
    ['many bytes', 100_000],
    ['many messages, however short', 1],
  ])('is closed with 1013 when %s wait for it', async (_, length) => {
    const closed = new Promise<number>((resolve) => client.once('close', resolve));
    // Not before the close is sent: it lies behind what waits.
    client.pause();
    for (let count = 0; count < 3_000; count += 1) void connection.send('x'.repeat(length));
    client.resume();
    expect(await closed).toBe(1013);
  });
});

describe('the documents of a socket', () => {
  const LARGE = (name: string) => parse(`query ${name} { ${'gateway { version } '.repeat(500)} }`);

  it('are refused when they would take too much memory, the same one counted once', () => {
    const documents = new SocketDocuments();
    const same = LARGE('Same');
    for (let count = 0; count < 100; count += 1) expect(documents.take(`same-${count}`, 100, same)).toBeUndefined();
    const refusals = Array.from({ length: 100 }, (_, count) => documents.take(`other-${count}`, 100, LARGE('Other')));
    expect(refusals.filter((refusal) => !refusal).length).toBeLessThan(15);
    expect(refusals.at(-1)).toMatchObject({ extensions: { code: 'LIMIT_EXCEEDED' } });
  });

  it('give back what they took, and hold their document as long as one of them runs', () => {
    const documents = new SocketDocuments();
    for (let round = 0; round < 100; round += 1) {
      const document = LARGE('Round');
      expect(documents.take('a', 100, document)).toBeUndefined();
      expect(documents.take('b', 100, document)).toBeUndefined();
      documents.release('a');
      documents.release('b');
    }
    const kept = Array.from({ length: 50 }, (_, count) => {
      const document = LARGE('Kept');
      const refusal =
        documents.take(`first-${count}`, 100, document) ?? documents.take(`second-${count}`, 100, document);
      documents.release(`first-${count}`);
      return refusal;
    });
    expect(kept.at(-1)).toMatchObject({ extensions: { code: 'LIMIT_EXCEEDED' } });
  });
});
