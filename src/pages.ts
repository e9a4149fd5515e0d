// Pages to explore the schema with: Apollo Sandbox on the landing page, and an explorer that needs no internet.
import fastifyStatic from '@fastify/static';
import { getDistDirectory, renderAltair } from 'altair-static';
import type { FastifyInstance } from 'fastify';

export const EXPLORER_PATH = '/explorer/';

const SANDBOX_SCRIPT = 'https://embeddable-sandbox.cdn.apollographql.com/v2/embeddable-sandbox.umd.production.min.js';

/** What a newcomer finds in the editors. */
const FIRST_DOCUMENT = `mutation InviteParticipants {
  inviteParticipants(
    callId: "57dab8b1-894c-409a-b240-bd8beae78896"
    input: { participants: [{ identity: { user: { id: "278405a3-f568-4b3e-b684-009193463064", displayName: "Adele Vance" } } }] }
  ) {
    id
    status
    tracking { id state revision }
  }
}

subscription WatchCall {
  inviteParticipantsOperationsUpdated(callId: "57dab8b1-894c-409a-b240-bd8beae78896") {
    id
    status
    resultInfo { code message }
    tracking { state revision }
  }
}
`;

/**
 * The landing page: Apollo's own page cannot be told where subscriptions are served, the Sandbox that it embeds can.
 * @param path where GraphQL is served, over HTTP and WebSocket
 */
export function renderSandbox(path: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Invitations gateway</title>
<style>
  html, body, #sandbox { margin: 0; height: 100% }
  #offline { font: 1rem/1.6 system-ui, sans-serif; max-width: 36rem; margin: 0 auto; padding: 4rem 1.5rem }
</style>
<div id="sandbox"></div>
<div id="offline" hidden>
  <h1>Apollo Sandbox cannot be loaded</h1>
  <p>It comes from the internet, which this browser does not reach. <a href="${EXPLORER_PATH}">The explorer of this gateway</a> needs none.</p>
</div>
<script>
  const showOffline = () => {
    document.getElementById('sandbox').remove();
    document.getElementById('offline').hidden = false;
  };
  const showSandbox = () => {
    const endpoint = new URL(${JSON.stringify(path)}, location.href);
    const subscriptions = new URL(endpoint);
    subscriptions.protocol = endpoint.protocol.replace('http', 'ws');
    new window.EmbeddedSandbox({
      target: '#sandbox',
      initialEndpoint: endpoint.href,
      initialSubscriptionEndpoint: subscriptions.href,
      initialState: { document: ${JSON.stringify(FIRST_DOCUMENT)} },
    });
  };
</script>
<script src="${SANDBOX_SCRIPT}" onload="showSandbox()" onerror="showOffline()"></script>
</html>
`;
}

/** Serves Altair, whose page asks for nothing from elsewhere. */
export async function serveExplorer(app: FastifyInstance, path: string): Promise<void> {
  await app.register(fastifyStatic, { root: getDistDirectory(), prefix: EXPLORER_PATH, index: false });
  app.get('/explorer', (_, reply) => reply.redirect(EXPLORER_PATH));
  app.get(EXPLORER_PATH, (request, reply) => {
    const { host } = request;
    const isSecure = request.protocol === 'https';
    return reply.type('text/html').send(
      renderAltair({
        baseURL: EXPLORER_PATH,
        endpointURL: `${isSecure ? 'https' : 'http'}://${host}${path}`,
        subscriptionsEndpoint: `${isSecure ? 'wss' : 'ws'}://${host}${path}`,
        initialSubscriptionRequestHandlerId: 'graphql-ws',
        initialQuery: FIRST_DOCUMENT,
      }),
    );
  });
}
