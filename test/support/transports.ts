// One request on every transport, and what each was answered with.
import { expect } from '@jest/globals';
import type { GraphQLFormattedError } from 'graphql';
import type { SubscribePayload } from 'graphql-ws';
import { connect, type Answer, type HttpAnswer, type Json } from './gateway.ts';

export interface Request {
  query?: string;
  variables?: Json;
  operationName?: string;
  documentId?: string;
  extensions?: Json;
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

/** @returns the first answer over a socket of its own; errors before anything ran are an answer too. */
export async function send(url: string, request: Request): Promise<Answer> {
  const client = connect(url);
  try {
    return await new Promise<Answer>((resolve, reject) => {
      // The protocol demands a text, be it empty.
      const payload: Request & SubscribePayload = { query: '', ...request };
      client.subscribe<Json>(payload, {
        next: (answer) => resolve(answer as Answer),
        error: (errors) =>
          Array.isArray(errors) ? resolve({ errors: errors as GraphQLFormattedError[] }) : reject(errors as Error),
        complete: () => reject(new Error('completed without an answer')),
      });
    });
  } finally {
    await client.dispose();
  }
}

/** @returns what both transports answer with; fails when one says another thing than the other. */
export async function askBoth(url: string, request: Request): Promise<HttpAnswer> {
  const [{ status, ...http }, socket] = await Promise.all([post(url, request), send(url, request)]);
  expect(socket).toEqual(http);
  return { status, ...http };
}
