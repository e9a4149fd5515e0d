// GraphQL over server-sent events (graphql-sse, distinct connections), for those who cannot open sockets: one document a request.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ExecutionArgs, GraphQLFormattedError } from 'graphql';
import type { OriginCheck } from '../auth/origins.ts';
import { toClientErrors, toError } from '../errors.ts';
import { refuseCaller, sendError } from '../http-error.ts';
import { writeJson } from './answer.ts';
import type { CallerSessions } from './caller-sessions.ts';
import { EventStream } from './event-stream.ts';
import { isOf, type LiveDocuments, type LiveRequest } from './live-documents.ts';
import { Subscriber } from './subscriber.ts';

export interface SseOptions {
  path: string;
  live: LiveDocuments;
  sessions: CallerSessions;
  toClientError: (error: unknown) => GraphQLFormattedError;
  report: (error: Error) => void;
  isAllowedOrigin: OriginCheck;
}

/** @returns how to end: every stream is broken off, so that its client comes back. */
export function serveSse(app: FastifyInstance, options: SseOptions): () => void {
  const { live, sessions } = options;
  const streams = new Set<EventStream>();

  async function handle(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { origin, host, accept, authorization } = request.headers;
    if (!options.isAllowedOrigin(origin, host))
      return sendError(reply, 403, 'FORBIDDEN', 'Pages of this origin may not call. Add it to ALLOWED_ORIGINS.');
    if (!accept?.includes('text/event-stream'))
      return sendError(reply, 406, 'BAD_REQUEST', 'Only events are served here. Send `Accept: text/event-stream`.');
    const asked = readRequest(request);
    if (!asked) return sendError(reply, 400, 'BAD_REQUEST', NO_REQUEST);
    const response = reply.raw;
    const session = sessions.create(() => response.destroy());
    response.once('close', () => session.end());
    try {
      await session.begin(authorization);
    } catch (error) {
      return refuseCaller(reply, error);
    }
    // Whoever left meanwhile is not waited for.
    if (response.destroyed) return reply.hijack();
    const args = live.prepare(asked, () => session.current);
    if (request.method === 'GET' && 'document' in args && isOf('mutation', args))
      return sendError(reply, 405, 'BAD_REQUEST', 'A mutation cannot be sent by GET. Send it by POST.');
    reply.hijack();
    const stream = new EventStream(response, reply.getHeaders() as Record<string, string>);
    streams.add(stream);
    response.once('close', () => streams.delete(stream));
    try {
      if ('document' in args) await answer(stream, args, (stop) => response.once('close', stop));
      else stream.send(writeJson({ errors: toClientErrors(args, options.toClientError) }));
      stream.complete();
    } catch (error) {
      options.report(toError(error));
      stream.break();
    }
    return reply;
  }

  async function answer(stream: EventStream, args: ExecutionArgs, onClose: (stop: () => void) => void): Promise<void> {
    const result = await live.run(args, stream);
    if (!(result instanceof Subscriber)) return stream.send(writeJson(live.toAnswer(result)));
    const stop = () => void result.return();
    onClose(stop);
    // It may have been closed before there was anything to stop.
    if (stream.isClosed) stop();
    await result.next();
  }

  app.route({ method: ['GET', 'POST'], url: options.path, handler: handle });
  return () => {
    for (const stream of streams) stream.break();
  };
}

const NO_REQUEST =
  'Send a JSON object with a query; variables and extensions are objects, too. By GET they are JSON in the address.';

function readRequest({ method, body, query }: FastifyRequest): LiveRequest | undefined {
  const request = method === 'GET' ? readAddress(query as Members) : (body as Members | null | undefined);
  if (!isObject(request)) return undefined;
  const { variables, extensions, operationName } = request;
  const isFit = [variables, extensions].every((one) => one === undefined || one === null || isObject(one));
  return isFit && ['string', 'undefined'].includes(typeof (operationName ?? undefined))
    ? (request as LiveRequest)
    : undefined;
}

type Members = { readonly [name: string]: unknown };

function readAddress({ variables, extensions, ...rest }: Members): Members | undefined {
  try {
    return { ...rest, variables: parse(variables), extensions: parse(extensions) };
  } catch {
    return undefined;
  }
}

function parse(text: unknown): unknown {
  return typeof text === 'string' ? (JSON.parse(text) as unknown) : undefined;
}

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
