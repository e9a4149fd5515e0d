// The short way over HTTP for what is asked again and again: a known document by POST is run at once, all else is for Apollo.
import type { FastifyRequest, preHandlerHookHandler } from 'fastify';
import { getOperationAST, type ExecutionArgs, type GraphQLFormattedError, type GraphQLSchema } from 'graphql';
import type { GraphQLContext } from '../context.ts';
import { toClientErrors } from '../errors.ts';
import { writeJson } from './answer.ts';
import type { Execute } from './document-execution.ts';
import type { DocumentGate } from './documents.ts';

export interface ShortcutOptions {
  schema: GraphQLSchema;
  documents: Pick<DocumentGate, 'findPrepared'>;
  execute: Execute;
  createContext: (request: FastifyRequest) => GraphQLContext;
  toClientError: (error: unknown) => GraphQLFormattedError;
}

const JSON_TYPE = 'application/json';
const GRAPHQL_TYPE = 'application/graphql-response+json';

/** @returns what goes before Apollo: it answers with what Apollo would, or leaves the request alone, not begun. */
export function createShortcut(options: ShortcutOptions): preHandlerHookHandler {
  const { schema, documents, execute, toClientError } = options;

  /** @returns what to run, undefined for what is Apollo's. */
  function prepare(request: FastifyRequest): ExecutionArgs | undefined {
    if (request.method !== 'POST' || !isObject(request.body)) return undefined;
    const { query, documentId, operationName = null, variables = null, extensions = null } = request.body;
    const isUsual =
      (operationName === null || typeof operationName === 'string') &&
      (variables === null || isObject(variables)) &&
      (extensions === null || isObject(extensions));
    if (!isUsual) return undefined;
    const document = documents.findPrepared({ query, documentId, operationName, variables, extensions });
    if (!document || getOperationAST(document, operationName)?.operation === 'subscription') return undefined;
    const contextValue = options.createContext(request);
    return { schema, document, operationName, variableValues: variables, contextValue };
  }

  /** @returns the answer as JSON, undefined when nothing was run: the variables do not fit. */
  async function run(args: ExecutionArgs): Promise<string | undefined> {
    const { data, errors } = await execute(args);
    if (data === undefined) return undefined;
    return `${writeJson(errors ? { errors: toClientErrors(errors, toClientError), data } : { data })}\n`;
  }

  return (request, reply, done) => {
    const mediaType = toMediaType(request.headers.accept);
    const args = mediaType === undefined ? undefined : prepare(request);
    if (!args) return done();
    run(args).then((answer) => {
      if (answer === undefined) done();
      else reply.header('content-type', `${mediaType}; charset=utf-8`).send(answer);
    }, done);
  };
}

/** @returns what Apollo chooses; undefined where that takes weighing. */
function toMediaType(accept: string | undefined): string | undefined {
  if (accept === undefined || accept === '*/*') return JSON_TYPE;
  const [first, ...others] = accept.split(',');
  // One without a weight, which is the whole, goes before all after it that are no more exact.
  const isPlain = others.every((other) => /^ *[^ ;]+(; *q=(0(\.\d*)?|1(\.0*)?))?$/.test(other));
  return isPlain && (first === JSON_TYPE || first === GRAPHQL_TYPE) ? first : undefined;
}

function isObject(value: unknown): value is { readonly [member: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
