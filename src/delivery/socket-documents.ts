// The documents under way on one socket: each holds its id and its memory until its work is really over, and ends with the socket.
import type { ExecutionResult } from 'graphql';
import { GatewayError } from '../errors.ts';

/** How many documents may run on one socket at once, and how large the messages that asked for them may be together. */
const MOST_DOCUMENTS = 500;
const MOST_BYTES = 4 * 1024 * 1024;

type Results = AsyncIterableIterator<ExecutionResult>;

export class SocketDocuments {
  readonly #sizes = new Map<string, number>();
  readonly #streams = new Set<Results>();
  #bytes = 0;
  #hasEnded = false;

  /** Whether the id is that of a document whose work is not over, be it that the client wants no more of it. */
  has(id: string): boolean {
    return this.#sizes.has(id);
  }

  /** @returns why no more may run, or undefined: then the document is counted until `release` */
  take(id: string, bytes: number): GatewayError | undefined {
    const isTooMany = this.#sizes.size >= MOST_DOCUMENTS;
    if (isTooMany || this.#bytes + bytes > MOST_BYTES) {
      const limit = isTooMany ? `${MOST_DOCUMENTS} documents` : `${MOST_BYTES} bytes of documents`;
      const cure = 'Complete some, or open another socket.';
      return new GatewayError('LIMIT_EXCEEDED', `More than ${limit} are under way on this socket. ${cure}`);
    }
    this.#sizes.set(id, bytes);
    this.#bytes += bytes;
    return undefined;
  }

  /** To be called when the work is over. */
  release(id: string): void {
    this.#bytes -= this.#sizes.get(id) ?? 0;
    this.#sizes.delete(id);
  }

  /** @returns the same results; the document is released at their end, whoever ends them. */
  follow(id: string, results: Results): Results {
    const end = () => {
      if (this.#streams.delete(results)) this.release(id);
    };
    this.#streams.add(results);
    if (this.#hasEnded) void results.return?.();
    return {
      async next() {
        try {
          const result = await results.next();
          if (result.done) end();
          return result;
        } catch (error) {
          end();
          throw error;
        }
      },
      return: async () => {
        end();
        return (await results.return?.()) ?? { value: undefined, done: true };
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  /** Ends all results: the library forgets those whose ids were used again. */
  end(): void {
    this.#hasEnded = true;
    for (const results of this.#streams) void results.return?.();
  }
}
