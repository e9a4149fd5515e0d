// One request on every transport, and what each was answered with; and the two that push, each with the client people use.
import { expect } from '@jest/globals';
import type { GraphQLFormattedError } from 'graphql';
import { createClient as createSseClient, NetworkError, type RequestParams } from 'graphql-sse';
import type { SubscribePayload } from 'graphql-ws';
import { connect, waitFor, type Answer, type HttpAnswer, type Json } from './gateway.ts';

export interface Request {
  query?: string;
  variables?: Json;
  operationName?: string;
  documentId?: string;
  extensions?: Json;
}

/** A document under way. */
export interface Stream {
  answers: Answer[];
  /** How it ended: `complete`, or how the transport was cut: a close code, an HTTP status, or `broken`. Never rejects. */
  ended: Promise<string>;
  /** Resolves when there are this many answers. */
  received(count: number): Promise<Answer[]>;
  leave(): void;
}

export interface LiveClient {
  ask(request: Request): Stream;
  close(): Promise<void>;
}

export interface LiveOptions {
  authorization?: string;
  /** Whether it comes back when it was cut. */
  isPersistent?: boolean;
}

/** A way of pushing. */
export interface Transport {
  name: string;
  /** How it says what both have to say: these are the only differences. */
  ends: { badToken: string; expired: string; goingAway: string; tooMany: string; tooLarge: string };
  connect(url: string, options?: LiveOptions): LiveClient;
}

const RETRY_MS = 50;
const retryAttempts = (isPersistent = false) => (isPersistent ? 200 : 0);
const pause = () => new Promise<void>((resolve) => setTimeout(resolve, RETRY_MS));

const webSocket: Transport = {
  name: 'WebSocket',
  ends: { badToken: '4403', expired: '4403', goingAway: '1001', tooMany: '1013', tooLarge: '1009' },
  connect(url, { authorization, isPersistent } = {}) {
    const client = connect(url, {
      retryAttempts: retryAttempts(isPersistent),
      retryWait: pause,
      shouldRetry: () => true,
      ...(authorization === undefined ? {} : { connectionParams: { authorization } }),
    });
    return {
      ask: (request) =>
        // The protocol demands a text, be it empty.
        follow((sink) => client.subscribe<Json>({ query: '', ...request } as SubscribePayload, sink)),
      close: async () => client.dispose(),
    };
  },
};

const serverSentEvents: Transport = {
  name: 'server-sent events',
  ends: { badToken: '401', expired: 'broken', goingAway: 'broken', tooMany: '429', tooLarge: '413' },
  connect(url, { authorization, isPersistent } = {}) {
    const client = createSseClient({
      url: `${url}/graphql/stream`,
      retryAttempts: retryAttempts(isPersistent),
      retry: pause,
      headers: authorization === undefined ? {} : { authorization },
    });
    return {
      ask: (request) => follow((sink) => client.subscribe<Json>(request as RequestParams, sink)),
      close: async () => client.dispose(),
    };
  },
};

/** For `describe.each`. */
export const transports: readonly Transport[] = [webSocket, serverSentEvents];

interface Sink {
  next(answer: object): void;
  error(error: unknown): void;
  complete(): void;
}

function follow(subscribe: (sink: Sink) => () => void): Stream {
  const answers: Answer[] = [];
  let leave = () => {};
  const ended = new Promise<string>((resolve) => {
    leave = subscribe({
      next: (answer) => answers.push(answer as Answer),
      error(error) {
        // Errors before anything ran are an answer, too.
        if (Array.isArray(error)) answers.push({ errors: error as GraphQLFormattedError[] });
        resolve(Array.isArray(error) ? 'complete' : toEnd(error));
      },
      complete: () => resolve('complete'),
    });
  });
  return {
    answers,
    ended,
    received: async (count) => {
      await waitFor(`${count} answers`, () => answers.length >= count);
      return answers;
    },
    leave: () => leave(),
  };
}

function toEnd(error: unknown): string {
  const { code } = error as { code?: unknown };
  if (typeof code === 'number') return String(code);
  const { response } = error as NetworkError<Response>;
  if (response) return String(response.status);
  if (error instanceof NetworkError) return 'broken';
  throw error;
}

/** @returns the answer to a POST. */
export async function post(url: string, request: Request | Request[]): Promise<HttpAnswer> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(request),
  });
  return { status: response.status, ...((await response.json()) as Answer) };
}

/** @returns the first answer over a connection of its own. */
export async function send(url: string, request: Request, transport: Transport = webSocket): Promise<Answer> {
  const client = transport.connect(url);
  try {
    const stream = client.ask(request);
    await Promise.race([stream.received(1), stream.ended]);
    const [answer] = stream.answers;
    if (answer) return answer;
    throw new Error(`ended without an answer: ${await stream.ended}`);
  } finally {
    await client.close();
  }
}

/** @returns the first answer of each transport that pushes. */
export function sendAll(url: string, request: Request): Promise<Answer[]> {
  return Promise.all(transports.map((transport) => send(url, request, transport)));
}

/** @returns what all transports answer with; fails when one says another thing than the others. */
export async function askAll(url: string, request: Request): Promise<HttpAnswer> {
  const [{ status, ...http }, live] = await Promise.all([post(url, request), sendAll(url, request)]);
  for (const answer of live) expect(answer).toEqual(http);
  return { status, ...http };
}
