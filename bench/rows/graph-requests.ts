// How often Graph is asked: to poll active operations once, and to sweep pending invitations of which none changed.
import { Pool } from 'undici';
import { GATEWAY, PLAIN, start, type Bench } from '../contenders.ts';
import { QUERY } from '../documents.ts';
import { startGraph, type Graph } from '../graph.ts';
import type { Line, Measurement } from '../report.ts';
import { seedOperations } from '../seed.ts';
import { waitUntil } from '../wait-until.ts';

const BATCH = 20;

/** The plain stack is asked for each operation once, as a frontend that polls would do. */
export async function pollRequests(bench: Bench): Promise<Measurement> {
  const count = bench.isQuick ? 200 : 1_000;
  const graph = await startGraph(bench.folder);
  // Unwatched operations are read every 12 seconds: all of them once long before any is read twice.
  const gateway = await start(GATEWAY, bench, graph.url, { POLL_INTERVAL_MS: '4000' });
  const plain = await start(PLAIN, bench, graph.url);
  try {
    const places = await seedOperations(gateway.url, count);
    const ours: Line = { who: GATEWAY, rounds: [], errors: 0 };
    const theirs: Line = { who: PLAIN, rounds: [], errors: 0 };
    const rounds: [number[], number[]] = [[], []];
    for (let round = 0; round < (bench.isQuick ? 1 : 3); round += 1) {
      await graph.clear();
      const batches = await countUntilAllRead(graph, new Set(places.map(({ id }) => id)));
      rounds[0].push(batches);
      bench.note(`${count} operations read in ${batches} requests`);
      const pool = new Pool(plain.url, { connections: BATCH });
      const before = await countReads(graph);
      await Promise.all(
        places.map(async (variables) => {
          const answer = await pool.request({
            method: 'POST',
            path: '/graphql',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({ query: QUERY, variables }),
          });
          const text = await answer.body.text();
          if (!text.includes(variables.id)) Object.assign(theirs, { errors: theirs.errors + 1, firstError: text });
        }),
      );
      rounds[1].push((await countReads(graph)) - before);
      await pool.close();
    }
    const lines = [
      { ...ours, rounds: rounds[0] },
      { ...theirs, rounds: rounds[1] },
    ];
    const most = Math.ceil(count / BATCH);
    return {
      unit: `Graph requests for ${count} operations`,
      better: 'less',
      base: PLAIN,
      lines,
      target: `${most}`,
      isMet: rounds[0].every((requests) => requests <= most),
    };
  } finally {
    await plain.stop();
    await gateway.stop();
    await graph.stop();
  }
}

/** @returns how many batches it took until each operation had been read; waits for the quiet between two rounds first. */
async function countUntilAllRead(graph: Graph, ids: ReadonlySet<string>): Promise<number> {
  let [seen, quietSince] = [-1, performance.now()];
  await waitUntil('a quiet moment', async () => {
    const { http } = await graph.counts();
    if (http !== seen) [seen, quietSince] = [http, performance.now()];
    return performance.now() - quietSince > 1_000;
  });
  await graph.clear();
  const readIn = async () => {
    const batches = (await graph.requests()).filter(({ path }) => path.endsWith('/$batch'));
    return { batches: batches.length, ids: new Set(batches.flatMap(({ parts }) => (parts ?? []).map(idOf))) };
  };
  await waitUntil('all operations to be read', async () => {
    const read = (await readIn()).ids;
    return [...ids].every((id) => read.has(id));
  });
  return (await readIn()).batches;
}

function idOf({ url }: { url: string }): string {
  return url.split('/').at(-1) ?? '';
}

async function countReads(graph: Graph): Promise<number> {
  return (await graph.counts()).byRoute['GET /communications/calls/{}/operations/{}'] ?? 0;
}

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
