// GraphQL over WebSocket (graphql-transport-ws) on the HTTP server's port.
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ExecutionArgs, ExecutionResult, GraphQLFormattedError } from 'graphql';
import { makeServer } from 'graphql-ws';
import { WebSocketServer, type RawData, type WebSocket } from 'ws';
import type { HostCheck, OriginCheck } from '../auth/origins.ts';
import { authorizationOf } from '../auth/session.ts';
import { GatewayError, toClientErrors, toError } from '../errors.ts';
import type { CallerSession, CallerSessions } from './caller-sessions.ts';
import type { LiveDocuments, LiveRequest } from './live-documents.ts';
import { SocketDocuments } from './socket-documents.ts';

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
/** Whoever has not read so much gets no more. */
const MOST_UNREAD_BYTES = 4 * 1024 * 1024;
/** A socket that does not answer a ping within the same time is dead. */
const PING_EVERY_MS = 12_000;
/** How long a client has to answer that it is closed. */
const CLOSE_MS = 2_000;
const GOING_AWAY = 1001;
const TRY_AGAIN_LATER = 1013;
const BAD_REQUEST = 4400;
const FORBIDDEN = 4403;
const SUBSCRIBER_ALREADY_EXISTS = 4409;
const INTERNAL_SERVER_ERROR = 4500;

/** Bytes are counted, and two of them hold what our reasons are longer by. */
const MOST_REASON = 120;

/** One socket. */
interface Connection {
  session: CallerSession;
  documents: SocketDocuments;
  /** Of the message that is being worked on. */
  messageBytes: number;
  close: (code: number, reason: string) => void;
  /** @returns whether the socket may stay; closes it when what is done fails */
  allow: (act: (session: CallerSession) => Promise<void>) => Promise<boolean>;
}

/** Which document of which socket it is that runs. */
interface Running {
  id: string;
  documents: SocketDocuments;
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
  const protocol = makeServer<Record<string, unknown>, Connection>({
    onConnect: ({ connectionParams, extra }) =>
      extra.allow((session) => session.begin(authorizationOf(connectionParams))),
    onSubscribe({ extra: { session, documents, messageBytes, close } }, id, payload) {
      if (id.length > MOST_ID || documents.has(id)) {
        if (documents.has(id)) close(SUBSCRIBER_ALREADY_EXISTS, 'Subscriber for this id already exists');
        else close(BAD_REQUEST, `An id has at most ${MOST_ID} characters`);
        // Without an answer the library would run the document itself.
        return [new GatewayError('BAD_REQUEST', 'The id is not good.')];
      }
      const args = live.prepare(payload as LiveRequest, () => session.current);
      if (!('document' in args)) return args;
      const refusal = documents.take(id, messageBytes);
      if (refusal) return [refusal];
      running.set(args, { id, documents });
      return args;
    },
    execute: async (args) => {
      const { id, documents } = running.get(args) as Running;
      try {
        return (await live.run(args)) as ExecutionResult;
      } finally {
        documents.release(id);
      }
    },
    subscribe: async (args) => {
      const { id, documents } = running.get(args) as Running;
      const result = await live.run(args);
      if (Symbol.asyncIterator in result) return documents.follow(id, result);
      documents.release(id);
      return result;
    },
    onNext: (_, __, ___, ____, result) => live.toAnswer(result),
    onError: (_, __, ___, errors) => toClientErrors(errors, toClientError),
  });

  function serve(socket: WebSocket): void {
    const close = (code: number, reason: string) => {
      session.end();
      socket.close(code, reason);
      // Whoever does not answer is not waited for.
      setTimeout(() => socket.terminate(), CLOSE_MS).unref();
    };
    const refuse = ({ code, message }: GatewayError) =>
      close(code === 'UNAUTHENTICATED' ? FORBIDDEN : TRY_AGAIN_LATER, message.slice(0, MOST_REASON));
    const session = options.sessions.create(refuse);
    const allow: Connection['allow'] = async (act) => {
      try {
        await act(session);
      } catch (error) {
        if (!(error instanceof GatewayError)) throw error;
        refuse(error);
      }
      return session.current !== null;
    };
    const fail = (error: unknown) => {
      // The client's fault, which the library has no code for.
      if (toError(error).message.startsWith('Unexpected message of type'))
        return close(BAD_REQUEST, 'Invalid message received');
      options.report(toError(error));
      close(INTERNAL_SERVER_ERROR, 'Internal server error');
    };
    const send = (data: string) =>
      new Promise<void>((resolve) => {
        if (socket.readyState !== socket.OPEN) return resolve();
        if (socket.bufferedAmount > MOST_UNREAD_BYTES) {
          close(TRY_AGAIN_LATER, 'Nobody reads what is sent');
          return resolve();
        }
        // What does not arrive is told by the close.
        socket.send(data, () => resolve());
      });
    const connection: Connection = { session, documents: new SocketDocuments(), messageBytes: 0, close, allow };
    const closed = protocol.opened(
      {
        protocol: socket.protocol,
        send,
        close,
        onMessage: (handle) =>
          socket.on('message', (data: RawData) => {
            connection.messageBytes = (data as Buffer).length;
            handle((data as Buffer).toString()).catch(fail);
          }),
        // Not with the payload of the ping, as the library would: there is a token in it.
        onPing: async (payload) => {
          // Strangers are not answered at all.
          if (!session.current) return;
          const authorization = authorizationOf(payload);
          if (authorization !== undefined) await allow(() => session.renew(authorization));
          await send('{"type":"pong"}');
        },
      },
      connection,
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
      connection.documents.end();
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
