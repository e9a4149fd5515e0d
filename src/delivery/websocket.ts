// GraphQL over WebSocket (graphql-transport-ws) on the HTTP server's port.
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import {
  GraphQLError,
  parse,
  validate,
  type GraphQLFormattedError,
  type GraphQLSchema,
  type ValidationRule,
} from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import type { HostCheck, OriginCheck } from '../auth/origins.ts';
import type { GraphQLContext } from '../context.ts';
import { withCode } from '../errors.ts';

export interface WebSocketOptions {
  server: Server;
  path: string;
  schema: GraphQLSchema;
  /** Made anew for each document. */
  createContext: () => GraphQLContext;
  toClientError: (error: unknown) => GraphQLFormattedError;
  isAllowedHost: HostCheck;
  isAllowedOrigin: OriginCheck;
  validationRules: readonly ValidationRule[];
  maxTokens: number;
  maxMessageBytes: number;
}

/** @returns how to end: every socket is closed with 1001, every subscription returned. */
export function serveWebSockets(options: WebSocketOptions): () => Promise<void> {
  const { server, schema, toClientError } = options;
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: options.maxMessageBytes,
    perMessageDeflate: false,
    handleProtocols: (protocols) => (protocols.has('graphql-transport-ws') ? 'graphql-transport-ws' : false),
  });
  const handle = useServer(
    {
      schema,
      onSubscribe: (_, __, { query, operationName, variables }) => {
        const document = parseDocument(query, options.maxTokens);
        if (document instanceof GraphQLError) return [document];
        const errors = validate(schema, document, options.validationRules);
        if (errors.length > 0) return errors.map((error) => withCode(error, 'GRAPHQL_VALIDATION_FAILED'));
        return { schema, document, operationName, variableValues: variables, contextValue: options.createContext() };
      },
      // graphql-js gives variables that do not fit no code.
      onNext: (_, __, ___, ____, result) =>
        result.errors
          ? {
              ...result,
              errors: result.errors.map((error) =>
                toClientError(error.path ? error : withCode(error, 'BAD_USER_INPUT')),
              ),
            }
          : undefined,
      onError: (_, __, ___, errors) => errors.map(toClientError),
    },
    sockets,
  );

  function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    // An address that cannot be parsed is nobody's.
    const pathname = URL.parse(request.url ?? '', 'http://gateway')?.pathname;
    if (pathname !== options.path) return refuse(socket, '404 Not Found');
    if (!options.isAllowedHost(request.headers.host)) return refuse(socket, '403 Forbidden');
    if (!options.isAllowedOrigin(request.headers.origin, request.headers.host)) return refuse(socket, '403 Forbidden');
    sockets.handleUpgrade(request, socket, head, (webSocket) => sockets.emit('connection', webSocket, request));
  }
  server.on('upgrade', upgrade);

  return async () => {
    server.off('upgrade', upgrade);
    await handle.dispose();
  };
}

function parseDocument(query: string, maxTokens: number) {
  try {
    return parse(query, { maxTokens });
  } catch (error) {
    if (error instanceof GraphQLError) return withCode(error, 'GRAPHQL_PARSE_FAILED');
    throw error;
  }
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
