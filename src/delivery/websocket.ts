// GraphQL over WebSocket (graphql-transport-ws) on the HTTP server's port.
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { getOperationAST, type GraphQLFormattedError, type GraphQLSchema } from 'graphql';
import { makeServer } from 'graphql-ws';
import { WebSocketServer, type RawData, type WebSocket } from 'ws';
import type { HostCheck, OriginCheck } from '../auth/origins.ts';
import type { Authenticate } from '../auth/session.ts';
import type { ContextOptions, GraphQLContext } from '../context.ts';
import { createDeadline } from '../deadline.ts';
import { GatewayError, toError, withCode } from '../errors.ts';
import type { DocumentGate } from './documents.ts';
import { SocketSessions, type SocketSession } from './socket-session.ts';
import type { DocumentRequest } from './trusted-documents.ts';

export interface WebSocketOptions {
  server: Server;
  path: string;
  schema: GraphQLSchema;
  authenticate: Authenticate;
  /** Made anew for each document. */
  createContext: (options: ContextOptions) => GraphQLContext;
  /** What a mutation needs. */
  mutationMs: number;
  toClientError: (error: unknown) => GraphQLFormattedError;
  report: (error: Error) => void;
  isAllowedHost: HostCheck;
  isAllowedOrigin: OriginCheck;
  documents: Pick<DocumentGate, 'prepare'>;
  maxMessageBytes: number;
  /** How many sockets one caller may have here at once. */
  socketsPerCaller: number;
}

/** How many documents may run on one socket at once. */
const MAX_OPERATIONS = 500;
/** A socket that does not answer a ping within the same time is dead. */
const PING_EVERY_MS = 12_000;
/** How long a client has to answer that it is closed. */
const CLOSE_MS = 2_000;
const GOING_AWAY = 1001;
const BAD_REQUEST = 4400;
const INTERNAL_SERVER_ERROR = 4500;

/** @returns how to end: every socket is closed with 1001, every subscription returned. */
export function serveWebSockets(options: WebSocketOptions): () => Promise<void> {
  const { server, schema, toClientError } = options;
  const sessions = new SocketSessions(options);
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: options.maxMessageBytes,
    perMessageDeflate: false,
    handleProtocols: (protocols) => (protocols.has('graphql-transport-ws') ? 'graphql-transport-ws' : false),
  });
  const protocol = makeServer<Record<string, unknown>, SocketSession>({
    schema,
    onConnect: ({ connectionParams, extra }) => extra.begin(connectionParams),
    onSubscribe: ({ subscriptions, extra }, _, payload) => {
      if (Object.keys(subscriptions).length > MAX_OPERATIONS) return [tooMany()];
      const { operationName, variables } = payload;
      const prepared = options.documents.prepare(payload as typeof payload & DocumentRequest);
      if ('errors' in prepared) return prepared.errors;
      const { document } = prepared;
      const isSubscription = getOperationAST(document, operationName)?.operation === 'subscription';
      const contextValue = options.createContext({
        findSession: () => extra.current,
        deadline: isSubscription ? null : createDeadline(options.mutationMs),
      });
      return { schema, document, operationName, variableValues: variables, contextValue };
    },
    // graphql-js gives variables that do not fit no code.
    onNext: (_, __, ___, ____, result) =>
      result.errors
        ? {
            ...result,
            errors: result.errors.map((error) => toClientError(error.path ? error : withCode(error, 'BAD_USER_INPUT'))),
          }
        : undefined,
    onError: (_, __, ___, errors) => errors.map(toClientError),
  });

  function serve(socket: WebSocket): void {
    const close = (code: number, reason: string) => socket.close(code, reason);
    const session = sessions.create(close);
    const fail = (error: unknown) => {
      // The client's fault, which the library has no code for.
      if (toError(error).message.startsWith('Unexpected message of type'))
        return close(BAD_REQUEST, 'Invalid message received');
      options.report(toError(error));
      close(INTERNAL_SERVER_ERROR, 'Internal server error');
    };
    const send = (data: string) =>
      new Promise<void>((resolve, reject) => {
        if (socket.readyState !== socket.OPEN) return resolve();
        socket.send(data, (error) => (error ? reject(error) : resolve()));
      });
    const closed = protocol.opened(
      {
        protocol: socket.protocol,
        send,
        close,
        onMessage: (handle) =>
          socket.on('message', (data: RawData) => void handle((data as Buffer).toString()).catch(fail)),
        // Not with the payload of the ping, as the library would: there is a token in it.
        onPing: async (payload) => {
          await session.renew(payload);
          await send('{"type":"pong"}');
        },
      },
      session,
    );
    let isAlive = true;
    const pinging = setInterval(() => {
      if (!isAlive) return socket.terminate();
      isAlive = false;
      socket.ping();
    }, PING_EVERY_MS);
    socket.on('pong', () => (isAlive = true));
    // Whoever breaks the protocol is closed by the library with the code for it.
    socket.on('error', () => {});
    socket.once('close', (code, reason) => {
      clearInterval(pinging);
      session.end();
      closed(code, reason.toString()).catch(fail);
    });
  }

  function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    // An address that cannot be parsed is nobody's.
    const pathname = URL.parse(request.url ?? '', 'http://gateway')?.pathname;
    if (pathname !== options.path) return refuse(socket, '404 Not Found');
    if (!options.isAllowedHost(request.headers.host)) return refuse(socket, '403 Forbidden');
    if (!options.isAllowedOrigin(request.headers.origin, request.headers.host)) return refuse(socket, '403 Forbidden');
    sockets.handleUpgrade(request, socket, head, serve);
  }
  server.on('upgrade', upgrade);

  return async () => {
    server.off('upgrade', upgrade);
    for (const socket of sockets.clients) socket.close(GOING_AWAY, 'Going away');
    const timer = setTimeout(() => sockets.clients.forEach((socket) => socket.terminate()), CLOSE_MS);
    await new Promise((resolve) => sockets.close(resolve));
    clearTimeout(timer);
  };
}

function tooMany(): GatewayError {
  const cure = 'Complete some, or open another socket.';
  return new GatewayError('LIMIT_EXCEEDED', `More than ${MAX_OPERATIONS} documents run on this socket. ${cure}`);
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
