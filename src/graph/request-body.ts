// The body of a request, which tells whether it was sent.

/**
 * Taking it begins when the connection stands and is free.
 * Codes of errors do not tell it; the system has the same ones for a connection that fails and one that breaks.
 */
export class RequestBody implements AsyncIterable<Buffer> {
  readonly #bytes: Buffer;
  readonly #isTooLate: () => boolean;
  isTaken = false;
  /** Whether it was refused because the connection came too late. */
  isLate = false;

  constructor(text: string, isTooLate: () => boolean) {
    this.#bytes = Buffer.from(text);
    this.#isTooLate = isTooLate;
  }

  get length(): number {
    return this.#bytes.length;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    // The head of the request goes out with the first bytes of its body: until then nothing has been sent.
    this.isLate = this.#isTooLate();
    if (this.isLate) throw new Error('it waited too long for a connection');
    this.isTaken = true;
    yield this.#bytes;
  }
}
