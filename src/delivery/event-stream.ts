// One stream of server-sent events: written no faster than it is read, kept alive, broken off when nobody reads.
import type { ServerResponse } from 'node:http';
import type { Sink } from './subscriber.ts';

/** A comment, so that what is between does not take the connection for dead. */
const PING_EVERY_MS = 12_000;
/** Who takes nothing for so long is dead. */
const STALLED_MS = 60_000;

export class EventStream implements Sink {
  readonly #response: ServerResponse;
  readonly #pinging: NodeJS.Timeout;
  #stalled: NodeJS.Timeout | undefined;
  #onDrained: (() => void) | undefined;

  constructor(response: ServerResponse, headers: Readonly<Record<string, string>>) {
    this.#response = response;
    response.writeHead(200, {
      ...headers,
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    });
    response.flushHeaders();
    this.#pinging = setInterval(() => {
      if (!this.isFull) response.write(':\n\n');
    }, PING_EVERY_MS);
    response.on('drain', () => {
      clearTimeout(this.#stalled);
      this.#onDrained?.();
    });
    response.once('close', () => {
      clearInterval(this.#pinging);
      clearTimeout(this.#stalled);
    });
  }

  /** Whether there is nobody any more. */
  get isClosed(): boolean {
    return this.#response.destroyed;
  }

  get isFull(): boolean {
    return this.#response.writableNeedDrain;
  }

  onceDrained(act: () => void): void {
    this.#onDrained = () => {
      this.#onDrained = undefined;
      act();
    };
  }

  send(answer: string): void {
    this.#write(`event: next\ndata: ${answer}\n\n`);
  }

  /** Says that nothing follows. */
  complete(): void {
    this.#write('event: complete\ndata: \n\n');
    this.#response.end();
  }

  /** Ends it without a word: its client comes back. */
  break(): void {
    this.#response.destroy();
  }

  #write(event: string): void {
    if (this.isClosed || this.#response.write(event)) return;
    this.#watch();
  }

  /** Breaks off when nothing at all is taken for so long; slow is not dead. */
  #watch(): void {
    const countTaken = () => {
      const { bytesWritten = 0, writableLength = 0 } = this.#response.socket ?? {};
      return bytesWritten - writableLength;
    };
    const taken = countTaken();
    clearTimeout(this.#stalled);
    this.#stalled = setTimeout(() => {
      if (countTaken() > taken) this.#watch();
      else this.break();
    }, STALLED_MS);
  }
}
