// The gateway's configuration: the only place that names environment variables and their defaults.
import { clouds, type CloudName } from './clouds.ts';
import { loadAuth, type AuthConfig } from './config-auth.ts';
import { loadGraph, type GraphConfig } from './config-graph.ts';
import { createEnvironmentReader, nearPort, type Environment, type EnvironmentReader } from './environment.ts';
import { toDomainEntry, toRecipientEntry, type InviteLists } from './invite-lists.ts';

export interface Config {
  host: string;
  port: number;
  /** Foreign origins that only development needs. */
  isDevelopment: boolean;
  /** Whether the pages to explore the schema with are served, and introspection is answered. */
  hasExplorer: boolean;
  /** The only documents that run, by their hashes; null = any. */
  trustedDocuments: ReadonlyMap<string, string> | null;
  /** Origins beside our own whose pages may call us. */
  allowedOrigins: readonly string[];
  auth: AuthConfig;
  /** How many sockets and streams one caller may have at one replica. */
  connectionsPerCaller: number;
  store: { databaseUrl: string } | { file: string };
  graph: GraphConfig;
  /** Whether participants can be invited to calls in this cloud and version of Graph. */
  offersCallInvitations: boolean;
  /** Null: Graph is not asked to notify us. */
  webhooks: WebhookConfig | null;
  graphTimeoutMs: number;
  pollIntervalMs: number;
  invitationDeadlineMs: number;
  operationDeadlineMs: number;
  retentionMs: number;
  idempotencyKeyMs: number;
  /** How many invitations a caller may make in an hour, and a tenant's callers in a day; 0 = any number. */
  quotas: { caller: number; tenant: number };
  inviteLists: InviteLists;
}

export interface WebhookConfig {
  /** Scheme, host and port at which Graph reaches us. */
  publicUrl: string;
  /** Where we listen for it. */
  port: number;
  /** Who Graph's notifications of calls are for, and who vouches for them; null = the emulator's. */
  caller: { appId: string; tenantId: string; metadataUrl: string } | null;
}

/** All that is wrong with the environment, at once. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(
      [
        'The configuration has problems (.env.example shows every variable):',
        ...problems.map((problem) => `- ${problem}`),
      ].join('\n'),
    );
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

const DAY_MS = 86_400_000;
const MAX_QUOTA = 1_000_000_000;
/** How far the port for Graph is from ours unless it is told. */
const WEBHOOK_PORT_OFFSET = 20;
const TOKEN_METADATA = 'https://api.aps.skype.com/v1/.well-known/OpenIdConfiguration';

/** @throws ConfigError with every problem found */
export function loadConfig(environment: Environment): Config {
  const read = createEnvironmentReader(environment);
  const host = (read.text('HOST') ?? '127.0.0.1').replace(/^\[(.*)\]$/, '$1');
  const port = read.integer('PORT', 4000, 0, 65_535);
  const cloud = read.oneOf('GRAPH_CLOUD', Object.keys(clouds) as CloudName[]) ?? 'global';
  const store = loadStore(read);
  const isDevelopment = read.text('NODE_ENV') !== 'production';
  const graph = loadGraph(read, { port, cloud, file: read.text('STORE_FILE') ?? STORE_FILE });
  const config: Config = {
    host,
    port,
    isDevelopment,
    hasExplorer: (read.oneOf('EXPLORER', ['on', 'off']) ?? (isDevelopment ? 'on' : 'off')) === 'on',
    trustedDocuments: loadTrustedDocuments(read),
    allowedOrigins: read.origins('ALLOWED_ORIGINS'),
    auth: loadAuth(read, { host, isLive: graph.mode === 'live' }),
    connectionsPerCaller: read.integer('CONNECTIONS_PER_CALLER', 1_000, 1, 1_000_000),
    store,
    graph,
    offersCallInvitations: clouds[cloud].callVersions.includes(graph.version),
    webhooks: loadWebhooks(read, port, graph.mode),
    graphTimeoutMs: read.integer('GRAPH_TIMEOUT_MS', 15_000, 100, 120_000),
    pollIntervalMs: read.integer('POLL_INTERVAL_MS', 2_000, 10, DAY_MS),
    invitationDeadlineMs: read.integer('INVITATION_DEADLINE_MS', 30 * DAY_MS, 1_000, 3_650 * DAY_MS),
    operationDeadlineMs: read.integer('OPERATION_DEADLINE_MS', 300_000, 1_000, 30 * DAY_MS),
    retentionMs: read.integer('RETENTION_MS', 30 * DAY_MS, 1_000, 3_650 * DAY_MS),
    idempotencyKeyMs: read.integer('IDEMPOTENCY_KEY_MS', DAY_MS, 1_000, 3_650 * DAY_MS),
    quotas: {
      caller: read.integer('INVITE_CALLER_QUOTA', 0, 0, MAX_QUOTA),
      tenant: read.integer('INVITE_TENANT_QUOTA', 0, 0, MAX_QUOTA),
    },
    inviteLists: loadInviteLists(read),
  };
  if (read.problems.length > 0) throw new ConfigError(read.problems);
  return config;
}

function loadInviteLists(read: EnvironmentReader): InviteLists {
  const domain = 'domain such as example.com or *.example.com';
  return {
    allowedDomains: read.list('INVITE_ALLOWED_DOMAINS', toDomainEntry, domain),
    blockedDomains: read.list('INVITE_BLOCKED_DOMAINS', toDomainEntry, domain),
    ccAllowed: read.list('INVITE_CC_ALLOWED', toRecipientEntry, `address and no ${domain}`),
    redirectOrigins: read.origins('INVITE_REDIRECT_ORIGINS'),
  };
}

const STORE_FILE = 'data/gateway.db';

function loadStore(read: EnvironmentReader): Config['store'] {
  const databaseUrl = read.text('DATABASE_URL');
  if (databaseUrl === undefined) return { file: read.text('STORE_FILE') ?? STORE_FILE };
  if (!/^postgres(ql)?:$/.test(URL.parse(databaseUrl)?.protocol ?? ''))
    read.problems.push('DATABASE_URL is not a postgres:// address');
  return { databaseUrl };
}

function loadTrustedDocuments(read: EnvironmentReader): Config['trustedDocuments'] {
  const manifest = read.jsonFile('TRUSTED_DOCUMENTS');
  if (manifest === undefined) return null;
  const entries = typeof manifest === 'object' && !Array.isArray(manifest) ? Object.entries(manifest ?? {}) : [];
  if (entries.length > 0 && entries.every(([hash, text]) => hash !== '' && typeof text === 'string'))
    return new Map(entries as [string, string][]);
  read.problems.push('TRUSTED_DOCUMENTS is no manifest: a JSON object with the texts of documents by their hashes');
  return null;
}

function loadWebhooks(read: EnvironmentReader, gatewayPort: number, mode: GraphConfig['mode']): WebhookConfig | null {
  const publicUrl = read.origin('WEBHOOK_PUBLIC_URL');
  if (publicUrl === undefined) return null;
  const port = read.integer('WEBHOOK_PORT', nearPort(gatewayPort, WEBHOOK_PORT_OFFSET), 0, 65_535);
  if (mode === 'emulator') return { publicUrl, port, caller: null };
  return {
    publicUrl,
    port,
    caller: {
      tenantId: read.required('GRAPH_TENANT_ID', 'WEBHOOK_PUBLIC_URL needs it to know whose notifications to take'),
      appId: read.required('GRAPH_CLIENT_ID', 'WEBHOOK_PUBLIC_URL needs it to know who notifications are for'),
      metadataUrl: read.address('WEBHOOK_TOKEN_METADATA')?.href ?? TOKEN_METADATA,
    },
  };
}
