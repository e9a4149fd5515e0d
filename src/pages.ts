// Pages to explore the schema with: Apollo Sandbox on the landing page, and an explorer that needs no internet.
import fastifyStatic from '@fastify/static';
import {
  getAltairHtml,
  getDistDirectory,
  isSandboxFrame,
  SANDBOX_FRAME_CSP,
  type AltairConfigOptions,
} from 'altair-static';
import type { FastifyInstance } from 'fastify';

export const EXPLORER_PATH = '/explorer/';

const SANDBOX_SCRIPT = 'https://embeddable-sandbox.cdn.apollographql.com/v2/embeddable-sandbox.umd.production.min.js';

/** What a newcomer finds in the editors, by the name of its tab. Each runs as it stands; the explorer shows the last first. */
export const FIRST_DOCUMENTS = {
  'Invite a guest': `mutation InviteGuest {
  createInvitation(
    input: { invitedUserEmailAddress: "sam@fabrikam.example", inviteRedirectUrl: "https://myapps.example.com" }
  ) {
    id
    status
    invitedUser { id externalUserState }
    tracking { id state revision }
  }
}
`,
  'Watch a call': `subscription WatchCall {
  inviteParticipantsOperationsUpdated(callId: "57dab8b1-894c-409a-b240-bd8beae78896") {
    id
    status
    resultInfo { code message }
    tracking { id state revision }
  }
}
`,
  'Invite to the call': `mutation InviteParticipants {
  inviteParticipants(
    callId: "57dab8b1-894c-409a-b240-bd8beae78896"
    input: {
      participants: [
        { identity: { user: { id: "278405a3-f568-4b3e-b684-009193463064" } } }
      ]
    }
  ) {
    id
    status
    tracking { id state revision }
  }
}
`,
};

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
  :root { color-scheme: light dark }
  html, body, #sandbox { margin: 0; height: 100% }
  main { font: 1rem/1.6 system-ui, sans-serif; max-width: 36rem; margin: 0 auto; padding: 4rem 1.5rem }
</style>
<main>
  <h1>Invitations gateway</h1>
  <p>GraphQL is served at <code>${path}</code>: queries and mutations over HTTP, subscriptions over WebSocket.</p>
  <p id="state">Apollo Sandbox is being loaded from the internet.</p>
  <p><a href="${EXPLORER_PATH}">Open the explorer of this gateway</a>, which needs no internet.</p>
</main>
<script>
  const showOffline = () => {
    document.getElementById('state').textContent = 'Apollo Sandbox cannot be loaded: it comes from the internet, which this browser does not reach.';
  };
  const showSandbox = () => {
    document.querySelector('main').outerHTML = '<div id="sandbox"></div>';
    const endpoint = new URL(${JSON.stringify(path)}, location.href);
    const subscriptions = new URL(endpoint);
    subscriptions.protocol = endpoint.protocol.replace('http', 'ws');
    new window.EmbeddedSandbox({
      target: '#sandbox',
      initialEndpoint: endpoint.href,
      initialSubscriptionEndpoint: subscriptions.href,
      initialState: { document: ${JSON.stringify(Object.values(FIRST_DOCUMENTS).join('\n'))} },
    });
  };
</script>
<script src="${SANDBOX_SCRIPT}" onload="showSandbox()" onerror="showOffline()"></script>
</html>
`;
}

/** Serves Altair, whose page asks for nothing from elsewhere. */
export async function serveExplorer(app: FastifyInstance, path: string): Promise<void> {
  const page = renderExplorer(path);
  await app.register(fastifyStatic, {
    root: getDistDirectory(),
    prefix: EXPLORER_PATH,
    index: false,
    // The frame runs whatever script it is sent: other sites must not be able to use it as this origin.
    setHeaders: (response, file) => {
      if (isSandboxFrame(file)) response.setHeader('content-security-policy', SANDBOX_FRAME_CSP);
    },
  });
  app.get('/explorer', (_, reply) => reply.redirect(EXPLORER_PATH));
  app.get(EXPLORER_PATH, (_, reply) => reply.type('text/html; charset=utf-8').send(page));
}

/**
 * Only the browser knows the address that it reached us at: a Host header in the page would be a way to put script
 * there, and behind a proxy the wrong address. Altair's own rendering cannot take the scheme from the browser.
 */
function renderExplorer(path: string): string {
  const subscriptions = { initialSubscriptionRequestHandlerId: 'graphql-ws' } as const;
  const options: AltairConfigOptions = {
    endpointURL: path,
    subscriptionsEndpoint: path,
    ...subscriptions,
    initialWindows: Object.entries(FIRST_DOCUMENTS).map(([initialName, initialQuery]) => ({
      ...subscriptions,
      initialName,
      initialQuery,
    })),
    // Without a reload, initial windows have neither documentation nor completion.
    persistedSettings: { 'schema.reloadOnStart': true, 'banners.disable': true, disablePushNotification: true },
    disableAccount: true,
  };
  const start = `AltairGraphQL.init({ ...${JSON.stringify(options)}, subscriptionsProtocol: location.protocol.replace('http', 'ws') });`;
  return getAltairHtml()
    .replace(/<base.*>/, `<base href="${EXPLORER_PATH}">`)
    .replace('</body>', () => `<script type="module">${start}</script></body>`);
}
