// The gateway's configuration: the only place that names environment variables and their defaults.

export interface Config {
  host: string;
  port: number;
  /** Pages, introspection and foreign origins that only development needs. */
  isDevelopment: boolean;
  /** Origins beside our own whose pages may call us. */
  allowedOrigins: readonly string[];
  store: { databaseUrl: string } | { file: string };
  graph:
    | { mode: 'emulator'; version: string; emulator: { port: number; operationMs: number; stateFile: string } }
    | { mode: 'live'; version: string; baseUrl: string; token: string };
  graphTimeoutMs: number;
  pollIntervalMs: number;
  invitationDeadlineMs: number;
  operationDeadlineMs: number;
  retentionMs: number;
  redirectOrigins: readonly string[];
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

type Environment = Readonly<Record<string, string | undefined>>;

const DAY_MS = 86_400_000;
/** How far the emulator's port is from ours unless it is told another. */
const EMULATOR_PORT_OFFSET = 10;

/** @throws ConfigError with every problem found */
export function loadConfig(environment: Environment): Config {
  const problems: string[] = [];
  const read = (name: string) => environment[name]?.trim() || undefined;
  const integer = (name: string, fallback: number, least: number, most: number) => {
    const value = read(name);
    if (value === undefined) return fallback;
    if (/^\d+$/.test(value) && Number(value) >= least && Number(value) <= most) return Number(value);
    problems.push(`${name} is not a whole number from ${least} to ${most}`);
    return fallback;
  };
  const oneOf = <Word extends string>(name: string, words: readonly Word[]): Word | undefined => {
    const value = read(name);
    if (value !== undefined && !words.includes(value as Word))
      problems.push(`${name} is not one of ${words.join(', ')}`);
    return words.find((word) => word === value);
  };
  const origins = (name: string) =>
    (read(name) ?? '').split(',').flatMap((entry) => {
      const url = URL.parse(entry.trim());
      if (url && (url.protocol === 'https:' || url.protocol === 'http:')) return [url.origin];
      if (entry.trim() !== '') problems.push(`${name} has an entry that is no http(s) origin`);
      return [];
    });

  const host = (read('HOST') ?? '127.0.0.1').replace(/^\[(.*)\]$/, '$1');
  const port = integer('PORT', 4000, 0, 65_535);
  const mode = oneOf('GRAPH_MODE', ['emulator', 'live']) ?? 'emulator';
  const version = oneOf('GRAPH_VERSION', ['v1.0', 'beta']) ?? 'v1.0';
  const authMode = oneOf('AUTH_MODE', ['developer']);
  const databaseUrl = read('DATABASE_URL');
  const file = read('STORE_FILE') ?? 'data/gateway.db';
  if (databaseUrl !== undefined && !/^postgres(ql)?:$/.test(URL.parse(databaseUrl)?.protocol ?? '')) {
    problems.push('DATABASE_URL is not a postgres:// address');
  }

  let graph: Config['graph'];
  if (mode === 'emulator') {
    const emulator = {
      port: integer(
        'EMULATOR_PORT',
        port === 0 ? 0 : port + (port + EMULATOR_PORT_OFFSET > 65_535 ? -1 : 1) * EMULATOR_PORT_OFFSET,
        0,
        65_535,
      ),
      operationMs: integer('EMULATOR_OPERATION_MS', 5_000, 0, DAY_MS),
      stateFile: file.replace(/(\.db)?$/, '.emulator.db'),
    };
    graph = { mode, version, emulator };
  } else {
    const baseUrl = read('GRAPH_BASE_URL') ?? 'https://graph.microsoft.com';
    const url = URL.parse(baseUrl);
    if (!url || (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url.hostname)))) {
      problems.push('GRAPH_BASE_URL is neither an https address nor an http address of this machine');
    } else if (url.pathname !== '/' || url.search !== '' || url.username !== '') {
      problems.push('GRAPH_BASE_URL is more than scheme, host and port; the version goes into GRAPH_VERSION');
    }
    if (read('GRAPH_CREDENTIAL') === undefined)
      problems.push('GRAPH_CREDENTIAL is missing: GRAPH_MODE=live needs it (token)');
    else oneOf('GRAPH_CREDENTIAL', ['token']);
    const token = read('GRAPH_TOKEN') ?? '';
    if (token === '') problems.push('GRAPH_TOKEN is missing: GRAPH_CREDENTIAL=token needs it');
    else if (!/^[\x21-\x7e]+$/.test(token)) problems.push('GRAPH_TOKEN has characters that no token has');
    if (authMode === undefined) {
      problems.push(
        'AUTH_MODE is missing: GRAPH_MODE=live needs it (developer: everybody on this machine acts as one caller)',
      );
    } else if (!isLoopback(host)) {
      problems.push(
        'AUTH_MODE=developer with GRAPH_MODE=live needs a HOST on loopback: anybody who reaches the gateway could invite',
      );
    }
    graph = { mode, version, baseUrl: url?.origin ?? baseUrl, token };
  }

  const config: Config = {
    host,
    port,
    isDevelopment: read('NODE_ENV') !== 'production',
    allowedOrigins: origins('ALLOWED_ORIGINS'),
    store: databaseUrl === undefined ? { file } : { databaseUrl },
    graph,
    graphTimeoutMs: integer('GRAPH_TIMEOUT_MS', 15_000, 100, 120_000),
    pollIntervalMs: integer('POLL_INTERVAL_MS', 2_000, 10, DAY_MS),
    invitationDeadlineMs: integer('INVITATION_DEADLINE_MS', 30 * DAY_MS, 1_000, 3_650 * DAY_MS),
    operationDeadlineMs: integer('OPERATION_DEADLINE_MS', 300_000, 1_000, 30 * DAY_MS),
    retentionMs: integer('RETENTION_MS', 30 * DAY_MS, 1_000, 3_650 * DAY_MS),
    redirectOrigins: origins('INVITE_REDIRECT_ORIGINS'),
  };
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

/** @returns whether only this machine reaches the host. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}
