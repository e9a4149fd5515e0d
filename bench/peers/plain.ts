// The plain stack: Apollo Server on express 5 with graphql-ws, as Apollo's documentation puts them together.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ApolloServer } from '@apollo/server';
import { ApolloServerPluginDrainHttpServer } from '@apollo/server/plugin/drainHttpServer';
import { expressMiddleware } from '@as-integrations/express5';
import express from 'express';
import { PubSub } from 'graphql-subscriptions';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import { createPeerSchema, onPublish, sayListening } from './peer-schema.ts';

const pubSub = new PubSub();
// Its emitter warns from eleven listeners on.
(pubSub as unknown as { ee: NodeJS.EventEmitter }).ee.setMaxListeners(0);
const schema = createPeerSchema(() => pubSub.asyncIterableIterator('updated'));
onPublish((update) => void pubSub.publish('updated', update));

const app = express();
const httpServer = createServer(app);
const sockets = new WebSocketServer({ server: httpServer, path: '/graphql' });
const cleanup = useServer({ schema }, sockets);
const apollo = new ApolloServer({
  schema,
  plugins: [
    ApolloServerPluginDrainHttpServer({ httpServer }),
    { serverWillStart: async () => ({ drainServer: async () => cleanup.dispose() }) },
  ],
});
await apollo.start();
app.use('/graphql', express.json(), expressMiddleware(apollo));
httpServer.listen(0, '127.0.0.1', () => sayListening((httpServer.address() as AddressInfo).port));
