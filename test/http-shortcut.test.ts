import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fastify from 'fastify';
import { request as startRequest } from 'node:http';
import { createExecute } from '../src/delivery/document-execution.ts';
import { createDocumentGate } from '../src/delivery/documents.ts';
import { createShortcut } from '../src/delivery/http-shortcut.ts';
import { createSchema } from '../src/schema.ts';
import { dataOf, startGateway, type Json, type TestGateway } from './support/gateway.ts';
import { openSqlite, type Engine } from './support/stores.ts';

let engine: Engine;
let gateway: TestGateway;
let ids: { callId: string; id: string };

beforeAll(async () => {
  engine = await openSqlite();
  gateway = await startGateway(engine);
  const answer = await gateway.query(
    'mutation { inviteParticipants(callId: "call", input: { participants: [{ identity: { user: { id: "u1", displayName: "Zoë" } } }] }) { tracking { id } } }',
  );
  ids = { callId: 'call', id: dataOf(answer, 'inviteParticipants')['tracking'].id };
});
afterAll(async () => {
  await gateway.stop();
  await engine.close();
});

interface Answer {
  status: number | undefined;
  headers: Json;
  text: string;
}

/** Unlike `fetch` it sends no header by itself. */
function post(url: string, body: unknown, headers: Json = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = startRequest(
      `${url}/graphql`,
      { method: 'POST', headers: { 'content-type': 'application/json', ...headers } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const { date: _, ...rest } = response.headers;
          resolve({ status: response.statusCode, headers: rest, text: Buffer.concat(chunks).toString() });
        });
      },
    );
    request.on('error', reject);
    request.end(JSON.stringify(body));
  });
}

let last = 0;

/** Asks twice by a text that nobody has sent before: Apollo answers first, and then the shortcut, if it does. */
async function askTwice(body: Json, headers: Json = {}): Promise<Answer> {
  const fresh = { ...body, query: `${body['query']}\n# ${(last += 1)}` };
  const [first, second] = [await post(gateway.url, fresh, headers), await post(gateway.url, fresh, headers)];
  expect(second).toEqual(first);
  return second;
}

const find =
  'query Find($callId: ID!, $id: ID!) { inviteParticipantsOperation(callId: $callId, id: $id) { id status participants { identity { user { displayName } } } tracking { id state } } }';
const costly =
  'query ($n: Int) { invitations(first: $n) { nodes { tracking { history(last: $n) { revision changed state at } } } } }';

describe('a document that is known', () => {
  it.each<[string, () => Json, number, string]>([
    ['what it finds', () => ({ query: find, variables: ids }), 200, 'Zoë'],
    ['null for what it does not find', () => ({ query: find, variables: { ...ids, id: 'x' } }), 200, 'null'],
    [
      'the operation of the name',
      () => ({ query: `${find} query B { __typename }`, operationName: 'B' }),
      200,
      'Query',
    ],
    [
      'nulls as if they were absent',
      () => ({ query: '{ gateway { mode } }', variables: null, extensions: null, operationName: null }),
      200,
      'emulator',
    ],
    [
      'a hash that does not count',
      () => ({ query: '{ __typename }', extensions: { persistedQuery: { version: 1, sha256Hash: 'x' } } }),
      200,
      'Query',
    ],
    [
      'errors of resolvers',
      () => ({ query: '{ gateway { mode } invitations(first: 1000) { nodes { id } } }' }),
      200,
      'BAD_USER_INPUT',
    ],
    [
      'errors of a mutation',
      () => ({ query: 'mutation { inviteParticipants(callId: " ", input: { participants: [] }) { id } }' }),
      200,
      'BAD_USER_INPUT',
    ],
    ['variables that do not fit', () => ({ query: find, variables: { callId: 1.5 } }), 400, 'BAD_USER_INPUT'],
    [
      'variables of a mutation that do not fit',
      () => ({
        query: 'mutation ($input: CreateInvitationInput!) { createInvitation(input: $input) { id } }',
        variables: { input: {} },
      }),
      400,
      'BAD_USER_INPUT',
    ],
    ['variables that make it cost too much', () => ({ query: costly, variables: { n: 100 } }), 400, 'LIMIT_EXCEEDED'],
    ['no operation of the name', () => ({ query: find, operationName: 'C' }), 400, 'BAD_REQUEST'],
    ['an operation name that is none', () => ({ query: find, operationName: 7 }), 400, 'BAD_REQUEST'],
    ['variables that are text', () => ({ query: find, variables: '{}' }), 400, 'BAD_REQUEST'],
    ['variables that are a list', () => ({ query: find, variables: [] }), 400, 'BAD_REQUEST'],
    ['a subscription', () => ({ query: 'subscription { invitationUpdated(id: "x") { id } }' }), 400, 'WebSocket'],
  ])('is answered as by Apollo: %s', async (_, toBody, status, part) => {
    const answer = await askTwice(toBody());
    expect(answer.status).toBe(status);
    expect(answer.text).toContain(part);
  });

  it.each([
    [undefined],
    ['*/*'],
    ['application/json'],
    ['application/json; charset=utf-8'],
    ['application/graphql-response+json'],
    ['application/graphql-response+json,application/json;q=0.9'],
    [
      'application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed',
    ],
    ['application/json, application/graphql-response+json'],
    ['application/graphql-response+json; charset=utf-8, application/json; charset=utf-8'],
    ['application/graphql-response+json, application/json; charset=utf-8'],
    ['application/json;q=0.5, application/graphql-response+json'],
    ['multipart/mixed, application/json'],
    ['*/*, application/graphql-response+json'],
    ['text/html'],
    [''],
  ])('is answered as by Apollo to whoever accepts %s', async (accept) => {
    await askTwice({ query: '{ gateway { mode } }' }, accept === undefined ? {} : { accept });
    await askTwice({ query: find, variables: {} }, accept === undefined ? {} : { accept });
  });

  it('is answered as by Apollo to pages of other origins', async () => {
    const { headers } = await askTwice({ query: '{ gateway { mode } }' }, { origin: gateway.url });
    expect(headers).toMatchObject({ 'access-control-allow-origin': gateway.url });
  });
});

describe('the short way', () => {
  it('is taken by known documents of queries and mutations that are sent as usual, and by nothing else', async () => {
    const schema = createSchema();
    const documents = createDocumentGate({ schema, isIntrospectable: true, trustedDocuments: null });
    const app = fastify();
    const options = { schema, documents, execute: createExecute(schema) };
    app.addHook(
      'preHandler',
      createShortcut({ ...options, createContext: () => ({}) as never, toClientError: () => ({ message: '' }) }),
    );
    app.route({ method: ['GET', 'POST'], url: '/graphql', handler: (_, reply) => reply.code(418).send() });
    const url = await app.listen({ port: 0, host: '127.0.0.1' });
    try {
      const query = '{ __typename }';
      expect(await post(url, { query })).toMatchObject({ status: 418 });
      documents.prepare({ query });
      expect(await post(url, { query })).toMatchObject({ status: 200, text: '{"data":{"__typename":"Query"}}\n' });
      documents.prepare({ query: 'mutation { __typename }' });
      expect(await post(url, { query: 'mutation { __typename }' })).toMatchObject({ status: 200 });
      documents.prepare({ query: 'subscription { invitationUpdated(id: "x") { id } }' });
      for (const [body, headers] of [
        [{ query: 'subscription { invitationUpdated(id: "x") { id } }' }],
        [{ query: '{ a: __typename }' }],
        [[{ query }]],
        [{ query }, { accept: 'text/html' }],
        [{ query, variables: [] }],
      ] as const)
        expect(await post(url, body, headers)).toMatchObject({ status: 418 });
      expect((await fetch(`${url}/graphql?query=${encodeURIComponent(query)}`)).status).toBe(418);
    } finally {
      await app.close();
    }
  });
});
