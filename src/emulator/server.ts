/** Puts the emulator's parts together behind one HTTP server. */
import fastify, { type FastifyInstance } from 'fastify';
import { createAddAdminRoute } from './admin-route.ts';
import { addAdminRoutes } from './admin.ts';
import { createCallNotifications } from './call-notifications.ts';
import { createCallOperations } from './call-operations.ts';
import { CALLBACK_ISSUER, createCallbackTokens } from './callback-tokens.ts';
import { createCalls } from './calls.ts';
import { createChangeJournal } from './change-journal.ts';
import { createChangeNotifier } from './change-notifier.ts';
import { createDirectory } from './directory.ts';
import { createFaults } from './faults.ts';
import { createGraphHttp } from './graph-http.ts';
import { createGraphRoutes } from './graph-routes.ts';
import { createGraph } from './graph.ts';
import { createInvitations, refuseInvitationList } from './invitations.ts';
import { refuseStrangers } from './loopback.ts';
import { createOperationEnds } from './operation-ends.ts';
import { renderRedeemed, renderUnknownInvitation } from './redeem-page.ts';
import { createRequestLog } from './request-log.ts';
import { createSeedUsers } from './seed-users.ts';
import type { Settings } from './settings.ts';
import type { State } from './state.ts';
import { createSubscriptionRows } from './subscription-rows.ts';
import { createSubscriptions } from './subscriptions.ts';
import { createUserDelta } from './user-delta.ts';
import { createUsers } from './users.ts';
import { createWebhookSender } from './webhook-sender.ts';

export interface ServerOptions {
  state: State;
  settings: Settings;
  tenantDomain: string;
  now: () => number;
  /** Ends all that goes on beside the answering of requests. */
  stopping: AbortSignal;
}

const BODY_LIMIT = 4 * 1024 * 1024;

/** Ready to listen. What ran when an earlier server stopped is taken up at once. */
export function createServer({ state, settings, tenantDomain, now, stopping }: ServerOptions): FastifyInstance {
  const { ids } = state;
  const sender = createWebhookSender({ settings, now, stopping });
  const notifier = createChangeNotifier(sender, stopping);
  const rows = createSubscriptionRows(state, now);
  const subscriptions = createSubscriptions({ rows, sender, notifier, ids, settings, now, stopping });
  const journal = createChangeJournal(state);
  const directory = createDirectory({ state, journal, now, onChange: subscriptions.notify });
  if (directory.isEmpty()) {
    state.transaction(() => createSeedUsers(ids, tenantDomain).forEach((user) => directory.add(user, 0)));
  }
  const invitations = createInvitations({ state, directory, tenantDomain, now });
  const users = createUsers({ directory, settings, now });
  const delta = createUserDelta({ state, journal, directory, settings, now });
  const tokens = createCallbackTokens(state, settings, now);
  const operations = createCallOperations({ state, settings, now });
  const notifications = createCallNotifications({ settings, sender, tokens, ids, stopping });
  const ends = createOperationEnds({ operations, announce: notifications.announce, now, stopping });
  const calls = createCalls({ operations, settings, ids, onStart: ends.watch });
  ends.watch();
  const faults = createFaults();
  const log = createRequestLog();

  const call = '/communications/calls/{}';
  const findRoute = createGraphRoutes([
    { method: 'POST', template: '/invitations', handle: invitations.create },
    { method: 'GET', template: '/invitations', handle: refuseInvitationList },
    { method: 'GET', template: '/users', handle: users.list },
    { method: 'GET', template: '/users/delta', handle: delta.get },
    { method: 'GET', template: '/users/{}', handle: users.get },
    { method: 'DELETE', template: '/users/{}', handle: users.remove },
    { method: 'GET', template: '/users/{}/sponsors', handle: users.sponsors },
    { method: 'POST', template: '/subscriptions', handle: subscriptions.create },
    { method: 'GET', template: '/subscriptions', handle: subscriptions.list },
    { method: 'GET', template: '/subscriptions/{}', handle: subscriptions.get },
    { method: 'PATCH', template: '/subscriptions/{}', handle: subscriptions.renew },
    { method: 'DELETE', template: '/subscriptions/{}', handle: subscriptions.remove },
    { method: 'POST', template: '/subscriptions/{}/reauthorize', handle: subscriptions.reauthorize },
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
  server.addHook('onRequest', refuseStrangers);
  const graphHttp = createGraphHttp({ graph, ids, now, stopping });
  server.all('/v1.0/*', graphHttp.handle);
  server.all('/beta/*', graphHttp.handle);
  server.setErrorHandler(graphHttp.handleError);
  server.get<{ Querystring: { rd?: string } }>('/redeem', (request, reply) => {
    const redeemed = invitations.redeem(String(request.query.rd ?? ''));
    reply.code(redeemed ? 200 : 404).type('text/html; charset=utf-8');
    return reply.send(redeemed ? renderRedeemed(redeemed) : renderUnknownInvitation());
  });
  server.get('/v1/.well-known/OpenIdConfiguration', (request) => ({
    issuer: CALLBACK_ISSUER,
    jwks_uri: `http://${request.headers.host ?? ''}/v1/.well-known/keys`,
    id_token_signing_alg_values_supported: ['RS256'],
  }));
  server.get('/v1/.well-known/keys', () => tokens.keySet());
  addAdminRoutes(createAddAdminRoute(server), {
    settings,
    faults,
    log,
    invitations,
    delta,
    directory,
    ids,
    tenantDomain,
    now,
    operations,
    notifications,
    tokens,
    sender,
    rows,
    subscriptions,
  });
  return server;
}
