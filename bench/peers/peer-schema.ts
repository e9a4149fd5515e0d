// The gateway's own schema over the stock Graph client, as the peers serve it: no record, no tracking of changes.
import { readdirSync, readFileSync } from 'node:fs';
import { makeExecutableSchema } from '@graphql-tools/schema';
import { Client, MiddlewareFactory, type Context, type Middleware } from '@microsoft/microsoft-graph-client';
import type { GraphQLSchema } from 'graphql';

/** An operation as Graph answers it. */
export interface Operation {
  id: string;
  status: string;
}

/** What subscribers are told. */
export interface Update extends Operation {
  revision: number;
}

const { GRAPH_URL = '', FROM_MEMORY } = process.env;
const folder = new URL('../../schema/', import.meta.url);
// All of the stock handlers but the one for tokens: that one gives none to addresses of this machine.
const [, ...handlers] = MiddlewareFactory.getDefaultMiddlewareChain({ getAccessToken: async () => 'token' });
const client = Client.initWithMiddleware({
  baseUrl: `${GRAPH_URL}/`,
  middleware: [createTokenHandler(), ...handlers] as Middleware[],
});
const known = new Map<string, Promise<Operation>>();

function createTokenHandler(): Middleware {
  let next: Middleware | undefined;
  return {
    async execute(context: Context) {
      context.options = {
        ...context.options,
        headers: { ...(context.options?.headers as object), authorization: 'Bearer token' },
      };
      await next?.execute(context);
    },
    setNext: (handler) => void (next = handler),
  };
}

function load(callId: string, id: string): Promise<Operation> {
  return client.api(`/communications/calls/${encodeURIComponent(callId)}/operations/${encodeURIComponent(id)}`).get();
}

/** Asks Graph once, and never again. */
function remember(callId: string, id: string): Promise<Operation> {
  const found = known.get(id) ?? load(callId, id);
  known.set(id, found);
  return found;
}

/** @param subscribe gives the updates, by the means of the peer; it gets what the peer gives to resolvers */
export function createPeerSchema(subscribe: (context: never) => unknown): GraphQLSchema {
  const files = readdirSync(folder).filter((name) => name.endsWith('.graphql'));
  return makeExecutableSchema({
    typeDefs: files.map((name) => readFileSync(new URL(name, folder), 'utf8')),
    resolvers: {
      Query: {
        inviteParticipantsOperation: (_: unknown, { callId, id }: { callId: string; id: string }) =>
          FROM_MEMORY ? remember(callId, id) : load(callId, id),
      },
      Mutation: {
        inviteParticipants: (_: unknown, { callId, input }: { callId: string; input: object }) =>
          client.api(`/communications/calls/${encodeURIComponent(callId)}/participants/invite`).post(input),
      },
      Subscription: {
        inviteParticipantsOperationUpdated: {
          subscribe: (_: unknown, __: unknown, context: never) => subscribe(context),
          resolve: (update: Update) => update,
        },
      },
      InviteParticipantsOperation: {
        // The first answer is spelled otherwise than the later ones.
        status: ({ status }: Operation) => status.charAt(0).toLowerCase() + status.slice(1),
        tracking: (update: Update) => ({ id: update.id, state: 'active', revision: update.revision }),
      },
    },
  });
}

/** Calls back with each update that the bench wants published. */
export function onPublish(publish: (update: Update) => void): void {
  process.on('message', (message: { publish?: Update }) => {
    if (message.publish) publish(message.publish);
  });
}

export function sayListening(port: number): void {
  process.stdout.write(`${JSON.stringify({ msg: 'listening', url: `http://127.0.0.1:${port}` })}\n`);
}
