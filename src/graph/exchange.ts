// One request over a connection, and its answer read to its end; tells whether the request was sent.
import type { Dispatcher } from 'undici';

export interface RawAnswer {
  status: number;
  headers: { readonly [name: string]: string | string[] | undefined };
  text: string;
}

export type ExchangeRequest = Pick<Dispatcher.DispatchOptions, 'path' | 'method'> & {
  headers: { [name: string]: string };
  body: string | null;
};

const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/**
 * Sending begins when the connection stands and is free.
 * Codes of errors do not tell it; the system has the same ones for a connection that fails and one that breaks.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly #isTooLate: () => boolean;
  readonly #answer = Promise.withResolvers<RawAnswer>();
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #head: Omit<RawAnswer, 'text'> = { status: 0, headers: {} };
  #controller: Dispatcher.DispatchController | undefined;
  #failure: Error | undefined;
  isSent = false;
  /** Whether it was refused because the connection came too late. */
  isLate = false;

  constructor(isTooLate: () => boolean) {
    this.#isTooLate = isTooLate;
  }

  /** @throws the signal's reason; an error with the code `ANSWER_TOO_LARGE`; or as the connection does */
  async run(dispatcher: Dispatcher, request: ExchangeRequest, signal: AbortSignal): Promise<RawAnswer> {
    signal.throwIfAborted();
    const abort = () => this.#fail(signal.reason as Error);
    signal.addEventListener('abort', abort);
    try {
      dispatcher.dispatch(request, this);
      return await this.#answer.promise;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // The head of the request has not been written yet.
    this.isLate = !this.#failure && this.#isTooLate();
    if (this.isLate) this.#failure = new Error('it waited too long for a connection');
    if (this.#failure) controller.abort(this.#failure);
    else this.isSent = true;
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: RawAnswer['headers']): void {
    this.#head = { status, headers };
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
    this.#chunks.push(chunk);
    if (this.#bytes > MAX_ANSWER_BYTES)
      this.#fail(Object.assign(new Error('the answer is too large'), { code: 'ANSWER_TOO_LARGE' }));
  }

  onResponseEnd(): void {
    this.#answer.resolve({ ...this.#head, text: Buffer.concat(this.#chunks).toString('utf8') });
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#answer.reject(error);
  }

  /** Whoever waits for a connection would not be told before it stands. */
  #fail(error: Error): void {
    this.#failure = error;
    this.#answer.reject(error);
    this.#controller?.abort(error);
  }
}
