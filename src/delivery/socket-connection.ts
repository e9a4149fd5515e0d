// One WebSocket: who is at the other end, which documents run, and what is sent, no faster than it is read.
import { WebSocket } from 'ws';
import { GatewayError } from '../errors.ts';
import type { CallerSession, CallerSessions } from './caller-sessions.ts';
import { SocketDocuments } from './socket-documents.ts';
import type { Sink } from './subscriber.ts';

/** Subscribers wait while so much is not read. */
const FULL_BYTES = 64 * 1024;
/** Whoever has not read so much gets no more: bytes of answers, and answers, for each takes memory, however short it is. */
const MOST_UNREAD_BYTES = 4 * 1024 * 1024;
const MOST_UNREAD = 2_000;
/** A socket that does not answer a ping within the same time is dead. */
const PING_EVERY_MS = 12_000;
/** How long a client has to answer that it is closed. */
export const CLOSE_MS = 2_000;
const MOST_BYTES_OF_CHARACTER = 3;
const TRY_AGAIN_LATER = 1013;
const FORBIDDEN = 4403;

/** Bytes are counted, and two of them hold what our reasons are longer by. */
const MOST_REASON = 120;

export class SocketConnection {
  readonly documents = new SocketDocuments();
  readonly session: CallerSession;
  /** Of the message that is being worked on. */
  messageBytes = 0;
  readonly #socket: WebSocket;
  readonly #pinging: NodeJS.Timeout;
  #isAlive = true;
  /** Frames that were handed on and have not left. */
  #unread = 0;
  #onDrained: (() => void)[] = [];

  constructor(socket: WebSocket, sessions: CallerSessions) {
    this.#socket = socket;
    this.session = sessions.create((error) => this.#refuse(error));
    this.#pinging = setInterval(() => this.#ping(), PING_EVERY_MS);
    socket.on('pong', () => (this.#isAlive = true));
  }

  /** Whoever does not answer is not waited for. */
  close(code: number, reason: string): void {
    this.session.end();
    this.#socket.close(code, reason);
    setTimeout(() => this.#socket.terminate(), CLOSE_MS).unref();
  }

  /** To be called when the socket is closed. */
  end(): void {
    clearInterval(this.#pinging);
    this.session.end();
    this.documents.end();
    this.#onDrained = [];
  }

  /** @returns whether the socket may stay; it is closed when what is done refuses the caller */
  async allow(act: (session: CallerSession) => Promise<void>): Promise<boolean> {
    try {
      await act(this.session);
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      this.#refuse(error);
    }
    return this.session.current !== null;
  }

  /** Resolves when it is sent, or never will be: the close tells. */
  send(data: string): Promise<void> {
    return new Promise((resolve) => {
      if (this.#socket.readyState !== WebSocket.OPEN) return resolve();
      if (this.#socket.bufferedAmount > MOST_UNREAD_BYTES || this.#unread >= MOST_UNREAD) {
        this.#stall();
        return resolve();
      }
      this.#sendWatched(data, resolve);
    });
  }

  /** @returns where the answers to the subscription of this id go */
  sinkOf(id: string): Sink {
    return new SubscriptionSink(this, id);
  }

  /** Whether subscribers have to wait. */
  get isFull(): boolean {
    return this.#socket.bufferedAmount >= FULL_BYTES;
  }

  /** @param act called once when subscribers need not wait any more */
  onceDrained(act: () => void): void {
    this.#onDrained.push(act);
  }

  /** Sends to a subscriber. */
  push(frame: string): void {
    const socket = this.#socket;
    if (socket.readyState !== WebSocket.OPEN) return;
    if (socket.bufferedAmount + frame.length * MOST_BYTES_OF_CHARACTER < FULL_BYTES) socket.send(frame);
    else this.#sendWatched(frame, () => {});
  }

  /** Whoever waits for room is told when this has left. */
  #sendWatched(data: string, onSent: () => void): void {
    this.#unread += 1;
    this.#socket.send(data, () => {
      this.#unread -= 1;
      // Slow is not dead.
      this.#isAlive = true;
      this.#wake();
      onSent();
    });
  }

  #wake(): void {
    if (this.isFull) return;
    const acts = this.#onDrained;
    this.#onDrained = [];
    for (const act of acts) act();
  }

  #ping(): void {
    if (this.#isAlive) {
      this.#isAlive = false;
      return this.#socket.ping();
    }
    if (this.isFull) this.#stall();
    else this.#socket.terminate();
  }

  #stall(): void {
    this.close(TRY_AGAIN_LATER, 'Nobody reads what is sent');
  }

  #refuse({ code, message }: GatewayError): void {
    this.close(code === 'UNAUTHENTICATED' ? FORBIDDEN : TRY_AGAIN_LATER, message.slice(0, MOST_REASON));
  }
}

class SubscriptionSink implements Sink {
  readonly #connection: SocketConnection;
  readonly #id: string;

  constructor(connection: SocketConnection, id: string) {
    this.#connection = connection;
    this.#id = JSON.stringify(id);
  }

  get isFull(): boolean {
    return this.#connection.isFull;
  }

  onceDrained(act: () => void): void {
    this.#connection.onceDrained(act);
  }

  send(answer: string): void {
    this.#connection.push(`{"id":${this.#id},"type":"next","payload":${answer}}`);
  }
}
