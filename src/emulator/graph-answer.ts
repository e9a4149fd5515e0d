/** The request, the answer and the refusal that every emulated Graph route speaks, alone or inside a batch. */

export interface GraphRequest {
  method: string;
  /** Below the version, as sent: `/users/42`. */
  path: string;
  query: URLSearchParams;
  /** Names in lower case. */
  headers: Record<string, string>;
  body: unknown;
  /** Why the body could not be read; thrown as soon as the route is known to want one. */
  bodyRefusal?: GraphRefusal | undefined;
  /** Origin as the client addressed us: links in answers must lead back the same way. */
  origin: string;
  /** `{origin}/v1.0` or `{origin}/beta`. */
  root: string;
  requestId: string;
  receivedAt: number;
}

export interface GraphAnswer {
  status: number;
  headers: Record<string, string>;
  /** JSON; absent for 204 and for `text` answers. */
  body?: unknown;
  /** Body as it is, for answers that are not JSON. */
  text?: string;
}

/** An answer, and how it reaches the client: a fault may cut the line, leave it hanging, or send it late. */
export interface Delivery {
  answer: GraphAnswer;
  by: 'send' | 'cut' | 'hang';
  delayMs: number;
  /** How often the answer appears as a batch part: 0, 1 or 2. */
  copies: number;
}

/** Thrown by routes; becomes an answer in Graph's error shape. */
export class GraphRefusal extends Error {
  readonly status: number;
  readonly code: string;
  readonly headers: Record<string, string>;
  constructor(status: number, code: string, message: string, headers: Record<string, string> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

/** The OData layer's 400: the request does not fit the model. */
export function badRequest(message: string): GraphRefusal {
  return new GraphRefusal(400, 'BadRequest', message);
}

/** The directory's 404. */
export function resourceNotFound(id: string): GraphRefusal {
  return new GraphRefusal(
    404,
    'Request_ResourceNotFound',
    `Resource '${id}' does not exist or one of its queried reference-property objects are not present.`,
  );
}

export function json(status: number, body: unknown, headers: Record<string, string> = {}): GraphAnswer {
  return { status, headers, body };
}

export function deliver(answer: GraphAnswer): Delivery {
  return { answer, by: 'send', delayMs: 0, copies: 1 };
}

/** The same delivery, with these headers on its answer. */
export function withHeaders(delivery: Delivery, headers: Record<string, string>): Delivery {
  const { answer } = delivery;
  return { ...delivery, answer: { ...answer, headers: { ...answer.headers, ...headers } } };
}

export function clientRequestIdOf(request: GraphRequest): string {
  return request.headers['client-request-id'] ?? request.requestId;
}

/** `2026-01-31T10:00:00Z`: Graph's directory dates have whole seconds. */
export function toGraphDate(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** Graph's error body. The date has no zone: so it is in every published sample. */
export function errorAnswer(
  request: GraphRequest,
  error: { status: number; code: string; message: string; headers?: Record<string, string> },
  headers: Record<string, string> = error.headers ?? {},
): GraphAnswer {
  const innerError = {
    date: toGraphDate(request.receivedAt).slice(0, -1),
    'request-id': request.requestId,
    'client-request-id': clientRequestIdOf(request),
  };
  const throttled = error.status === 429 ? { code: '429', message: error.message, status: '429' } : {};
  return json(
    error.status,
    { error: { code: error.code, message: error.message, innerError: { ...throttled, ...innerError } } },
    headers,
  );
}
