// The documents under way on one socket: each holds its id and its memory until its work is really over, and ends with the socket.
import type { DocumentNode } from 'graphql';
import { GatewayError } from '../errors.ts';
import type { Subscriber } from './subscriber.ts';

/** How many documents may run on one socket at once, and how much memory they may hold together. */
const MOST_DOCUMENTS = 500;
const MOST_BYTES = 4 * 1024 * 1024;
/** A parsed document takes about so many times the memory of its text. */
const WEIGHT = 40;

interface Running {
  messageBytes: number;
  document: DocumentNode;
  subscriber: Subscriber | null;
}

export class SocketDocuments {
  readonly #running = new Map<string, Running>();
  /** How often each one runs: its memory is held once. */
  readonly #counts = new Map<DocumentNode, number>();
  #bytes = 0;
  #hasEnded = false;

  /** Whether the id is that of a document whose work is not over, be it that the client wants no more of it. */
  has(id: string): boolean {
    return this.#running.has(id);
  }

  /** @returns why no more may run, or undefined: then the document is counted until `release` */
  take(id: string, messageBytes: number, document: DocumentNode): GatewayError | undefined {
    const count = this.#counts.get(document) ?? 0;
    const bytes = messageBytes + (count === 0 ? weightOf(document) : 0);
    const isTooMany = this.#running.size >= MOST_DOCUMENTS;
    if (isTooMany || this.#bytes + bytes > MOST_BYTES) {
      const limit = isTooMany ? `${MOST_DOCUMENTS} documents` : `${MOST_BYTES} bytes of documents`;
      const cure = 'Complete some, or open another socket; use variables, so that the documents are the same.';
      return new GatewayError('LIMIT_EXCEEDED', `More than ${limit} are under way on this socket. ${cure}`);
    }
    this.#running.set(id, { messageBytes, document, subscriber: null });
    this.#counts.set(document, count + 1);
    this.#bytes += bytes;
    return undefined;
  }

  /** To be called when the work is over. */
  release(id: string): void {
    const running = this.#running.get(id);
    if (!running) return;
    const { messageBytes, document } = running;
    this.#running.delete(id);
    this.#bytes -= messageBytes;
    const count = this.#counts.get(document) ?? 0;
    if (count > 1) return void this.#counts.set(document, count - 1);
    this.#counts.delete(document);
    this.#bytes -= weightOf(document);
  }

  /** The document is released at the subscriber's end, whoever ends it. */
  follow(id: string, subscriber: Subscriber): void {
    const running = this.#running.get(id);
    if (running) running.subscriber = subscriber;
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

function weightOf({ loc }: DocumentNode): number {
  return WEIGHT * (loc?.end ?? 0);
}
