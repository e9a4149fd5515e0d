// Invites a guest and a call participant through a running gateway, and prints what is pushed until each is final.
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

const endpoint = process.argv[2] ?? 'http://127.0.0.1:4000/graphql';
const client = createClient({ url: endpoint.replace('http', 'ws'), webSocketImpl: WebSocket });

type Json = { [member: string]: any };

async function send(name: string, document: string, variables: Json): Promise<Json> {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: document, variables }),
  }).catch(() => {
    console.error(`Nobody answers at ${endpoint}. Is \`npm start\` running?`);
    process.exit(1);
  });
  console.log(`\n${name}`);
  const { data, errors } = (await response.json()) as Json;
  if (errors) throw new Error(JSON.stringify(errors));
  return data[name];
}

/** Prints what a subscription pushes; `onState` is told each state. */
async function watch(
  name: string,
  document: string,
  variables: Json,
  show: (state: Json) => string,
  onState: (state: Json) => void = () => {},
) {
  console.log(`\n${name}`);
  for await (const { data } of client.iterate<Json>({ query: document, variables })) {
    const state = data?.[name];
    console.log(`  revision ${state.tracking.revision}  ${state.tracking.state}  ${show(state)}`);
    onState(state);
  }
  console.log('  complete');
}

const invitation = await send(
  'createInvitation',
  `mutation ($input: CreateInvitationInput!) {
    createInvitation(input: $input) { id status inviteRedeemUrl tracking { id state } }
  }`,
  {
    input: {
      invitedUserEmailAddress: `sam.${Date.now()}@fabrikam.example`,
      inviteRedirectUrl: 'https://myapps.example.com',
    },
  },
);
console.log(`  status ${invitation['status']}, tracking ${invitation['tracking'].state}`);

await watch(
  'invitationUpdated',
  `subscription ($id: ID!) {
    invitationUpdated(id: $id) { invitedUser { externalUserState } tracking { state revision } }
  }`,
  { id: invitation['tracking'].id },
  ({ invitedUser }) => `externalUserState ${invitedUser.externalUserState}`,
  ({ invitedUser }) => {
    if (invitedUser.externalUserState !== 'PendingAcceptance') return;
    console.log('  (the guest opens the redeem URL)');
    void fetch(invitation['inviteRedeemUrl']);
  },
);

const callId = '57dab8b1-894c-409a-b240-bd8beae78896';
const operation = await send(
  'inviteParticipants',
  `mutation ($callId: ID!, $input: InviteParticipantsInput!) {
    inviteParticipants(callId: $callId, input: $input) { id status tracking { id state } }
  }`,
  {
    callId,
    input: {
      participants: [
        { identity: { user: { id: '278405a3-f568-4b3e-b684-009193463064', displayName: 'Adele Vance' } } },
      ],
    },
  },
);
console.log(`  status ${operation['status']}, tracking ${operation['tracking'].state}`);

await watch(
  'inviteParticipantsOperationUpdated',
  `subscription ($callId: ID!, $id: ID!) {
    inviteParticipantsOperationUpdated(callId: $callId, id: $id) {
      status resultInfo { code message } tracking { state revision }
    }
  }`,
  { callId, id: operation['tracking'].id },
  ({ status, resultInfo }) => `status ${status}${resultInfo ? `  ${resultInfo.code} ${resultInfo.message}` : ''}`,
);
await client.dispose();
