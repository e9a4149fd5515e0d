// HTTP and WebSocket on one port: GraphQL, health, and the pages of development.
import { ApolloServer, type ApolloServerPlugin } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
} from '@apollo/server/plugin/disabled';
import fastifyApollo, { fastifyApolloDrainPlugin } from '@as-integrations/fastify';
import fastifyCors from '@fastify/cors';
import fastify, { type FastifyError, type FastifyReply, type FastifyRequest } from 'fastify';
import { createHostCheck, createOriginCheck } from './auth/origins.ts';
import { createAuthenticate, type Session } from './auth/session.ts';
import type { AuthConfig } from './config-auth.ts';
import { GraphQLContext, type Services } from './context.ts';
import { createDeadline } from './deadline.ts';
import { createApolloLog } from './delivery/apollo-log.ts';
import { writeJson } from './delivery/answer.ts';
import { CallerSessions } from './delivery/caller-sessions.ts';
import { createExecute } from './delivery/document-execution.ts';
import { createDocumentGate, explainError } from './delivery/documents.ts';
import { createDocumentPlugin } from './delivery/http-documents.ts';
import { createShortcut } from './delivery/http-shortcut.ts';
import { createLiveDocuments } from './delivery/live-documents.ts';
import { serveSse } from './delivery/sse.ts';
import { serveWebSockets } from './delivery/websocket.ts';
import { GatewayError, toClientError } from './errors.ts';
import { refuseCaller, sendError, sendHttpError, strictness } from './http-error.ts';
import type { Logger } from './logger.ts';
import { trackOpenConnections } from './open-connections.ts';
import { renderSandbox, serveExplorer } from './pages.ts';
import { createSchema } from './schema.ts';

export interface ServerOptions {
  host: string;
  port: number;
  isDevelopment: boolean;
  /** Whether the pages are served, and introspection is answered. */
  hasExplorer: boolean;
  /** The only documents that run, by their hashes; null = any. */
  trustedDocuments: ReadonlyMap<string, string> | null;
  allowedOrigins: readonly string[];
  auth: AuthConfig;
  /** How many sockets and streams one caller may have here at once. */
  connectionsPerCaller: number;
  services: Services;
  /** For operators: how Graph is doing, and what was counted. */
  inspect: () => object;
  logger: Logger;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Null: nobody has said who is calling. */
    session: Session | null;
  }
}

export interface Server {
  /** @returns the address it can be reached at */
  start(): Promise<string>;
  /** Answers what has been asked, closes sockets with 1001, and takes no more. */
  stop(): Promise<void>;
}

const PATH = '/graphql';
const STREAM_PATH = '/graphql/stream';
/** When the gateway stops, connections on which nothing was asked for so long are ended; what was sent before is read by then. */
const RESTING_MS = 200;
/** How long a request that has begun may take to arrive as a whole when the gateway stops. */
const UNFINISHED_MS = 2_000;
const MAX_BODY_BYTES = 1024 * 1024;

export function createServer(options: ServerOptions): Server {
  const { services, logger, hasExplorer, trustedDocuments } = options;
  const report = (error: Error) => logger.error({ err: error }, 'unexpected error');
  const formatError = (error: unknown) => toClientError(explainError(error), report);
  const apolloLog = createApolloLog(logger, report);
  const schema = createSchema();
  const documents = createDocumentGate({ schema, isIntrospectable: hasExplorer, trustedDocuments });
  const execute = createExecute(schema);
  const createContext = ({ session }: FastifyRequest) =>
    new GraphQLContext(services, { findSession: () => session, deadline: createDeadline(services.timeoutMs) });
  const authenticate = createAuthenticate(options.auth, (error) =>
    logger.error(
      { err: error },
      'the keys of AUTH_ISSUER cannot be loaded: callers with tokens of other keys have to wait',
    ),
  );
  const isAllowedOrigin = createOriginCheck(options);
  const isAllowedHost = createHostCheck(options);
  const app = fastify({
    bodyLimit: MAX_BODY_BYTES,
    forceCloseConnections: 'idle',
    ...strictness,
    frameworkErrors: (error, _, reply) => sendHttpError(reply as FastifyReply, error, report),
  });
  const apollo = new ApolloServer<GraphQLContext>({
    schema,
    // Refused by the gate instead, on all transports in the same words.
    introspection: true,
    documentStore: documents.documentStore,
    persistedQueries: false,
    formatError: (_, error) => formatError(error),
    stringifyResult: (answer) => `${writeJson(answer)}\n`,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    logger: apolloLog.logger,
    plugins: [
      fastifyApolloDrainPlugin(app),
      ApolloServerPluginCacheControlDisabled(),
      hasExplorer ? landingPage : ApolloServerPluginLandingPageDisabled(),
      createDocumentPlugin({ documents, toClientError: formatError, path: PATH }),
      apolloLog.plugin,
    ],
  });
  const sessions = new CallerSessions({ authenticate, connectionsPerCaller: options.connectionsPerCaller });
  const live = createLiveDocuments({
    schema,
    documents,
    createContext: (of) => new GraphQLContext(services, of),
    mutationMs: services.timeoutMs,
    toClientError: formatError,
  });
  const delivery = { live, sessions, toClientError: formatError, report, isAllowedHost, isAllowedOrigin };
  const endWebSockets = serveWebSockets({
    ...delivery,
    server: app.server,
    path: PATH,
    maxMessageBytes: MAX_BODY_BYTES,
  });
  const connections = trackOpenConnections(app.server);
  let endStreams = () => {};

  let isStopping = false;
  // Otherwise a connection that was busy when the stop began would be kept alive, and be waited for.
  app.addHook('onSend', (_, reply, __, done) => {
    if (isStopping) reply.header('connection', 'close');
    done();
  });
  app.addHook('onRequest', (request, reply, done) => {
    // A stream would only be broken off.
    if (isStopping && request.routeOptions.url === STREAM_PATH)
      return sendError(reply, 503, 'UPSTREAM_UNAVAILABLE', 'This gateway is stopping. Come back in a moment.');
    if (isAllowedHost(request.headers.host)) return done();
    return sendError(
      reply,
      403,
      'FORBIDDEN',
      'This name is not one of this gateway. Add it to ALLOWED_ORIGINS to allow it.',
    );
  });
  app.setErrorHandler((error: FastifyError, _, reply) => sendHttpError(reply, error, report));
  app.setNotFoundHandler((_, reply) =>
    sendError(reply, 404, 'NOT_FOUND', `There is nothing here. GraphQL is served at ${PATH}, by POST and GET.`),
  );
  app.get('/health/live', () => ({ status: 'ok' }));
  app.get('/health/ready', async (_, reply) => {
    try {
      await services.store.ping();
      return { status: 'ok' };
    } catch (error) {
      logger.warn({ err: error }, 'not ready: the store does not take writes');
      const reason = error instanceof GatewayError ? error.message : 'The store does not answer at present.';
      return reply.code(503).send({ status: 'unavailable', reasons: [reason] });
    }
  });

  app.get('/health/graph', () => options.inspect());

  return {
    async start() {
      await apollo.start();
      await app.register(fastifyCors, { origin: (origin, done) => done(null, isAllowedOrigin(origin)) });
      await app.register(async (graphql) => {
        graphql.decorateRequest('session', null);
        // Before the body is read: whoever has a bad token sends it in vain.
        graphql.addHook('onRequest', async (request, reply) => {
          try {
            request.session = await authenticate(request.headers.authorization);
          } catch (error) {
            return refuseCaller(reply, error);
          }
        });
        graphql.addHook(
          'preHandler',
          createShortcut({ schema, documents, execute, createContext, toClientError: formatError }),
        );
        await graphql.register(fastifyApollo(apollo), {
          path: PATH,
          context: (request) => Promise.resolve(createContext(request)),
        });
      });
      endStreams = serveSse(app, { ...delivery, path: STREAM_PATH });
      if (hasExplorer) {
        app.get('/', (_, reply) => reply.redirect(PATH));
        await serveExplorer(app, PATH);
      }
      return app.listen({ host: options.host, port: options.port });
    },
    async stop() {
      isStopping = true;
      endStreams();
      const resting = setInterval(() => connections.endResting(), RESTING_MS);
      const unfinished = setTimeout(() => connections.endUnfinished(), UNFINISHED_MS);
      await endWebSockets();
      await apollo.stop();
      await app.close();
      clearInterval(resting);
      clearTimeout(unfinished);
    },
  };
}

const landingPage: ApolloServerPlugin = {
  serverWillStart: () => Promise.resolve({ renderLandingPage: () => Promise.resolve({ html: renderSandbox(PATH) }) }),
};
