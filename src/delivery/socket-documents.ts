// The documents under way on one socket: each holds its id and its memory until its work is really over, and ends with the socket.
import { GatewayError } from '../errors.ts';
import type { Subscriber } from './subscriber.ts';

/** How many documents may run on one socket at once, and how large the messages that asked for them may be together. */
const MOST_DOCUMENTS = 500;
const MOST_BYTES = 4 * 1024 * 1024;

export class SocketDocuments {
  readonly #running = new Map<string, { bytes: number; subscriber: Subscriber | null }>();
  #bytes = 0;
  #hasEnded = false;

  /** Whether the id is that of a document whose work is not over, be it that the client wants no more of it. */
  has(id: string): boolean {
    return this.#running.has(id);
  }

  /** @returns why no more may run, or undefined: then the document is counted until `release` */
  take(id: string, bytes: number): GatewayError | undefined {
    const isTooMany = this.#running.size >= MOST_DOCUMENTS;
    if (isTooMany || this.#bytes + bytes > MOST_BYTES) {
      const limit = isTooMany ? `${MOST_DOCUMENTS} documents` : `${MOST_BYTES} bytes of documents`;
      const cure = 'Complete some, or open another socket.';
      return new GatewayError('LIMIT_EXCEEDED', `More than ${limit} are under way on this socket. ${cure}`);
    }
    this.#running.set(id, { bytes, subscriber: null });
    this.#bytes += bytes;
    return undefined;
  }

  /** To be called when the work is over. */
  release(id: string): void {
    this.#bytes -= this.#running.get(id)?.bytes ?? 0;
    this.#running.delete(id);
  }

  /** The document is released at the subscriber's end, whoever ends it. */
  follow(id: string, subscriber: Subscriber): void {
    const document = this.#running.get(id);
    if (document) document.subscriber = subscriber;
    const release = () => this.release(id);
    subscriber.ended.then(release, release);
    if (this.#hasEnded) void subscriber.return();
  }

  /** Ends all subscribers: the library forgets those whose ids were used again. */
  end(): void {
    this.#hasEnded = true;
    for (const { subscriber } of this.#running.values()) void subscriber?.return();
  }
}
