// GraphQL Yoga on node:http with its own pub/sub, and graphql-ws as Yoga's documentation wires it.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ExecutionArgs } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { createPubSub, createYoga } from 'graphql-yoga';
import { WebSocketServer } from 'ws';
import { createPeerSchema, onPublish, sayListening, type Update } from './peer-schema.ts';

const pubSub = createPubSub<{ updated: [Update] }>();
const schema = createPeerSchema(() => pubSub.subscribe('updated'));
onPublish((update) => pubSub.publish('updated', update));

// Parsed and validated documents are cached by default.
const yoga = createYoga({ schema, graphiql: false, landingPage: false, logging: false });
const server = createServer(yoga);
const sockets = new WebSocketServer({ server, path: yoga.graphqlEndpoint });

type Envelop = ReturnType<typeof yoga.getEnveloped>;
type Enveloped = ExecutionArgs & { rootValue: Pick<Envelop, 'execute' | 'subscribe'> };

useServer(
  {
    execute: (args) => (args as Enveloped).rootValue.execute(args),
    subscribe: (args) => (args as Enveloped).rootValue.subscribe(args),
    onSubscribe: async (context, _id, params) => {
      const {
        schema: enveloped,
        execute,
        subscribe,
        contextFactory,
        parse,
        validate,
      } = yoga.getEnveloped({
        ...context,
        req: context.extra.request,
        socket: context.extra.socket,
        params,
      });
      const args = {
        schema: enveloped,
        operationName: params.operationName,
        document: parse(params.query),
        variableValues: params.variables,
        contextValue: await contextFactory(),
        rootValue: { execute, subscribe },
      };
      const errors = validate(args.schema, args.document);
      return errors.length > 0 ? errors : args;
    },
  },
  sockets,
);
server.listen(0, '127.0.0.1', () => sayListening((server.address() as AddressInfo).port));
