// GraphQL over WebSocket (graphql-transport-ws) on the HTTP server's port.
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ExecutionArgs, ExecutionResult, GraphQLFormattedError } from 'graphql';
import { makeServer } from 'graphql-ws';
import { WebSocketServer, type RawData, type WebSocket } from 'ws';
import type { HostCheck, OriginCheck } from '../auth/origins.ts';
import { authorizationOf } from '../auth/session.ts';
import { GatewayError, toClientErrors, toError } from '../errors.ts';
import type { CallerSessions } from './caller-sessions.ts';
import type { LiveDocuments, LiveRequest } from './live-documents.ts';
import { CLOSE_MS, SocketConnection } from './socket-connection.ts';
import { Subscriber } from './subscriber.ts';

export interface WebSocketOptions {
  server: Server;
  path: string;
  live: LiveDocuments;
  sessions: CallerSessions;
  toClientError: (error: unknown) => GraphQLFormattedError;
  report: (error: Error) => void;
  isAllowedHost: HostCheck;
  isAllowedOrigin: OriginCheck;
  maxMessageBytes: number;
}

/** Ids are kept as long as their documents. */
const MOST_ID = 128;
const GOING_AWAY = 1001;
const BAD_REQUEST = 4400;
const SUBSCRIBER_ALREADY_EXISTS = 4409;
const INTERNAL_SERVER_ERROR = 4500;

/** Which document of which socket it is that runs. */
interface Running {
  id: string;
  connection: SocketConnection;
}

/** @returns how to end: every socket is closed with 1001, every subscription returned. */
export function serveWebSockets(options: WebSocketOptions): () => Promise<void> {
  const { server, live, toClientError } = options;
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: options.maxMessageBytes,
    perMessageDeflate: false,
    handleProtocols: (protocols) => (protocols.has('graphql-transport-ws') ? 'graphql-transport-ws' : false),
  });
  const running = new WeakMap<ExecutionArgs, Running>();
  const run = async (args: ExecutionArgs) => {
    const { id, connection } = running.get(args) as Running;
    const { documents } = connection;
    let result: Subscriber | ExecutionResult | undefined;
    try {
      result = await live.run(args, connection.sinkOf(id));
      return result;
    } finally {
      if (result instanceof Subscriber) documents.follow(id, result);
      else documents.release(id);
    }
  };
  const protocol = makeServer<Record<string, unknown>, SocketConnection>({
    onConnect: ({ connectionParams, extra }) =>
      extra.allow((session) => session.begin(authorizationOf(connectionParams))),
    onSubscribe({ extra: connection }, id, payload) {
      const { documents, session, messageBytes } = connection;
      if (id.length > MOST_ID || documents.has(id)) {
        if (documents.has(id)) connection.close(SUBSCRIBER_ALREADY_EXISTS, 'Subscriber for this id already exists');
        else connection.close(BAD_REQUEST, `An id has at most ${MOST_ID} characters`);
        // Without an answer the library would run the document itself.
        return [new GatewayError('BAD_REQUEST', 'The id is not good.')];
      }
      const args = live.prepare(payload as LiveRequest, () => session.current);
      if (!('document' in args)) return args;
      const refusal = documents.take(id, messageBytes, args.document);
      if (refusal) return [refusal];
      running.set(args, { id, connection });
      return args;
    },
    execute: run,
    subscribe: run,
    onNext: (_, __, ___, ____, result) => live.toAnswer(result),
    onError: (_, __, ___, errors) => toClientErrors(errors, toClientError),
  });

  function serve(socket: WebSocket): void {
    const connection = new SocketConnection(socket, options.sessions);
    const fail = (error: unknown) => {
      // The client's fault, which the library has no code for.
      if (toError(error).message.startsWith('Unexpected message of type'))
        return connection.close(BAD_REQUEST, 'Invalid message received');
      options.report(toError(error));
      connection.close(INTERNAL_SERVER_ERROR, 'Internal server error');
    };
    const closed = protocol.opened(
      {
        protocol: socket.protocol,
        send: (data) => connection.send(data),
        close: (code = INTERNAL_SERVER_ERROR, reason = '') => connection.close(code, reason),
        onMessage: (handle) =>
          socket.on('message', (data: RawData) => {
            connection.messageBytes = (data as Buffer).length;
            handle(parse(data as Buffer)).catch(fail);
          }),
        // Not with the payload of the ping, as the library would: there is a token in it.
        onPing: async (payload) => {
          // Strangers are not answered at all.
          if (!connection.session.current) return;
          const authorization = authorizationOf(payload);
          if (authorization !== undefined) await connection.allow((session) => session.renew(authorization));
          await connection.send('{"type":"pong"}');
        },
      },
      connection,
    );
    // Whoever breaks the protocol is closed by the library with the code for it.
    socket.on('error', () => {});
    socket.once('close', (code, reason) => {
      connection.end();
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

function refuse(socket: Duplex, status: string): void {
  // Whoever keeps the other half open is not waited for.
  socket.once('finish', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

/** @returns what the library takes instead of the text, which it would keep as long as a subscription lasts. */
function parse(data: Buffer): string {
  const text = data.toString();
  try {
    return JSON.parse(text) as string;
  } catch {
    // The library knows what to do.
    return text;
  }
}
