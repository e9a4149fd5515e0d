// Which Graph the gateway asks, and as whom: the variables that begin with GRAPH_ and EMULATOR_.
import { X509Certificate, createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { clouds, type CloudName } from './clouds.ts';
import { nearPort, type EnvironmentReader } from './environment.ts';

/** How the gateway proves to the authority who it is; `token`: not at all, it has one already. */
export type GraphCredential =
  | { kind: 'secret'; tenantId: string; clientId: string; clientSecret: string }
  | { kind: 'certificate'; tenantId: string; clientId: string; certificateFile: string }
  | { kind: 'managed-identity'; clientId: string | undefined }
  | { kind: 'workload-identity'; tenantId: string; clientId: string; tokenFile: string }
  | { kind: 'cli'; tenantId: string }
  | { kind: 'token'; token: string };

export type CredentialKind = GraphCredential['kind'];

export interface LiveGraph {
  mode: 'live';
  version: string;
  baseUrl: string;
  /** Where tokens come from. */
  authority: string;
  /** What tokens are for: all that the application was granted on Graph. */
  tokenScope: string;
  /** The directory that the gateway works for; null = whichever the credential belongs to. */
  tenantId: string | null;
  credential: GraphCredential;
  /** Whether guests are invited on behalf of the user who asks for it. */
  onBehalfOf: boolean;
}

export interface EmulatedGraph {
  mode: 'emulator';
  version: string;
  emulator: { port: number; operationMs: number; stateFile: string };
}

export type GraphConfig = EmulatedGraph | LiveGraph;

/** How far the emulator's port is from ours unless it is told. */
const EMULATOR_PORT_OFFSET = 10;
const DAY_MS = 86_400_000;
const KINDS = ['secret', 'certificate', 'managed-identity', 'workload-identity', 'cli', 'token'] as const;
/** Where Azure's webhook for workload identity puts it. */
const TOKEN_FILE = '/var/run/secrets/azure/tokens/azure-identity-token';
const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export function loadGraph(
  read: EnvironmentReader,
  { port, cloud, file }: { port: number; cloud: CloudName; file: string },
): GraphConfig {
  const mode = read.oneOf('GRAPH_MODE', ['emulator', 'live']) ?? 'emulator';
  const version = read.oneOf('GRAPH_VERSION', ['v1.0', 'beta']) ?? 'v1.0';
  if (mode === 'emulator') {
    const emulator = {
      port: read.integer('EMULATOR_PORT', nearPort(port, EMULATOR_PORT_OFFSET), 0, 65_535),
      operationMs: read.integer('EMULATOR_OPERATION_MS', 5_000, 0, DAY_MS),
      stateFile: file.replace(/(\.db)?$/, '.emulator.db'),
    };
    return { mode, version, emulator };
  }
  const { baseUrl, authority } = clouds[cloud];
  const credential = loadCredential(read);
  return {
    mode,
    version,
    baseUrl: read.origin('GRAPH_BASE_URL', '; the version goes into GRAPH_VERSION') ?? baseUrl,
    authority: loadAuthority(read) ?? authority,
    // Whatever stands in front of Graph, tokens are for Graph.
    tokenScope: `${baseUrl}/.default`,
    tenantId: loadTenantId(read),
    credential,
    onBehalfOf: loadOnBehalfOf(read, credential.kind),
  };
}

function loadAuthority(read: EnvironmentReader): string | undefined {
  const authority = read.origin('GRAPH_AUTHORITY', '; the directory goes into GRAPH_TENANT_ID');
  if (authority?.startsWith('http:')) read.problems.push('GRAPH_AUTHORITY is not an https address: secrets go there');
  return authority;
}

function loadTenantId(read: EnvironmentReader): string | null {
  const tenantId = read.text('GRAPH_TENANT_ID') ?? null;
  if (tenantId && !/^[\da-z.-]+$/i.test(tenantId)) read.problems.push('GRAPH_TENANT_ID is not the id of a directory');
  return tenantId;
}

function loadCredential(read: EnvironmentReader): GraphCredential {
  read.required('GRAPH_CREDENTIAL', `GRAPH_MODE=live needs it (${KINDS.join(', ')})`);
  const kind = read.oneOf('GRAPH_CREDENTIAL', KINDS);
  // Of a kind that nobody knows, nothing can be missing.
  if (kind === undefined) return { kind: 'token', token: '' };
  const required = (name: string) => read.required(name, `GRAPH_CREDENTIAL=${kind} needs it`);
  switch (kind) {
    case 'secret':
      return { kind, ...loadApplication(required), clientSecret: required('GRAPH_CLIENT_SECRET') };
    case 'certificate':
      return { kind, ...loadApplication(required), certificateFile: loadCertificateFile(read) };
    case 'managed-identity':
      return { kind, clientId: read.text('GRAPH_CLIENT_ID') };
    case 'workload-identity':
      return { kind, ...loadApplication(required), tokenFile: loadTokenFile(read) };
    case 'cli':
      return { kind, tenantId: required('GRAPH_TENANT_ID') };
    case 'token': {
      const token = required('GRAPH_TOKEN');
      if (!/^[\x21-\x7e]*$/.test(token)) read.problems.push('GRAPH_TOKEN has characters that no token has');
      return { kind, token };
    }
    default:
      return kind satisfies never;
  }
}

function loadApplication(required: (name: string) => string): { tenantId: string; clientId: string } {
  return { tenantId: required('GRAPH_TENANT_ID'), clientId: required('GRAPH_CLIENT_ID') };
}

function loadCertificateFile(read: EnvironmentReader): string {
  const name = 'GRAPH_CERTIFICATE_FILE';
  const file = read.required(name, 'GRAPH_CREDENTIAL=certificate needs it');
  const pem = file === '' ? undefined : readText(read, name, file);
  if (pem === undefined) return file;
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType !== 'rsa') read.problems.push(`${name} has a key that is not RSA: Entra takes no other`);
    else if (!new X509Certificate(pem).checkPrivateKey(key))
      read.problems.push(`${name} has a key that is not its certificate's: put both of one pair into it`);
  } catch {
    read.problems.push(`${name} is no PEM file with a certificate and its private key, not encrypted`);
  }
  return file;
}

function loadTokenFile(read: EnvironmentReader): string {
  const name = 'GRAPH_FEDERATED_TOKEN_FILE';
  const file = read.text(name) ?? TOKEN_FILE;
  readText(read, name, file);
  return file;
}

function readText(read: EnvironmentReader, name: string, file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    read.problems.push(`${name}: ${file} cannot be read (${(error as NodeJS.ErrnoException).code})`);
    return undefined;
  }
}

function loadOnBehalfOf(read: EnvironmentReader, kind: CredentialKind): boolean {
  const name = 'GRAPH_ON_BEHALF_OF';
  if (read.oneOf(name, ['true', 'false']) !== 'true') return false;
  if (kind !== 'secret' && kind !== 'certificate')
    read.problems.push(`${name}=true needs GRAPH_CREDENTIAL=secret or certificate: no other can act for a user`);
  if (read.text('AUTH_MODE') !== 'oidc')
    read.problems.push(`${name}=true needs AUTH_MODE=oidc: without it nobody comes with a token of a user`);
  const tenantId = read.text('GRAPH_TENANT_ID');
  if (tenantId !== undefined && !GUID.test(tenantId))
    read.problems.push(`${name}=true needs the directory's id (a GUID) in GRAPH_TENANT_ID: users' tokens name it so`);
  return true;
}
