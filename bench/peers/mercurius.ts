// Mercurius on fastify with its own subscriptions; JIT=1 compiles queries from their first use.
import type { AddressInfo } from 'node:net';
import fastify from 'fastify';
import mercurius, { type PubSub } from 'mercurius';
import { createPeerSchema, onPublish, sayListening, type Update } from './peer-schema.ts';

const app = fastify();
await app.register(mercurius, {
  schema: createPeerSchema(({ pubsub }: { pubsub: PubSub }) => pubsub.subscribe('updated')),
  // Parsed documents are cached by default.
  ...(process.env['JIT'] ? { jit: 1 } : {}),
  subscription: true,
});
onPublish((payload: Update) => app.graphql.pubsub.publish({ topic: 'updated', payload: payload as never }));
await app.listen({ port: 0, host: '127.0.0.1' });
sayListening((app.server.address() as AddressInfo).port);
