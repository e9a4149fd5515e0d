// Errors of HTTP itself, before or beside GraphQL: in the shape of a GraphQL answer, with a status.
import type { FastifyError, FastifyReply } from 'fastify';
import type { ErrorCode } from './errors.ts';

/** Answers with one error and nothing else. */
export function sendError(reply: FastifyReply, status: number, code: ErrorCode, message: string): FastifyReply {
  return reply.code(status).send({ errors: [{ message, extensions: { code } }] });
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

/** Server options against those who send so slowly that they hold on to a connection: how long a request may take to arrive. */
export const slowSenders = { requestTimeout: 15_000, http: { connectionsCheckingInterval: 5_000 } } as const;
