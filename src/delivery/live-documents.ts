// Documents on connections that stay: prepared, run and answered the same on each transport.
import {
  execute,
  getOperationAST,
  subscribe,
  type ExecutionArgs,
  type ExecutionResult,
  type FormattedExecutionResult,
  type GraphQLError,
  type GraphQLFormattedError,
  type GraphQLSchema,
} from 'graphql';
import type { Session } from '../auth/session.ts';
import type { ContextOptions, GraphQLContext } from '../context.ts';
import { createDeadline } from '../deadline.ts';
import { toClientErrors, withCode } from '../errors.ts';
import type { DocumentGate, DocumentParameters } from './documents.ts';
import type { DocumentRequest } from './trusted-documents.ts';

export interface LiveDocumentsOptions {
  schema: GraphQLSchema;
  documents: Pick<DocumentGate, 'prepare'>;
  /** Made anew for each document. */
  createContext: (options: ContextOptions) => GraphQLContext;
  /** What a mutation needs. */
  mutationMs: number;
  toClientError: (error: unknown) => GraphQLFormattedError;
}

export type LiveRequest = DocumentRequest & DocumentParameters;

export interface LiveDocuments {
  /** @returns what to run, or why nothing is */
  prepare(request: LiveRequest, findSession: () => Session | null): ExecutionArgs | readonly GraphQLError[];
  run(args: ExecutionArgs): Promise<AsyncIterableIterator<ExecutionResult> | ExecutionResult>;
  /** @returns the result as clients get it, its errors masked. */
  toAnswer(result: ExecutionResult): FormattedExecutionResult;
}

export function createLiveDocuments(options: LiveDocumentsOptions): LiveDocuments {
  const { schema, toClientError } = options;
  return {
    prepare(request, findSession) {
      const prepared = options.documents.prepare(request);
      if ('errors' in prepared) return prepared.errors;
      const { operationName, variables } = request;
      const { document } = prepared;
      const deadline = isOf('subscription', { document, operationName }) ? null : createDeadline(options.mutationMs);
      const contextValue = options.createContext({ findSession, deadline });
      return { schema, document, operationName, variableValues: variables, contextValue };
    },
    run: async (args) =>
      (await (isOf('subscription', args) ? subscribe(args) : execute(args))) as
        AsyncIterableIterator<ExecutionResult> | ExecutionResult,
    toAnswer(result) {
      const { errors, ...rest } = result;
      if (!errors) return rest;
      // graphql-js gives variables that do not fit no code.
      const coded = errors.map((error) => (error.path ? error : withCode(error, 'BAD_USER_INPUT')));
      return { ...rest, errors: toClientErrors(coded, toClientError) };
    },
  };
}

/** @returns whether what runs of the document is of the kind. */
export function isOf(
  kind: 'mutation' | 'subscription',
  { document, operationName }: Pick<ExecutionArgs, 'document' | 'operationName'>,
): boolean {
  return getOperationAST(document, operationName)?.operation === kind;
}
