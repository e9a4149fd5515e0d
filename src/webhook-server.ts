// The door for Graph's notifications: a port of its own, so that whatever forwards it to the internet forwards nothing else.
import fastify, { type FastifyReply } from 'fastify';
import { serveWebhooks, type WebhookOptions } from './delivery/webhooks.ts';
import { sendError, sendHttpError, strictness } from './http-error.ts';

export interface WebhookServerOptions extends WebhookOptions {
  host: string;
  port: number;
}

/** Everybody can reach it: strangers must not hold on to much. */
const MOST_CONNECTIONS = 500;
const STOP_MS = 2_000;

export interface WebhookServer {
  /** @returns the address that is to be forwarded to */
  start(): Promise<string>;
  stop(): Promise<void>;
}

export function createWebhookServer(options: WebhookServerOptions): WebhookServer {
  const ignore = () => {};
  const app = fastify({
    ...strictness,
    forceCloseConnections: 'idle',
    frameworkErrors: (error, _, reply) => sendHttpError(reply as FastifyReply, error, ignore),
  });
  app.server.maxConnections = MOST_CONNECTIONS;
  app.setNotFoundHandler((_, reply) => sendError(reply, 404, 'NOT_FOUND', 'There is nothing here.'));
  return {
    async start() {
      await serveWebhooks(app, options);
      return app.listen({ host: options.host, port: options.port });
    },
    async stop() {
      // Whoever sends slowly is not waited for: Graph sends again.
      const timer = setTimeout(() => app.server.closeAllConnections(), STOP_MS);
      await app.close();
      clearTimeout(timer);
    },
  };
}
