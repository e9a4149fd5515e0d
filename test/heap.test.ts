/** Memory: what subscribers hold is given back when they leave, and is little while they are there. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import WebSocket from 'ws';
import { waitFor, type Json } from './support/gateway.ts';
import { findPort } from './support/ports.ts';
import { spawnGateway, type GatewayProcess } from './support/process.ts';

const SUBSCRIBERS = 2_000;
const WAVES = 10;
/** Connections that are opened at once. */
const GROUP = 100;
const probe = fileURLToPath(new URL('support/heap-probe.ts', import.meta.url));
const DOCUMENT = `subscription Watch($callId: ID!, $id: ID!) {
  inviteParticipantsOperationUpdated(callId: $callId, id: $id) {
    id status clientContext resultInfo { code subcode message }
    participants { hidden participantId identity { user { id displayName } guest { id displayName } } }
    tracking { id state reason revision observedAt nextPollAt deadlineAt attempts lastError { code at } }
  }
}`;

let directory: string;
let gateway: GatewayProcess;
let url: string;
let id: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'heap-'));
  const port = await findPort();
  gateway = spawnGateway({
    NODE_ENV: 'production',
    NODE_OPTIONS: `--expose-gc --disable-warning=ExperimentalWarning --import=${probe}`,
    PORT: String(port),
    EMULATOR_PORT: String(await findPort()),
    EMULATOR_OPERATION_MS: '3600000',
    OPERATION_DEADLINE_MS: '3600000',
    POLL_INTERVAL_MS: '60000',
    CONNECTIONS_PER_CALLER: String(2 * SUBSCRIBERS),
    STORE_FILE: join(directory, 'gateway.db'),
  });
  url = `${await gateway.listening()}/graphql`;
  const query = `mutation { inviteParticipants(callId: "call-1", input: { participants: [{ identity: { user: { id: "u1" } } }] }) { tracking { id } } }`;
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  id = ((await response.json()) as Json)['data'].inviteParticipants.tracking.id;
});
afterAll(async () => {
  await gateway.end('SIGTERM');
  await rm(directory, { recursive: true, force: true });
});

/** Resolves when the subscriber has got its first state. */
function subscribe(): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws');
    socket.on('open', () => socket.send('{"type":"connection_init"}'));
    socket.on('error', reject);
    socket.on('message', (data: Buffer) => {
      const { type } = JSON.parse(data.toString()) as Json;
      if (type === 'next') return resolve(socket);
      if (type !== 'connection_ack') return reject(new Error(data.toString()));
      const payload = { query: DOCUMENT, variables: { callId: 'call-1', id } };
      socket.send(JSON.stringify({ id: crypto.randomUUID(), type: 'subscribe', payload }));
    });
  });
}

async function open(): Promise<WebSocket[]> {
  const sockets: WebSocket[] = [];
  while (sockets.length < SUBSCRIBERS) sockets.push(...(await Promise.all(Array.from({ length: GROUP }, subscribe))));
  return sockets;
}

/** Half of them say goodbye, the other half are just gone. */
async function leave(sockets: readonly WebSocket[]): Promise<void> {
  const closed = sockets.map((socket) => new Promise((resolve) => socket.once('close', resolve)));
  for (const [index, socket] of sockets.entries()) {
    if (index % 2 === 0) socket.close(1000);
    else socket.terminate();
  }
  await Promise.all(closed);
}

async function heapUsed(): Promise<number> {
  const count = gateway.lines.length;
  gateway.child.kill('SIGUSR2');
  return waitFor(
    'the heap',
    () => gateway.lines.slice(count).find((line) => 'heapUsed' in line)?.['heapUsed'] as number,
  );
}

/** The least of some: what is on its way to be freed is not counted. */
async function settledHeap(): Promise<number> {
  const sizes: number[] = [];
  for (let time = 0; time < 3; time += 1) sizes.push(await heapUsed());
  return Math.min(...sizes);
}

describe('the heap', () => {
  it('holds at most 12 KB for each idle subscriber, and is back after ten waves of them', async () => {
    // What is compiled and cached once is not what is looked for.
    for (let wave = 0; wave < 2; wave += 1) await leave(await open());
    const before = await settledHeap();
    const first = await open();
    const full = await settledHeap();
    await leave(first);
    for (let wave = 1; wave < WAVES; wave += 1) await leave(await open());
    const after = await settledHeap();
    expect((full - before) / SUBSCRIBERS / 1_024).toBeLessThan(12);
    expect(after / before).toBeLessThan(1.02);
  }, 120_000);
});
