// The only way out to Graph: one middleware under Microsoft's client that pins the origin, signs, bounds and repeats calls.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Context, Middleware, MiddlewareOptions } from '@microsoft/microsoft-graph-client';
import { Pool } from 'undici';
import { toAnswer, type Answer } from './answer.ts';
import { Exchange } from './exchange.ts';
import type { Governor } from './governor.ts';
import { GraphRefusal, GraphSignIn, GraphUnreachable, toRefusal, type GraphFailure } from './graph-error.ts';
import type { ReportOddity } from './oddity.ts';
import { PRIORITY_HEADER, priorityWords, type Access, type Priority, type Scope } from './scope.ts';
import { isRetryAfterBad } from './throttle-headers.ts';
import type { LoadToken, UserAssertion } from './token.ts';

/**
 * When a call is made again within its deadline: a request with an effect only when Graph surely did nothing (it answered 429,
 * or no connection was made); what does no harm twice also after 503, 504 and a broken connection; never, when the caller has a
 * schedule of its own.
 */
export type Repeat = 'whenNotDone' | 'always' | 'never';

/** What kind of call it is. */
export interface Manner {
  repeat: Repeat;
  access: Access;
  priority: Priority;
}

interface Call extends Manner {
  /** What is asked for at the origin: path and query as they are sent. */
  target: string;
  scope: Scope;
  /** When to give up, by the governor's clock. */
  deadlineMs: number;
  signal: AbortSignal | undefined;
  onBehalfOf: UserAssertion | undefined;
  /** What Graph demands for it, as far as that is known. */
  permission: string | undefined;
}

/** Carries a call through Microsoft's client, and its answer back. */
export class CallOptions implements MiddlewareOptions {
  readonly call: Call;
  /** The answer of success, once it is there. */
  answer: Answer | undefined;

  constructor(call: Call) {
    this.call = call;
  }
}

export interface TransportOptions {
  /** Scheme, host and port of Graph: nothing is ever sent elsewhere. */
  origin: string;
  loadToken: LoadToken;
  /** Connections at the most. */
  connections: number;
  governor: Governor;
  onOddity: ReportOddity;
}

/** The client is told nothing else: it would only read the answer once more. */
const DONE = new Response(null, { status: 204 });
const REPEATED_STATUSES = new Set([429, 503, 504]);
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;
/** No request is begun with less time left, nor with less than half of its time: cut short, its outcome would be unknown. */
const LEAST_TIME_MS = 2_000;
/** What fails without any fault of Graph's or the network's. */
const OWN_FAULTS = new Set(['ANSWER_TOO_LARGE', 'UND_ERR_INVALID_ARG', 'UND_ERR_DESTROYED', 'UND_ERR_CLOSED']);

/**
 * Carries the client's requests over one pool of connections, each when the governor says.
 * Throws `GraphRefusal` for an answer without success, `GraphUnreachable` when there is none, `GraphHeldBack` when Graph was not
 * asked, `GraphSignIn` when only the user can bring about a token.
 */
export class GraphTransport implements Middleware {
  readonly #options: TransportOptions;
  readonly #pool: Pool;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#pool = new Pool(options.origin, { connections: options.connections, connectTimeout: 5_000 });
  }

  async execute(context: Context): Promise<void> {
    const options = context.middlewareControl?.getMiddlewareOptions(CallOptions) as CallOptions | undefined;
    if (!options) throw new TypeError('a call to Graph needs CallOptions');
    options.answer = await this.#call(options.call, context.options ?? {});
    context.response = DONE;
  }

  async stop(): Promise<void> {
    await this.#pool.destroy();
  }

  async #call(call: Call, options: RequestInit): Promise<Answer> {
    const leftMs = call.deadlineMs - this.#options.governor.now();
    // Not the signals of `AbortSignal` that do this: they cost several times as much.
    const limit = new AbortController();
    const giveUp = () => limit.abort(call.signal?.reason);
    const timer = setTimeout(() => limit.abort(new DOMException('no time is left', 'TimeoutError')), leftMs);
    if (call.signal?.aborted) giveUp();
    else call.signal?.addEventListener('abort', giveUp);
    try {
      return await this.#tryAgain(call, options, limit.signal, call.deadlineMs - Math.min(LEAST_TIME_MS, leftMs / 2));
    } finally {
      clearTimeout(timer);
      call.signal?.removeEventListener('abort', giveUp);
    }
  }

  async #tryAgain(call: Call, options: RequestInit, signal: AbortSignal, beginBeforeMs: number): Promise<Answer> {
    const { governor } = this.#options;
    let failure: GraphFailure | undefined;
    for (let attempt = 0; ; attempt += 1) {
      let isTried = false;
      try {
        const token = await this.#loadToken(signal, call.onBehalfOf);
        const answer = await governor.run({ ...call, beginBeforeMs, signal }, () => {
          isTried = true;
          return this.#send(call, options, token, beginBeforeMs, signal);
        });
        if ([answer, ...answer.parts].some((one) => isRetryAfterBad(one, governor.now())))
          this.#options.onOddity('badRetryAfter');
        if (answer.status >= 200 && answer.status < 300) return answer;
        const needs = { permission: call.permission, isForUser: call.onBehalfOf !== undefined };
        failure = toRefusal(answer.status, answer.header, answer.body, needs);
      } catch (error) {
        // What Graph said to an earlier attempt tells more, and what that may have done is not undone by a refusal of ours.
        if (!isTried && failure) throw failure;
        if (!isTried || !(error instanceof GraphUnreachable)) throw error;
        failure = error;
      }
      const pauseMs = pauseBefore(failure, attempt);
      if (!mayRepeat(failure, call.repeat) || governor.now() + pauseMs >= beginBeforeMs || call.signal?.aborted)
        throw failure;
      try {
        await sleep(pauseMs, undefined, call.signal ? { signal: call.signal } : {});
      } catch {
        throw failure;
      }
    }
  }

  async #loadToken(signal: AbortSignal, onBehalfOf: UserAssertion | undefined): Promise<string> {
    try {
      return await unlessAborted(signal, this.#options.loadToken(onBehalfOf));
    } catch (error) {
      if (error instanceof GraphSignIn) throw error;
      // No doing of ours: whoever follows a link must not blame it.
      throw new GraphUnreachable('there is no token for it', false, error, true);
    }
  }

  async #send(
    call: Call,
    { method, headers: given, body: text }: RequestInit,
    token: string,
    beginBeforeMs: number,
    signal: AbortSignal,
  ): Promise<Answer> {
    const { governor } = this.#options;
    const exchange = new Exchange(() => governor.now() >= beginBeforeMs);
    try {
      const raw = await exchange.run(
        this.#pool,
        {
          path: call.target,
          method: method as 'POST',
          headers: {
            ...(given as { [name: string]: string }),
            authorization: `Bearer ${token}`,
            'client-request-id': randomUUID(),
            accept: 'application/json',
            [PRIORITY_HEADER]: priorityWords[call.priority],
          },
          body: typeof text === 'string' ? text : null,
        },
        signal,
      );
      return toAnswer(raw, { isBatch: call.target.endsWith('/$batch') });
    } catch (error) {
      const { code, name } = error as { code?: unknown; name?: unknown };
      const isOwn = call.signal?.aborted || exchange.isLate || OWN_FAULTS.has(String(code));
      throw new GraphUnreachable(typeof code === 'string' ? code : String(name), exchange.isSent, error, !isOwn);
    }
  }
}

function unlessAborted<T>(signal: AbortSignal, wanted: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason as Error);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort);
    const end = () => signal.removeEventListener('abort', abort);
    wanted.then(resolve, reject).finally(end);
  });
}

function mayRepeat(failure: GraphFailure, repeat: Repeat): boolean {
  if (repeat === 'never') return false;
  if (failure instanceof GraphUnreachable) return repeat === 'always' || !failure.sent;
  if (!(failure instanceof GraphRefusal)) return false;
  return failure.statusCode === 429 || (repeat === 'always' && REPEATED_STATUSES.has(failure.statusCode));
}

function pauseBefore(failure: GraphFailure, attempt: number): number {
  const backoffMs = Math.min(FIRST_PAUSE_MS * 2 ** attempt, LONGEST_PAUSE_MS) * (0.5 + Math.random() / 2);
  return failure instanceof GraphRefusal ? Math.max(failure.retryAfterMs ?? 0, backoffMs) : backoffMs;
}
