// One stream of server-sent events: written no faster than it is read, kept alive, broken off when nobody reads.
import type { ServerResponse } from 'node:http';
import type { FormattedExecutionResult } from 'graphql';

/** A comment, so that what is between does not take the connection for dead. */
const PING_EVERY_MS = 12_000;
/** Who takes nothing for so long is dead. */
const STALLED_MS = 60_000;

export class EventStream {
  readonly #response: ServerResponse;
  readonly #pinging: NodeJS.Timeout;
  #taken: (() => void) | undefined;

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
      if (!response.writableNeedDrain) response.write(':\n\n');
    }, PING_EVERY_MS);
    response.on('drain', () => this.#taken?.());
    response.once('close', () => {
      clearInterval(this.#pinging);
      this.#taken?.();
    });
  }

  /** Whether there is nobody any more. */
  get isClosed(): boolean {
    return this.#response.destroyed;
  }

  /** Resolves when more can be sent, or when there is nobody any more. */
  async send(event: 'next' | 'complete', data?: FormattedExecutionResult): Promise<void> {
    if (this.isClosed) return;
    if (this.#response.write(`event: ${event}\ndata: ${data ? JSON.stringify(data) : ''}\n\n`)) return;
    const timer = setTimeout(() => this.break(), STALLED_MS);
    await new Promise<void>((resolve) => (this.#taken = resolve));
    clearTimeout(timer);
  }

  /** Says that nothing follows. */
  async complete(): Promise<void> {
    await this.send('complete');
    this.#response.end();
  }

  /** Ends it without a word: its client comes back. */
  break(): void {
    this.#response.destroy();
  }
}
