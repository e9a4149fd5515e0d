// Microsoft's Graph client over our transport, with the ways in which the gateway calls: send once, read, update.
import { Client, ResponseType, type GraphRequest } from '@microsoft/microsoft-graph-client';
import type { Answer } from './answer.ts';
import { createGovernor, type Governor } from './governor.ts';
import { GraphUnreachable } from './graph-error.ts';
import type { ReportOddity } from './oddity.ts';
import { neededPermission } from './needed-permission.ts';
import { scopeOf, type Priority, type Scope } from './scope.ts';
import type { LoadToken, UserAssertion } from './token.ts';
import { CallOptions, GraphTransport, type Manner } from './transport.ts';

export interface GraphClientOptions {
  /** Root of Graph without the version, such as `https://graph.microsoft.com`. */
  baseUrl: string;
  /** `v1.0` or `beta`. */
  version: string;
  loadToken: LoadToken;
  /** Connections at the most; `GOVERNED_CONNECTIONS` for all that the governor lets pass. */
  connections: number;
  /** What paces the calls; shared by all clients of one Graph. Without one the client has its own. */
  governor?: Governor;
  /** Told of answers that are against Graph's own rules. */
  onOddity?: ReportOddity;
}

/** How long a call may take. */
export interface CallLimits {
  timeoutMs: number;
  signal?: AbortSignal | undefined;
  /** What the call counts against, where its path does not tell: a `$batch` has the scope of its parts. */
  scope?: Scope;
  /** The user whom it is made for; nobody: the application makes it. */
  onBehalfOf?: UserAssertion | undefined;
}

/** Of what may be repeated, also for whom it is: a caller's is repeated when it fails, a loop has a schedule of its own. */
export interface ReadLimits extends CallLimits {
  priority: Extract<Priority, 'read' | 'poll'>;
}

/** All throw a `GraphFailure`. Paths begin below the version and are already encoded; Graph gets them byte by byte. */
export interface GraphClient {
  /** Sends a request that has an effect; repeated only when Graph surely did nothing. */
  post(path: string, body: unknown, limits: CallLimits): Promise<Pick<Answer, 'body' | 'header'>>;
  /** Sends a POST that only reads, such as a `$batch` of reads. */
  postRead(path: string, body: unknown, limits: ReadLimits): Promise<unknown>;
  /** Reads a path, or a link of Graph's; one that leads elsewhere is refused. */
  get(pathOrLink: string, limits: ReadLimits): Promise<unknown>;
  /** Changes what is there; doing it twice does no harm. */
  patch(path: string, body: unknown, limits: ReadLimits): Promise<unknown>;
  /** Deletes what is there; doing it twice does no harm, but may answer 404. */
  delete(path: string, limits: ReadLimits): Promise<void>;
  /** @returns the path below the version that a link of Graph's leads to, undefined when it leads elsewhere. */
  toOwnPath: (link: string) => string | undefined;
  /** For those who take answers apart. */
  report: ReportOddity;
  stop(): Promise<void>;
}

const ONCE: Manner = { repeat: 'whenNotDone', access: 'write', priority: 'mutation' };
const again = (access: Manner['access'], { priority }: ReadLimits): Manner => ({
  repeat: priority === 'poll' ? 'never' : 'always',
  access,
  priority,
});

export function createGraphClient(options: GraphClientOptions): GraphClient {
  const { baseUrl, version, loadToken, connections, governor = createGovernor(), onOddity = () => {} } = options;
  const { origin } = new URL(baseUrl);
  const root = `/${version}`;
  const transport = new GraphTransport({ origin, loadToken, connections, governor, onOddity });
  const client = Client.initWithMiddleware({ baseUrl: `${origin}/`, defaultVersion: version, middleware: transport });

  function toOwnPath(link: string): string | undefined {
    const target = toTarget(link, origin, root);
    if (target === undefined) onOddity('foreignLink');
    return target?.slice(root.length);
  }

  async function send(
    pathOrLink: string,
    { timeoutMs, signal, scope, onBehalfOf }: CallLimits,
    manner: Manner,
    by: (request: GraphRequest) => Promise<unknown>,
  ) {
    const path = pathOrLink.startsWith('/') ? checkPath(pathOrLink) : toOwnPath(pathOrLink);
    if (path === undefined) throw new GraphUnreachable('the link leads elsewhere', false);
    const deadlineMs = governor.now() + timeoutMs;
    const call = new CallOptions({
      ...manner,
      target: `${root}${path}`,
      deadlineMs,
      signal,
      scope: scope ?? scopeOf(path),
      onBehalfOf,
      permission: neededPermission(path),
    });
    // The client would take the query apart and put it together again otherwise; the transport uses the target as it is.
    const [bare = ''] = path.split('?', 1);
    await by(client.api(bare).responseType(ResponseType.RAW).middlewareOptions([call]));
    const { answer } = call;
    // What Graph did is then not known.
    if (!answer?.isReadable) {
      onOddity('unreadable');
      throw new GraphUnreachable('the answer cannot be read', true);
    }
    return answer;
  }
  return {
    post: (path, body, limits) => send(path, limits, ONCE, (request) => request.post(body)),
    postRead: async (path, body, limits) =>
      (await send(path, limits, again('read', limits), (request) => request.post(body))).body,
    get: async (pathOrLink, limits) =>
      (await send(pathOrLink, limits, again('read', limits), (request) => request.get())).body,
    patch: async (path, body, limits) =>
      (await send(path, limits, again('write', limits), (request) => request.patch(body))).body,
    async delete(path, limits) {
      await send(path, limits, again('write', limits), (request) => request.delete());
    },
    toOwnPath,
    report: onOddity,
    stop: () => transport.stop(),
  };
}

/**
 * @returns what is asked for at the origin, byte by byte as it was given; undefined for a link to another origin or above
 *   the version: no token goes there
 */
function toTarget(link: string, origin: string, root: string): string | undefined {
  const url = URL.parse(link);
  // URL itself would encode what the link may hold as it is.
  const [, target = ''] = /^https?:\/\/[^/?#\\]+(\/[\x21\x22\x24-\x7e]*)$/i.exec(link) ?? [];
  const isBelow = target.startsWith(`${root}/`) && url?.pathname.startsWith(`${root}/`);
  return url?.origin === origin && url.username === '' && url.password === '' && isBelow ? target : undefined;
}

/** A path that HTTP does not allow would cost its connection, and one with dots may leave the version. */
function checkPath(path: string): string {
  if (!/^\/(?!\/)[\x21\x22\x24-\x7e]*$/.test(path) || /\/\.\.?([/?]|$)/.test(path))
    throw new TypeError('not a path below the version');
  return path;
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
