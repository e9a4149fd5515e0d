// The errors that the gateway throws on purpose, and the one formatter that lets them out.
import { GraphQLError, Kind, type GraphQLFormattedError } from 'graphql';
import { toInputPosition } from './input-position.ts';

/** What a client may branch on; the README's table says what each means and whether repeating is safe. */
export type ErrorCode =
  | 'BAD_REQUEST'
  | 'LIMIT_EXCEEDED'
  | 'REQUEST_TOO_LARGE'
  | 'BAD_USER_INPUT'
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'NOT_FOUND'
  | 'CONFLICT'
  | 'THROTTLED'
  | 'UPSTREAM_UNAVAILABLE'
  | 'OUTCOME_UNKNOWN'
  | 'IDEMPOTENCY_CONFLICT'
  | 'INTERNAL_SERVER_ERROR';

/** What Graph said about a failed call: enough to report it to Microsoft, nothing of its body. */
export interface GraphAnswer {
  statusCode: number;
  code: string | null;
  requestId: string | null;
}

/** Facts for the client beside the code. */
export interface ErrorExtensions {
  /** Claims that a new token must be asked for with, as JSON text. */
  claims?: string;
  /** Position of the bad value, such as `input.participants[0].identity`. */
  field?: string;
  graph?: GraphAnswer;
  recordId?: string;
  retryAfterSeconds?: number;
}

/** An error that is meant for the client: message, code and facts are sent as they are. */
export class GatewayError extends GraphQLError {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, extensions: ErrorExtensions = {}, cause?: unknown) {
    super(message, {
      extensions: { code, ...extensions },
      ...(cause === undefined ? {} : { originalError: toError(cause) }),
    });
    this.name = 'GatewayError';
    this.code = code;
  }
}

/**
 * Refuses a value of the input.
 * @param field its position, such as `input.participants[0].identity`
 * @param message what is wrong, and how to mend it
 */
export function refuseInput(field: string, message: string): never {
  throw new GatewayError('BAD_USER_INPUT', `${field}: ${message}`, { field });
}

/** @returns the value as an `Error`, for whatever a `catch` may hold. */
export function toError(value: unknown): Error {
  if (Error.isError(value)) return value as Error;
  return new Error(typeof value === 'object' && value !== null ? 'an object that is no error' : String(value));
}

const REQUEST_ERROR_CODES = new Set([
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'BAD_USER_INPUT',
  'BAD_REQUEST',
  'LIMIT_EXCEEDED',
]);

/**
 * The one way out for errors, on every transport. What was not thrown on purpose is reported and masked.
 * @param report told about an error that the client must not see
 */
export function toClientError(error: unknown, report: (error: Error) => void): GraphQLFormattedError {
  const { locations, path } = error instanceof GraphQLError ? error : {};
  const where = { ...(locations ? { locations } : {}), ...(path ? { path } : {}) };
  const origin = originOf(error);
  if (origin instanceof GatewayError) {
    if (origin.code === 'INTERNAL_SERVER_ERROR') report(origin.originalError ?? origin);
    return { message: origin.message, ...where, extensions: { ...origin.extensions, http: undefined } };
  }
  const blame = error instanceof GraphQLError && origin instanceof GraphQLError ? toBlame(error, origin) : undefined;
  if (blame) {
    const field = toInputPosition(blame.error);
    const message = shorten(withoutSuggestion(blame.error.message));
    return { message, ...where, extensions: { code: blame.code, ...(field ? { field } : {}) } };
  }
  report(toError(origin));
  return {
    message: 'Internal server error',
    ...where,
    extensions: { code: 'INTERNAL_SERVER_ERROR' satisfies ErrorCode },
  };
}

/** Of the errors of one answer; whoever mends these learns of the rest. */
export const MOST_ERRORS = 10;

/** @returns the first errors of an answer as clients get them. */
export function toClientErrors(
  errors: readonly unknown[],
  formatError: (error: unknown) => GraphQLFormattedError,
): GraphQLFormattedError[] {
  return errors.slice(0, MOST_ERRORS).map((error) => formatError(error));
}

/** Suggestions tell of the schema; for those about variables Apollo has no option. They end a message. */
function withoutSuggestion(message: string): string {
  const at = message.endsWith('?') ? message.lastIndexOf(' Did you mean ') : -1;
  return at < 0 ? message : message.slice(0, at);
}

/** In characters, of a message that quotes the request: its beginning says what is wrong, and its end why. */
const [MOST_BEGINNING, MOST_END] = [300, 100];

function shorten(message: string): string {
  if (message.length <= MOST_BEGINNING + MOST_END) return message;
  return `${message.slice(0, MOST_BEGINNING)}…${message.slice(-MOST_END)}`.toWellFormed();
}

/** @returns what graphql-js blames the request for, and as what; undefined when it blames us. */
function toBlame(error: GraphQLError, origin: GraphQLError): { error: GraphQLError; code: string } | undefined {
  if (error.path) {
    // While it runs, graphql-js blames arguments by pointing at a value, and resolvers by pointing at a field.
    const kind = origin.nodes?.[0]?.kind;
    return kind === undefined || kind === Kind.FIELD ? undefined : { error: origin, code: 'BAD_USER_INPUT' };
  }
  const code = error.extensions['code'];
  if (code === 'INTERNAL_SERVER_ERROR') return undefined;
  return { error, code: typeof code === 'string' && REQUEST_ERROR_CODES.has(code) ? code : 'BAD_REQUEST' };
}

/** @returns the same error with a code, for the errors that graphql-js gives none. */
export function withCode(
  error: GraphQLError,
  code: 'GRAPHQL_PARSE_FAILED' | 'GRAPHQL_VALIDATION_FAILED' | 'BAD_USER_INPUT',
): GraphQLError {
  const { message, nodes, source, positions, path, originalError } = error;
  return new GraphQLError(message, { nodes, source, positions, path, originalError, extensions: { code } });
}

/** graphql-js wraps what a resolver threw; a cause of ours is no wrapping. */
function originOf(error: unknown): unknown {
  let origin = error;
  while (origin instanceof GraphQLError && !(origin instanceof GatewayError) && origin.originalError)
    origin = origin.originalError;
  return origin;
}
