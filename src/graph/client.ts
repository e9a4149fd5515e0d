// Microsoft's Graph client over our transport, with the two ways in which the gateway calls: send once, read.
import { Client } from '@microsoft/microsoft-graph-client';
import { GraphUnreachable } from './graph-error.ts';
import { CallOptions, GraphTransport, type Repeat } from './transport.ts';

export interface GraphClientOptions {
  /** Root of Graph without the version, such as `https://graph.microsoft.com`. */
  baseUrl: string;
  /** `v1.0` or `beta`. */
  version: string;
  /** A bearer token for Graph. */
  loadToken: () => Promise<string>;
  /** Connections at the most. */
  connections: number;
}

/** How long a call may take. */
export interface CallLimits {
  timeoutMs: number;
  signal?: AbortSignal | undefined;
}

/** Of a read, also whether a failed one is repeated meanwhile. */
export interface ReadLimits extends CallLimits {
  repeat: Extract<Repeat, 'asRead' | 'never'>;
}

/** Both throw `GraphRefusal` or `GraphUnreachable`. Paths begin below the version and are already encoded. */
export interface GraphClient {
  /** Sends a request that has an effect; repeated only when Graph surely did nothing. */
  post(path: string, body: unknown, limits: CallLimits): Promise<{ body: unknown; headers: Headers }>;
  /** Sends a POST that only reads, such as a `$batch` of reads. */
  postRead(path: string, body: unknown, limits: ReadLimits): Promise<unknown>;
  stop(): Promise<void>;
}

export function createGraphClient({ baseUrl, version, loadToken, connections }: GraphClientOptions): GraphClient {
  const transport = new GraphTransport({ origin: new URL(baseUrl).origin, loadToken, connections });
  const client = Client.initWithMiddleware({
    baseUrl: baseUrl.endsWith('/') ? baseUrl : `${baseUrl}/`,
    defaultVersion: version,
    middleware: transport,
  });
  async function send(path: string, body: unknown, { timeoutMs, signal }: CallLimits, repeat: Repeat) {
    const call = new CallOptions({ deadlineMs: Date.now() + timeoutMs, repeat, signal });
    try {
      const answer = (await client.api(path).middlewareOptions([call]).post(body)) as unknown;
      return { body: answer, headers: call.answerHeaders ?? new Headers() };
    } catch (error) {
      // The client throws its own error for an answer of success that is no JSON: what Graph did is then not known.
      if (call.answerHeaders) throw new GraphUnreachable('the answer cannot be read', true, error);
      throw error;
    }
  }
  return {
    post: (path, body, limits) => send(path, body, limits, 'whenNotDone'),
    postRead: async (path, body, limits) => (await send(path, body, limits, limits.repeat)).body,
    stop: () => transport.stop(),
  };
}

/**
 * @returns the id as one segment of a path.
 * @throws RangeError for an id that would climb or vanish in a path.
 */
export function toSegment(id: string): string {
  if (id === '' || id === '.' || id === '..') throw new RangeError('not an id');
  return encodeURIComponent(id);
}

/** @returns the path, or undefined when an id in it cannot stand in one: among many reads it must not spoil the others. */
export function toPath(build: () => string | undefined): string | undefined {
  try {
    return build();
  } catch {
    return undefined;
  }
}
