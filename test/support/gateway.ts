// A whole gateway with its emulator, in this process, over real sockets; and clients to use it with.
import { afterEach, beforeEach, expect } from '@jest/globals';
import { createClient, type Client, type ClientOptions } from 'graphql-ws';
import type { ExecutionResult, FormattedExecutionResult } from 'graphql';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import WebSocket from 'ws';
import { loadConfig } from '../../src/config.ts';
import { createGateway } from '../../src/gateway.ts';
import { createLogger } from '../../src/logger.ts';
import { createLog, plantSecretsOf } from './logs.ts';
import type { Engine } from './stores.ts';

export type Json = { [member: string]: any };
export type Answer = FormattedExecutionResult<Json, Json>;

/** One HTTP answer with its status. */
export interface HttpAnswer extends Answer {
  status: number;
}

export interface TestGateway {
  url: string;
  emulatorUrl: string;
  /** Lines that were logged, and those of them that were as an error. */
  lines: unknown[];
  errors: unknown[];
  query(document: string, variables?: Json, headers?: Json): Promise<HttpAnswer>;
  /** Collects what a subscription sends until it completes, or until `until` is true of an answer. */
  subscribe(document: string, variables?: Json, until?: (answer: Answer) => boolean): Subscription;
  emulator: EmulatorAdmin;
  run: Engine['run'];
  watchCount(): number;
  stop(): Promise<void>;
}

/** A subscription under way. */
export interface Subscription {
  answers: Answer[];
  /** Resolves when it ends; rejects with a close event or errors. */
  ended: Promise<Answer[]>;
  /** Resolves when there are this many answers. */
  received(count: number): Promise<Answer[]>;
  cancel(): void;
}

export interface EmulatorAdmin {
  fault(fault: Json): Promise<void>;
  clearFaults(): Promise<void>;
  settings(settings: Json): Promise<void>;
  endOperation(id: string, status: 'completed' | 'failed', resultInfo?: Json): Promise<void>;
  /** Lets an operation that is running show another subcode. */
  operationProgress(id: string, subcode: number): Promise<void>;
  patchUser(id: string, user: Json): Promise<void>;
  requests(): Promise<Json[]>;
  counts(): Promise<{ http: number; byRoute: { [route: string]: number } }>;
  clearRequests(): Promise<void>;
  invitations(): Promise<Json[]>;
  operations(): Promise<Json[]>;
}

/** Waits for a condition, and says which when it does not come. */
export async function waitFor<T>(
  what: string,
  condition: () => T | Promise<T>,
  deadlineMs = 10_000,
): Promise<NonNullable<T>> {
  const end = Date.now() + deadlineMs;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > end) throw new Error(`waited in vain for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** @returns what a root field was answered with; throws when there is nothing. */
export function dataOf({ data, ...rest }: Answer, field: string): Json {
  const value = data?.[field] as Json | null | undefined;
  if (!value) throw new Error(`no ${field}: ${JSON.stringify(rest)}`);
  return value;
}

export async function startGateway(engine: Engine, environment: { [name: string]: string } = {}): Promise<TestGateway> {
  const log = createLog();
  // The emulator keeps its state beside the file, whatever the store is.
  const folder = await mkdtemp(join(tmpdir(), 'gateway-'));
  const variables = {
    PORT: '0',
    STORE_FILE: join(folder, 'gateway.db'),
    POLL_INTERVAL_MS: '40',
    EMULATOR_OPERATION_MS: '60000',
    ...engine.environment,
    ...environment,
  };
  plantSecretsOf(variables);
  const gateway = createGateway(loadConfig(variables), createLogger(log));
  const { url, emulatorUrl } = await gateway.start();
  const clients = new Set<Client>();
  return {
    url,
    emulatorUrl: emulatorUrl ?? '',
    lines: log.lines,
    errors: log.errors,
    query: (document, variables, headers) => query(url, document, variables, headers),
    subscribe: (document, variables, until) => subscribe(clients, url, document, variables, until),
    emulator: administer(emulatorUrl ?? ''),
    run: (sql, params) => engine.run(sql, params),
    watchCount: () => gateway.watchCount(),
    async stop() {
      for (const client of clients) await client.dispose();
      await gateway.stop();
      await rm(folder, { recursive: true });
      expect(log.errors).toEqual([]);
    },
  };
}

/** @returns the variables of a gateway whose Graph is an emulator that runs apart from it. */
export function toLiveEnvironment(graphUrl: string, token = 'token'): { [name: string]: string } {
  return {
    GRAPH_MODE: 'live',
    GRAPH_BASE_URL: graphUrl,
    GRAPH_CREDENTIAL: 'token',
    GRAPH_TOKEN: token,
    AUTH_MODE: 'developer',
  };
}

/** Gives each test of a `describe` a gateway of its own, on an empty store. */
export function useGateway(open: () => Promise<Engine>): { readonly gateway: TestGateway } {
  let engine: Engine;
  let gateway: TestGateway;
  beforeEach(async () => {
    engine = await open();
    gateway = await startGateway(engine);
  });
  afterEach(async () => {
    await gateway.stop();
    await engine.close();
  });
  return {
    get gateway() {
      return gateway;
    },
  };
}

export async function query(
  url: string,
  document: string,
  variables: Json = {},
  headers: Json = {},
): Promise<HttpAnswer> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query: document, variables }),
  });
  return { status: response.status, ...((await response.json()) as Answer) };
}

export function connect(url: string, options: Partial<ClientOptions> = {}): Client {
  return createClient({
    url: `${url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    ...options,
  });
}

function subscribe(
  clients: Set<Client>,
  url: string,
  document: string,
  variables: Json = {},
  until?: (answer: Answer) => boolean,
): Subscription {
  const client = connect(url);
  clients.add(client);
  const answers: Answer[] = [];
  let cancel = () => {};
  const ended = new Promise<Answer[]>((resolve, reject) => {
    cancel = client.subscribe<Json>(
      { query: document, variables },
      {
        next: (answer: ExecutionResult<Json, unknown>) => {
          answers.push(answer as Answer);
          if (until?.(answer as Answer)) cancel();
        },
        error: reject,
        complete: () => resolve(answers),
      },
    );
  });
  return {
    answers,
    ended,
    received: async (count) => {
      await waitFor(`${count} answers`, () => answers.length >= count);
      return answers;
    },
    cancel: () => cancel(),
  };
}

export function administer(emulatorUrl: string): EmulatorAdmin {
  async function call(method: string, path: string, body?: Json): Promise<any> {
    const response = await fetch(`${emulatorUrl}/admin/${path}`, {
      method,
      ...(body ? { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) } : {}),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`the emulator refused ${method} ${path}: ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  }
  return {
    fault: (fault) => call('POST', 'faults', fault),
    clearFaults: () => call('DELETE', 'faults'),
    settings: (settings) => call('PUT', 'settings', settings),
    endOperation: (id, status, resultInfo) =>
      call('POST', `operations/${id}`, { status, ...(resultInfo ? { resultInfo } : {}) }),
    operationProgress: (id, subcode) =>
      call('POST', `operations/${id}`, { status: 'running', resultInfo: { code: 0, subcode, message: null } }),
    patchUser: (id, user) => call('POST', `users/${id}`, user),
    requests: async () => (await call('GET', 'requests')).requests,
    counts: () => call('GET', 'counts'),
    clearRequests: () => call('DELETE', 'requests'),
    invitations: async () => (await call('GET', 'invitations')).invitations,
    operations: async () => (await call('GET', 'operations')).operations,
  };
}
