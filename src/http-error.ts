// Errors of HTTP itself, before or beside GraphQL: in the shape of a GraphQL answer, with a status.
import type { Socket } from 'node:net';
import type { FastifyError, FastifyReply } from 'fastify';
import { GatewayError, type ErrorCode } from './errors.ts';

/** Answers with one error and nothing else. */
export function sendError(reply: FastifyReply, status: number, code: ErrorCode, message: string): FastifyReply {
  return reply.code(status).send({ errors: [{ message, extensions: { code } }] });
}

const statuses: { readonly [code in ErrorCode]?: number } = {
  UNAUTHENTICATED: 401,
  LIMIT_EXCEEDED: 429,
  UPSTREAM_UNAVAILABLE: 503,
};

/** Answers a caller who is not let in; anything that was not thrown on purpose is thrown on. */
export function refuseCaller(reply: FastifyReply, error: unknown): FastifyReply {
  if (!(error instanceof GatewayError)) throw error;
  if (error.code === 'UNAUTHENTICATED') reply.header('www-authenticate', 'Bearer error="invalid_token"');
  return sendError(reply, statuses[error.code] ?? 400, error.code, error.message);
}

/**
 * Answers with what Fastify found wrong.
 * @param report told about an error that is not the client's
 */
export function sendHttpError(reply: FastifyReply, error: FastifyError, report: (error: Error) => void): FastifyReply {
  const status = error.statusCode ?? 500;
  if (status === 413)
    return sendError(reply, status, 'REQUEST_TOO_LARGE', 'The request is too large. Send less at once.');
  if (status >= 400 && status < 500) {
    const cure = 'Send a JSON object with a query to /graphql, with the content type application/json.';
    return sendError(reply, status, 'BAD_REQUEST', `${error.message.replace(/\.?$/, '.')} ${cure}`);
  }
  report(error);
  return sendError(reply, 500, 'INTERNAL_SERVER_ERROR', 'Internal server error');
}

/** What is wrong with a request that is none, by Node's code for it. */
const unreadable: { readonly [code: string]: readonly [status: string, code: ErrorCode, message: string] } = {
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'LIMIT_EXCEEDED', 'The request came too slowly. Send it at once.'],
  HPE_HEADER_OVERFLOW: [
    '431 Request Header Fields Too Large',
    'REQUEST_TOO_LARGE',
    'The headers are too large. Send less in them.',
  ],
};

/** Answers on a bare socket, for what never became a request. */
function answerUnreadable(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const usual = [
    '400 Bad Request',
    'BAD_REQUEST',
    'This is not HTTP/1.1. Check the client and what is between.',
  ] as const;
  const [status, code, message] = unreadable[error.code ?? ''] ?? usual;
  const body = JSON.stringify({ errors: [{ message, extensions: { code } }] });
  const head = `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ${body.length}\r\n\r\n`;
  if (socket.writable) socket.write(head + body);
  socket.destroySoon();
}

/**
 * Server options against those who send so slowly that they hold on to a connection: how long a request may take to arrive.
 * And what they are answered who send what cannot be read.
 */
export const strictness = {
  requestTimeout: 15_000,
  // Node forgets about slow bodies when headers may take longer than the whole.
  http: { connectionsCheckingInterval: 5_000, headersTimeout: 10_000 },
  clientErrorHandler: answerUnreadable,
};
