// Thousands of subscribers over graphql-transport-ws, each on its own socket, as lean as a client can be.
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';

export interface Subscribers {
  /** Frames of the protocol's type `next` so far, of all. */
  readonly received: number;
  /** How many have had less than this many `next` frames. */
  behind(count: number): number;
  /** The text of the newest `next` frame. */
  readonly latest: string;
  /** `next` frames that were not the same as the first subscriber's of the same position, and what else went wrong. */
  readonly errors: number;
  readonly firstError: string | undefined;
  close(): Promise<void>;
}

export interface SubscribersOptions {
  url: string;
  path: string;
  count: number;
  query: string;
  variables: object;
}

const SETTLE_MS = 1_000;
/** How many sockets are being opened at once. */
const OPENING = 100;
const TEXT = 1;
const CLOSE = 8;
const PING = 9;

/** Nobody says when a subscription without a first state has begun. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
}

/** @returns the subscribers once each has had its acknowledgement and has asked. */
export async function subscribe(options: SubscribersOptions): Promise<Subscribers> {
  const { hostname, port } = new URL(options.url);
  const sockets: Socket[] = [];
  /** What the frame of each position held, as the first subscriber that had it saw it. */
  const frames: Buffer[] = [];
  const counts: number[] = [];
  const state = { received: 0, errors: 0, firstError: undefined as string | undefined, isClosing: false };
  const asking = frame(
    JSON.stringify({ id: '1', type: 'subscribe', payload: { query: options.query, variables: options.variables } }),
  );

  function fail(what: string): void {
    if (state.isClosing) return;
    state.errors += 1;
    state.firstError ??= what;
  }

  function open(index: number): Promise<void> {
    counts[index] = 0;
    return new Promise((resolve) => {
      const socket = connect({ host: hostname, port: Number(port), noDelay: true });
      sockets.push(socket);
      let rest: Buffer = Buffer.alloc(0);
      let isUpgraded = false;
      socket.write(
        `GET ${options.path} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
          `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n` +
          'Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n',
      );
      socket.on('error', (error) => fail(String(error)));
      socket.on('close', () => {
        fail('the server closed a socket');
        resolve();
      });
      socket.on('data', (data: Buffer) => {
        rest = rest.length === 0 ? data : Buffer.concat([rest, data]);
        if (!isUpgraded) {
          const end = rest.indexOf('\r\n\r\n');
          if (end < 0) return;
          const head = rest.subarray(0, end).toString();
          if (!head.startsWith('HTTP/1.1 101')) fail(head);
          isUpgraded = true;
          rest = rest.subarray(end + 4);
          socket.write(frame('{"type":"connection_init"}'));
        }
        for (let next = readFrame(rest); next; next = readFrame(rest)) {
          rest = rest.subarray(next.end);
          if (next.opcode === PING) socket.write(PONG);
          else if (next.opcode === CLOSE)
            fail(`closed: ${next.data.readUInt16BE(0)} ${next.data.subarray(2).toString()}`);
          else if (next.opcode === TEXT) take(next.data);
        }
      });

      function take(data: Buffer): void {
        const position = counts[index] ?? 0;
        const known = frames[position];
        if (known?.equals(data)) return count();
        const { type } = JSON.parse(data.toString()) as { type: string };
        if (type === 'connection_ack') {
          socket.write(asking);
          return resolve();
        }
        if (type === 'ping') return void socket.write(frame('{"type":"pong"}'));
        if (type !== 'next') return fail(data.toString().slice(0, 300));
        // Everybody is to be told the same.
        if (known) fail(`${data.toString()} instead of ${known.toString()}`);
        else frames[position] = Buffer.from(data);
        count();
      }

      function count(): void {
        counts[index] = (counts[index] ?? 0) + 1;
        state.received += 1;
      }
    });
  }

  for (let from = 0; from < options.count; from += OPENING) {
    const size = Math.min(OPENING, options.count - from);
    await Promise.all(Array.from({ length: size }, (_, index) => open(from + index)));
    if (state.errors > 0) break;
  }
  return {
    get received() {
      return state.received;
    },
    get latest() {
      return frames.at(-1)?.toString() ?? '';
    },
    get errors() {
      return state.errors;
    },
    get firstError() {
      return state.firstError;
    },
    behind: (count) => counts.filter((had) => had < count).length,
    async close() {
      state.isClosing = true;
      await Promise.all(
        sockets.map(
          (socket) =>
            new Promise<void>((resolve) => {
              if (socket.destroyed) return resolve();
              socket.once('close', () => resolve());
              socket.destroy();
            }),
        ),
      );
    },
  };
}

/** With a mask of zeros, which leaves the text as it is. */
const PONG = Buffer.from([0x8a, 0x80, 0, 0, 0, 0]);

function frame(text: string): Buffer {
  const data = Buffer.from(text);
  const isLong = data.length > 125;
  const head = Buffer.alloc(isLong ? 8 : 6);
  head[0] = 0x81;
  head[1] = 0x80 | (isLong ? 126 : data.length);
  if (isLong) head.writeUInt16BE(data.length, 2);
  return Buffer.concat([head, data]);
}

/** @returns the frame that the bytes begin with, undefined while it is not whole; servers here send none in parts. */
function readFrame(bytes: Buffer): { opcode: number; data: Buffer; end: number } | undefined {
  if (bytes.length < 2) return undefined;
  const short = bytes.readUInt8(1) & 0x7f;
  const headLength = short === 126 ? 4 : short === 127 ? 10 : 2;
  if (bytes.length < headLength) return undefined;
  const length = short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short;
  const end = headLength + length;
  if (bytes.length < end) return undefined;
  return { opcode: bytes.readUInt8(0) & 0x0f, data: bytes.subarray(headLength, end), end };
}
