// How often Graph is asked to learn that none of many pending invitations has changed.
import { GATEWAY, start, type Bench } from '../contenders.ts';
import { startGraph, type Graph } from '../graph.ts';
import type { Line, Measurement } from '../report.ts';
import { waitUntil } from '../wait-until.ts';

const INVITE = `mutation ($inputs: [CreateInvitationInput!]!) { createInvitations(inputs: $inputs) { bulkId } }`;
const PENDING = `{ invitations(first: 1, filter: { state: [submitting] }) { nodes { id } } }`;
const AT_ONCE = 500;

/** Any further page of a sweep counts as a request more. */
export async function sweepRequests(bench: Bench): Promise<Measurement> {
  const lines: Line[] = [];
  for (const count of bench.isQuick ? [100] : [100, 2_000]) {
    const graph = await startGraph(bench.folder);
    const gateway = await start(GATEWAY, bench, graph.url, { POLL_INTERVAL_MS: '250' });
    const ask = async (query: string, variables: object = {}) => {
      const response = await fetch(`${gateway.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query, variables }),
      });
      return (await response.json()) as { data?: { invitations?: { nodes: unknown[] } }; errors?: unknown };
    };
    try {
      for (let from = 0; from < count; from += AT_ONCE) {
        const inputs = Array.from({ length: Math.min(AT_ONCE, count - from) }, (_, index) => ({
          invitedUserEmailAddress: `guest${from + index}@fabrikam.example`,
          inviteRedirectUrl: 'https://app.example.com',
        }));
        const { errors } = await ask(INVITE, { inputs });
        if (errors) throw new Error(JSON.stringify(errors));
      }
      await waitUntil('all to be sent', async () => (await ask(PENDING)).data?.invitations?.nodes.length === 0);
      // Each is read once by its id, and delta tells of each once: then nothing changes any more.
      await waitUntil('nothing but sweeps', async () => {
        await graph.clear();
        await new Promise((resolve) => setTimeout(resolve, 3_000));
        const { http, sweeps } = await countSweeps(graph);
        return sweeps > 0 && http === sweeps;
      });
      await graph.clear();
      await waitUntil('sweeps', async () => (await countSweeps(graph)).sweeps >= (bench.isQuick ? 3 : 10));
      const { http, sweeps } = await countSweeps(graph);
      lines.push({
        who: `${GATEWAY}, ${count} pending`,
        rounds: [http / sweeps],
        errors: 0,
        detail: `${sweeps} sweeps`,
      });
    } finally {
      await gateway.stop();
      await graph.stop();
    }
  }
  return {
    unit: 'Graph requests per sweep',
    better: 'less',
    base: lines[0]?.who ?? '',
    lines,
    target: '1, however many are pending',
    isMet: lines.every(({ rounds }) => rounds[0] === 1),
  };
}

/** A sweep begins with a delta token; its further pages have a skip token. */
async function countSweeps(graph: Graph): Promise<{ http: number; sweeps: number }> {
  const requests = await graph.requests();
  const sweeps = requests.filter(({ path, query }) => path.endsWith('/users/delta') && '$deltatoken' in query);
  return { http: requests.length, sweeps: sweeps.length };
}
