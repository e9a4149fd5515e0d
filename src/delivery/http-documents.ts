// Judges documents that come over HTTP, as a plugin of Apollo.
import type { ApolloServerPlugin, GraphQLRequest } from '@apollo/server';
import { GraphQLError } from 'graphql';
import type { GraphQLContext } from '../context.ts';
import { GatewayError } from '../errors.ts';
import type { DocumentGate } from './documents.ts';

/** @param path where subscriptions are served over WebSocket */
export function createDocumentPlugin(
  gate: Pick<DocumentGate, 'findText' | 'judge'>,
  path: string,
): ApolloServerPlugin<GraphQLContext> {
  return {
    requestDidStart({ request }) {
      const refusal = admit(gate, request);
      return Promise.resolve({
        didResolveOperation({ document, operation, request: { operationName, variables } }) {
          try {
            if (refusal) throw refusal;
            if (operation?.operation === 'subscription')
              throw new GatewayError(
                'BAD_REQUEST',
                `A subscription cannot be sent over HTTP. Open a WebSocket to ${path} with the protocol graphql-transport-ws.`,
              );
            gate.judge(document, { operationName, variables });
            return Promise.resolve();
          } catch (error) {
            return Promise.reject(error instanceof GatewayError ? withStatus(error) : (error as Error));
          }
        },
        willSendResponse({ response }) {
          const errors = response.body?.kind === 'single' ? response.body.singleResult.errors : undefined;
          const isBlamed = errors?.every(({ extensions }) => BLAMED_DOCUMENTS.has(extensions?.['code']));
          if (response.http.status === 400 && isBlamed && takesPlainJson(request)) response.http.status = 200;
          return Promise.resolve();
        },
      });
    },
  };
}

/** Puts the text that the request asks for where Apollo looks for it. */
function admit(gate: Pick<DocumentGate, 'findText'>, request: GraphQLRequest): GatewayError | undefined {
  if (!gate.findText) return undefined;
  const { query, extensions } = request;
  // Apollo's own use of the hash is off.
  request.extensions = { ...extensions, persistedQuery: undefined };
  try {
    request.query = gate.findText({ query, extensions, documentId: findDocumentId(request) });
    return undefined;
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    // Apollo can refuse nothing before it has parsed something.
    request.query = '{ __typename }';
    return error;
  }
}

function findDocumentId({ http }: GraphQLRequest): unknown {
  if (http?.method === 'GET') return new URLSearchParams(http.search).get('documentId');
  return (http?.body as { documentId?: unknown } | undefined)?.documentId;
}

/** Apollo takes the status from the error that it is given, and sends what is inside. */
function withStatus(error: GatewayError): GraphQLError {
  const status = error.code === 'FORBIDDEN' ? 403 : 400;
  return new GraphQLError(error.message, { originalError: error, extensions: { http: { status } } });
}

/** The document's own faults; for them the GraphQL over HTTP specification wants 200 where the media type tells no answers from other JSON. */
const BLAMED_DOCUMENTS = new Set<unknown>(['GRAPHQL_PARSE_FAILED', 'GRAPHQL_VALIDATION_FAILED', 'BAD_USER_INPUT']);

/** Whoever says nothing, or that anything will do, is told by the status. */
function takesPlainJson({ http }: GraphQLRequest): boolean {
  const accept = http?.headers.get('accept') ?? '';
  return accept.includes('application/json') && !accept.includes('application/graphql-response+json');
}
