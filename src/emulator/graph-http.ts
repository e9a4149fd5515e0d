/** Between HTTP and the emulated Graph: reads requests, writes answers, cuts or holds lines that a fault names. */
import { setTimeout as wait } from 'node:timers/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  badRequest,
  clientRequestIdOf,
  errorAnswer,
  GraphRefusal,
  type GraphAnswer,
  type GraphRequest,
} from './graph-answer.ts';
import type { Graph } from './graph.ts';
import type { RandomIds } from './random-ids.ts';

export interface GraphHttpOptions {
  graph: Graph;
  ids: RandomIds;
  now: () => number;
  /** Ends the waiting of delayed answers. */
  stopping: AbortSignal;
}

export interface GraphHttp {
  handle: (http: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>;
  /** For what never became a Graph request, such as a body that is too large. */
  handleError: (error: unknown, http: FastifyRequest, reply: FastifyReply) => FastifyReply;
}

const GRAPH_URL = /^\/(v1\.0|beta)(\/[^?]*)(?:\?(.*))?$/s;
const JSON_TYPE = 'application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8';

export function createGraphHttp({ graph, ids, now, stopping }: GraphHttpOptions): GraphHttp {
  const receive = (http: FastifyRequest): { request: GraphRequest; version: string } => {
    const [, version = '', path = '', search = ''] = GRAPH_URL.exec(http.raw.url ?? '') ?? [];
    // Links lead back to the name by which the client knows us, not to the address we listen on.
    const origin = `http://${http.headers.host ?? ''}`;
    const headers = headersOf(http);
    const request = {
      method: http.method,
      path,
      query: new URLSearchParams(search),
      headers,
      ...readBody(http.body, headers['content-type']),
      origin,
      root: `${origin}/${version}`,
      requestId: ids.passingId(),
      receivedAt: now(),
    };
    return { request, version };
  };

  return {
    async handle(http, reply) {
      const { request, version } = receive(http);
      const delivery = await graph(request, version);
      if (delivery.delayMs > 0) await wait(delivery.delayMs, undefined, { signal: stopping }).catch(() => undefined);
      if (delivery.by === 'send' && !stopping.aborted) return write(reply, delivery.answer, request, now());
      reply.hijack();
      if (delivery.by !== 'hang') http.raw.socket.destroy();
      return reply;
    },
    handleError(error, http, reply) {
      const { request } = receive(http);
      const status = isHttpError(error) ? error.statusCode : 500;
      const code = status === 413 ? 'RequestEntityTooLarge' : status < 500 ? 'BadRequest' : 'InternalServerError';
      const message = isHttpError(error) ? error.message : 'The emulator failed to answer this request.';
      return write(reply, errorAnswer(request, { status, code, message }), request, now());
    },
  };
}

function isHttpError(error: unknown): error is { statusCode: number; message: string } {
  return typeof error === 'object' && error !== null && 'statusCode' in error && typeof error.statusCode === 'number';
}

function write(reply: FastifyReply, answer: GraphAnswer, request: GraphRequest, at: number): FastifyReply {
  reply.code(answer.status).headers({
    'request-id': request.requestId,
    'client-request-id': clientRequestIdOf(request),
    date: new Date(at).toUTCString(),
    'cache-control': 'no-cache',
  });
  if (answer.body !== undefined) reply.headers({ 'content-type': JSON_TYPE, 'odata-version': '4.0' });
  reply.headers(answer.headers);
  return reply.send(answer.body === undefined ? answer.text : JSON.stringify(answer.body));
}

function headersOf(http: FastifyRequest): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(http.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return headers;
}

function readBody(raw: unknown, contentType: string | undefined): Pick<GraphRequest, 'body' | 'bodyRefusal'> {
  if (typeof raw !== 'string' || raw === '') return { body: undefined };
  if (!contentType) {
    return {
      body: raw,
      bodyRefusal: badRequest('Write requests (excluding DELETE) must contain the Content-Type header declaration.'),
    };
  }
  if (!/^application\/json\b/i.test(contentType)) {
    return {
      body: raw,
      bodyRefusal: new GraphRefusal(415, 'UnsupportedMediaType', `The media type '${contentType}' is not supported.`),
    };
  }
  try {
    return { body: JSON.parse(raw) as unknown };
  } catch {
    return { body: raw, bodyRefusal: badRequest('Unable to read JSON request payload: it is not valid JSON.') };
  }
}
