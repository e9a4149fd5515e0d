// Judges documents that come over HTTP, as a plugin of Apollo: it runs what the gate lets through, and nothing else.
import type { ApolloServerPlugin, GraphQLRequest } from '@apollo/server';
import type { GraphQLFormattedError } from 'graphql';
import type { GraphQLContext } from '../context.ts';
import { GatewayError, MOST_ERRORS, toClientErrors } from '../errors.ts';
import type { DocumentGate, PreparedDocument } from './documents.ts';
import { isOf } from './live-documents.ts';

export interface DocumentPluginOptions {
  documents: Pick<DocumentGate, 'prepare'>;
  toClientError: (error: unknown) => GraphQLFormattedError;
  /** Where subscriptions are served over WebSocket. */
  path: string;
}

export function createDocumentPlugin(options: DocumentPluginOptions): ApolloServerPlugin<GraphQLContext> {
  return {
    requestDidStart({ request }) {
      const prepared = prepare(request, options);
      // Apollo can refuse nothing before it has parsed something.
      request.query = 'errors' in prepared ? '{ __typename }' : prepared.text;
      // Apollo's own use of hashes is off, and would refuse them.
      request.extensions = { ...request.extensions, persistedQuery: undefined };
      const refusal = 'errors' in prepared ? toClientErrors(prepared.errors, options.toClientError) : undefined;
      return Promise.resolve({
        willSendResponse({ response: { http, body } }) {
          if (body.kind !== 'single') return Promise.resolve();
          if (refusal) {
            body.singleResult = { errors: refusal };
            http.status = refusal[0]?.extensions?.['code'] === 'FORBIDDEN' ? 403 : 400;
          }
          const { errors } = body.singleResult;
          // Apollo has formatted them, each by itself.
          if (errors) body.singleResult = { ...body.singleResult, errors: errors.slice(0, MOST_ERRORS) };
          const isBlamed = errors?.every(({ extensions }) => BLAMED.has(extensions?.['code']));
          if (http.status === 400 && isBlamed && takesPlainJson(request)) http.status = 200;
          return Promise.resolve();
        },
      });
    },
  };
}

function prepare(request: GraphQLRequest, { documents, path }: DocumentPluginOptions): PreparedDocument {
  const { query, extensions, operationName, variables } = request;
  const documentId = findDocumentId(request);
  const prepared = documents.prepare({ query, extensions, documentId, operationName, variables });
  if ('errors' in prepared || !isOf('subscription', { ...prepared, operationName })) return prepared;
  const cure = `Open a WebSocket to ${path} with the protocol graphql-transport-ws.`;
  return { errors: [new GatewayError('BAD_REQUEST', `A subscription cannot be sent over HTTP. ${cure}`)] };
}

function findDocumentId({ http }: GraphQLRequest): unknown {
  if (http?.method === 'GET') return new URLSearchParams(http.search).get('documentId');
  return (http?.body as { documentId?: unknown } | undefined)?.documentId;
}

/** The document's own faults; for them the GraphQL over HTTP specification wants 200 where the media type tells no answers from other JSON. */
const BLAMED = new Set<unknown>(['GRAPHQL_PARSE_FAILED', 'GRAPHQL_VALIDATION_FAILED', 'BAD_USER_INPUT']);

/** Whoever says nothing, or that anything will do, is told by the status. */
function takesPlainJson({ http }: GraphQLRequest): boolean {
  const accept = http?.headers.get('accept') ?? '';
  return accept.includes('application/json') && !accept.includes('application/graphql-response+json');
}
