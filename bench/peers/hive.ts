// Hive Gateway over a subgraph that GraphQL Mesh makes of an OpenAPI description of the one read that is measured.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { createGatewayRuntime } from '@graphql-hive/gateway-runtime';
import { getUnifiedGraphGracefully } from '@graphql-mesh/fusion-composition';
import { loadNonExecutableGraphQLSchemaFromOpenAPI } from '@omnigraph/openapi';
import { sayListening } from './peer-schema.ts';

const { GRAPH_URL = '' } = process.env;
const subgraph = await loadNonExecutableGraphQLSchemaFromOpenAPI('graph', {
  source: fileURLToPath(new URL('operation.openapi.json', import.meta.url)),
  cwd: fileURLToPath(new URL('.', import.meta.url)),
  endpoint: `${GRAPH_URL}/v1.0`,
  operationHeaders: { authorization: 'Bearer token' },
});
const supergraph = getUnifiedGraphGracefully([{ name: 'graph', schema: subgraph }]);
const gateway = createGatewayRuntime({ supergraph, graphiql: false, landingPage: false, logging: false });
const server = createServer(gateway as never);
server.listen(0, '127.0.0.1', () => sayListening((server.address() as AddressInfo).port));
