// Documents on connections that stay: prepared, run and answered the same on each transport.
import {
  createSourceEventStream,
  execute,
  getOperationAST,
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
import { Watch } from '../tracking/watch.ts';
import type { WatchEvent } from '../tracking/watch-event.ts';
import { writeJson } from './answer.ts';
import type { DocumentGate, DocumentParameters } from './documents.ts';
import { SharedExecutions } from './shared-execution.ts';
import { Subscriber, type Sink } from './subscriber.ts';
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
  /** @returns the result, or of a subscription who sends the results to the sink. */
  run(args: ExecutionArgs, sink: Sink): Promise<Subscriber | ExecutionResult>;
  /** @returns the result as clients get it, its errors masked. */
  toAnswer(result: ExecutionResult): FormattedExecutionResult;
}

export function createLiveDocuments(options: LiveDocumentsOptions): LiveDocuments {
  const { schema, toClientError } = options;
  const createContext = (findSession: () => Session | null) =>
    options.createContext({ findSession, deadline: createDeadline(options.mutationMs) });
  const executions = new SharedExecutions({
    createContext: (caller) => createContext(() => ({ caller, expiresAt: null })),
    toText: (result) => writeJson(toAnswer(result)),
  });

  async function follow(args: ExecutionArgs, sink: Sink): Promise<Subscriber | ExecutionResult> {
    const permissions = (args.contextValue as GraphQLContext).findSession()?.caller.permissions ?? new Set();
    const watch = await createSourceEventStream(args);
    // What lives as long as the subscription must not hold what only its beginning needed.
    args.contextValue = undefined;
    if (!(watch instanceof Watch)) return watch as ExecutionResult;
    return new Subscriber({ watch: watch as Watch<WatchEvent>, shared: executions.share(args, permissions), sink });
  }

  function toAnswer(result: ExecutionResult): FormattedExecutionResult {
    const { errors, ...rest } = result;
    if (!errors) return rest;
    // graphql-js gives variables that do not fit no code.
    const coded = errors.map((error) => (error.path ? error : withCode(error, 'BAD_USER_INPUT')));
    return { ...rest, errors: toClientErrors(coded, toClientError) };
  }

  return {
    prepare(request, findSession) {
      const prepared = options.documents.prepare(request);
      if ('errors' in prepared) return prepared.errors;
      const { operationName, variables } = request;
      const { document } = prepared;
      return { schema, document, operationName, variableValues: variables, contextValue: createContext(findSession) };
    },
    run: async (args, sink) => (isOf('subscription', args) ? follow(args, sink) : execute(args)),
    toAnswer,
  };
}

/** @returns whether what runs of the document is of the kind. */
export function isOf(
  kind: 'mutation' | 'subscription',
  { document, operationName }: Pick<ExecutionArgs, 'document' | 'operationName'>,
): boolean {
  return getOperationAST(document, operationName)?.operation === kind;
}
