/** A Microsoft Graph on loopback, for the demo, tests and load: puts the emulator's parts together and gives them a life. */
import fastify, { type FastifyInstance } from 'fastify';
import { addAdminRoutes, type Settings } from './admin.ts';
import { createCallOperations } from './call-operations.ts';
import { createCalls } from './calls.ts';
import { createDirectory } from './directory.ts';
import { createFaults } from './faults.ts';
import { GraphRefusal } from './graph-answer.ts';
import { createGraphHttp } from './graph-http.ts';
import { createGraphRoutes } from './graph-routes.ts';
import { createGraph } from './graph.ts';
import { createInvitations } from './invitations.ts';
import { renderRedeemed, renderUnknownInvitation } from './redeem-page.ts';
import { createRequestLog } from './request-log.ts';
import { createSeedUsers } from './seed-users.ts';
import { openState, type State } from './state.ts';
import { createUsers } from './users.ts';

export interface EmulatorOptions {
  /** Default 127.0.0.1. */
  host?: string;
  /** Default 0: any free port. */
  port?: number;
  /** SQLite file that holds the state; absent: in memory only. */
  stateFile?: string;
  /** Default 1. Ids and tickets are reproducible by seed. */
  seed?: number;
  /** How long an invite operation runs before it ends. Default 5000. */
  operationMs?: number;
  /** How long a finished operation stays readable. Default 60000. */
  finishedMs?: number;
  /** How long a new guest is not readable. Default 0. */
  replicationMs?: number;
  /** Default contoso.onmicrosoft.com. */
  tenantDomain?: string;
  now?: () => number;
}

export interface Emulator {
  /** Answers the base URL, like http://127.0.0.1:4001. */
  start(): Promise<string>;
  /** Cuts all connections. */
  stop(): Promise<void>;
}

const BODY_LIMIT = 4 * 1024 * 1024;

export function createEmulator(options: EmulatorOptions = {}): Emulator {
  const { host = '127.0.0.1', port = 0 } = options;
  let running: { server: FastifyInstance; state: State; stopping: AbortController } | undefined;

  const stop = async (): Promise<void> => {
    const stopped = running;
    running = undefined;
    stopped?.stopping.abort();
    await stopped?.server.close();
    stopped?.state.close();
  };

  return {
    stop,
    async start() {
      if (running) throw new Error('The emulator is already running.');
      const state = openState({ stateFile: options.stateFile, seed: options.seed ?? 1 });
      const stopping = new AbortController();
      const server = createServer(options, state, stopping.signal);
      running = { server, state, stopping };
      try {
        return await server.listen({ host, port });
      } catch (error) {
        await stop();
        throw error;
      }
    },
  };
}

function createServer(options: EmulatorOptions, state: State, stopping: AbortSignal): FastifyInstance {
  const { tenantDomain = 'contoso.onmicrosoft.com', now = Date.now } = options;
  const { ids } = state;
  const settings: Settings = {
    operationMs: options.operationMs ?? 5000,
    finishedMs: options.finishedMs ?? 60_000,
    replicationMs: options.replicationMs ?? 0,
  };
  const directory = createDirectory(state);
  if (directory.isEmpty()) {
    state.transaction(() => createSeedUsers(ids, tenantDomain).forEach((user) => directory.add(user, 0)));
  }
  const invitations = createInvitations({ state, directory, tenantDomain, now });
  const users = createUsers({ directory, settings, now });
  const operations = createCallOperations({ state, settings, now });
  const calls = createCalls({ operations, ids });
  const faults = createFaults();
  const log = createRequestLog();

  const call = '/communications/calls/{}';
  const findRoute = createGraphRoutes([
    { method: 'POST', template: '/invitations', handle: invitations.create },
    { method: 'GET', template: '/invitations', handle: refuseInvitationList },
    { method: 'GET', template: '/users', handle: users.list },
    { method: 'GET', template: '/users/{}', handle: users.get },
    { method: 'DELETE', template: '/users/{}', handle: users.remove },
    { method: 'GET', template: '/users/{}/sponsors', handle: users.sponsors },
    { method: 'GET', template: call, handle: calls.get },
    { method: 'GET', template: `${call}/operations`, handle: calls.operations },
    { method: 'GET', template: `${call}/operations/{}`, handle: calls.operation },
    { method: 'GET', template: `${call}/participants`, handle: calls.participants },
    { method: 'POST', template: `${call}/participants/invite`, handle: calls.invite },
    { method: 'POST', template: '/app/calls/{}/participants/invite', handle: calls.invite },
  ]);
  const graph = createGraph({ findRoute, faults, log, ids });

  const server = fastify({
    logger: false,
    bodyLimit: BODY_LIMIT,
    forceCloseConnections: true,
    // Looking at a redeem link with HEAD must not redeem it.
    exposeHeadRoutes: false,
  });
  // Bodies stay text: Graph and the admin routes refuse bad ones in their own words.
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  const graphHttp = createGraphHttp({ graph, ids, now, stopping });
  server.all('/v1.0/*', graphHttp.handle);
  server.all('/beta/*', graphHttp.handle);
  server.setErrorHandler(graphHttp.handleError);
  server.get<{ Querystring: { rd?: string } }>('/redeem', (request, reply) => {
    const redeemed = invitations.redeem(String(request.query.rd ?? ''));
    reply.code(redeemed ? 200 : 404).type('text/html; charset=utf-8');
    return reply.send(redeemed ? renderRedeemed(redeemed) : renderUnknownInvitation());
  });
  addAdminRoutes(server, { settings, faults, log, directory, invitations, operations, ids, tenantDomain, now });
  return server;
}

/** Metadata offers this list, the service does not: it answers with a page in place of a message. */
function refuseInvitationList(): never {
  throw new GraphRefusal(
    404,
    'UnknownError',
    '<!DOCTYPE html><html><head><title>404 - Not Found</title></head><body></body></html>',
  );
}
