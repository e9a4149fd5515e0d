// The only way out to Graph: one middleware under Microsoft's client that pins the origin, signs, bounds and repeats calls.
import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Context, Middleware, MiddlewareOptions } from '@microsoft/microsoft-graph-client';
import { Pool } from 'undici';
import { GraphRefusal, GraphUnreachable, toRefusal } from './graph-error.ts';

/**
 * When a call is made again within its deadline: a request with an effect only when Graph surely did nothing (it answered 429,
 * or no connection was made); a read also after 503, 504 and a broken connection; never, when the caller has a schedule of its own.
 */
export type Repeat = 'whenNotDone' | 'asRead' | 'never';

/** How one call is made. */
export class CallOptions implements MiddlewareOptions {
  /** When to give up, in milliseconds since the epoch. */
  readonly deadlineMs: number;
  readonly repeat: Repeat;
  readonly signal: AbortSignal | undefined;
  /** Headers of the answer, once it is there. */
  answerHeaders: Headers | undefined;

  constructor(options: { deadlineMs: number; repeat: Repeat; signal?: AbortSignal | undefined }) {
    this.deadlineMs = options.deadlineMs;
    this.repeat = options.repeat;
    this.signal = options.signal;
  }
}

export interface TransportOptions {
  /** Scheme, host and port of Graph: nothing is ever sent elsewhere. */
  origin: string;
  /** A bearer token for Graph. */
  loadToken: () => Promise<string>;
  /** Connections at the most. */
  connections: number;
}

const REPEATED_READS = new Set([429, 503, 504]);
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;
/** No request is begun with less time left, nor with less than half of its time: cut short, its outcome would be unknown. */
const LEAST_TIME_MS = 2_000;
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;
interface Answer {
  status: number;
  headers: Headers;
  text: string;
}

/**
 * Carries the client's requests over one pool of connections.
 * Throws `GraphRefusal` for an answer without success and `GraphUnreachable` when there is none.
 */
export class GraphTransport implements Middleware {
  readonly #options: TransportOptions;
  readonly #pool: Pool;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#pool = new Pool(options.origin, { connections: options.connections, connectTimeout: 5_000 });
  }

  async execute(context: Context): Promise<void> {
    const url = new URL(context.request as string);
    if (url.origin !== this.#options.origin)
      throw new GraphUnreachable('the address is not of the configured Graph', false);
    const call = context.middlewareControl?.getMiddlewareOptions(CallOptions) as CallOptions | undefined;
    if (!call) throw new TypeError('a call to Graph needs CallOptions');

    const beginBeforeMs = call.deadlineMs - Math.min(LEAST_TIME_MS, (call.deadlineMs - Date.now()) / 2);
    for (let attempt = 0; ; attempt += 1) {
      let failure: GraphRefusal | GraphUnreachable;
      try {
        const answer = await this.#send(url, context.options ?? {}, call, beginBeforeMs);
        if (answer.status >= 200 && answer.status < 300) {
          call.answerHeaders = answer.headers;
          context.response = new Response(answer.text === '' ? null : answer.text, {
            status: answer.text === '' ? 204 : answer.status,
            headers: answer.headers,
          });
          return;
        }
        failure = toRefusal(answer.status, (name) => answer.headers.get(name), toJson(answer.text));
      } catch (error) {
        if (!(error instanceof GraphUnreachable)) throw error;
        failure = error;
      }
      const pauseMs = pauseBefore(failure, attempt);
      if (!mayRepeat(failure, call.repeat) || Date.now() + pauseMs >= beginBeforeMs || call.signal?.aborted)
        throw failure;
      try {
        await sleep(pauseMs, undefined, call.signal ? { signal: call.signal } : {});
      } catch {
        throw failure;
      }
    }
  }

  async stop(): Promise<void> {
    await this.#pool.destroy();
  }

  async #send(url: URL, options: RequestInit, call: CallOptions, beginBeforeMs: number): Promise<Answer> {
    const token = await this.#options.loadToken();
    const headers = new Headers(options.headers);
    headers.set('authorization', `Bearer ${token}`);
    headers.set('client-request-id', randomUUID());
    headers.set('accept', 'application/json');
    const body = new Body(options.body as string, beginBeforeMs);
    headers.set('content-length', String(body.length));
    const timeout = AbortSignal.timeout(Math.max(1, call.deadlineMs - Date.now()));
    const signal = call.signal ? AbortSignal.any([timeout, call.signal]) : timeout;
    try {
      const response = await unlessAborted(
        signal,
        this.#pool.request({
          path: url.pathname + url.search,
          method: options.method as 'POST',
          headers: Object.fromEntries(headers),
          body: body as unknown as Readable,
          signal,
        }),
      );
      // Always read to the end: an unread body would keep its connection.
      return { status: response.statusCode, headers: toHeaders(response.headers), text: await toText(response.body) };
    } catch (error) {
      const { code, name } = error as { code?: unknown; name?: unknown };
      throw new GraphUnreachable(typeof code === 'string' ? code : String(name), body.isTaken, error);
    }
  }
}

/**
 * The body of a request, which tells whether it was taken to be sent: that begins when the connection stands and is free.
 * Codes of errors do not tell it; the system has the same ones for a connection that fails and one that breaks.
 */
class Body implements AsyncIterable<Buffer> {
  readonly #bytes: Buffer;
  readonly #takeBeforeMs: number;
  isTaken = false;

  constructor(text: string, takeBeforeMs: number) {
    this.#bytes = Buffer.from(text);
    this.#takeBeforeMs = takeBeforeMs;
  }

  get length(): number {
    return this.#bytes.length;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    // The head of the request goes out with the first bytes of its body: until then nothing has been sent.
    if (Date.now() >= this.#takeBeforeMs) throw new Error('it waited too long for a connection');
    this.isTaken = true;
    yield this.#bytes;
  }
}

/** A request that waits for a connection does not hear its signal. */
async function unlessAborted<T>(signal: AbortSignal, request: Promise<T>): Promise<T> {
  let abort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
  });
  try {
    return await Promise.race([request, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
    request.catch(() => {});
  }
}

function mayRepeat(failure: GraphRefusal | GraphUnreachable, repeat: Repeat): boolean {
  if (repeat === 'never') return false;
  if (failure instanceof GraphUnreachable) return repeat === 'asRead' || !failure.sent;
  return failure.statusCode === 429 || (repeat === 'asRead' && REPEATED_READS.has(failure.statusCode));
}

function pauseBefore(failure: GraphRefusal | GraphUnreachable, attempt: number): number {
  const backoffMs = Math.min(FIRST_PAUSE_MS * 2 ** attempt, LONGEST_PAUSE_MS) * (0.5 + Math.random() / 2);
  return failure instanceof GraphRefusal ? Math.max(failure.retryAfterMs ?? 0, backoffMs) : backoffMs;
}

/** Gateways in front of Graph answer with HTML or nothing: then the status is all there is. */
function toJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function toHeaders(raw: Record<string, string | string[] | undefined>): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(raw)) {
    for (const one of Array.isArray(value) ? value : [value]) if (one !== undefined) headers.append(name, one);
  }
  return headers;
}

async function toText(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES)
      throw Object.assign(new Error('the answer is too large'), { code: 'ANSWER_TOO_LARGE' });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
