// How often Graph is asked until each of many active operations has been polled once.
import { Pool } from 'undici';
import { GATEWAY, PLAIN, start, type Bench } from '../contenders.ts';
import { QUERY, type Place } from '../documents.ts';
import { startGraph, type Graph } from '../graph.ts';
import type { Measurement } from '../report.ts';
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
    const ours = { who: GATEWAY, rounds: [] as number[], errors: 0 };
    const theirs = { who: PLAIN, rounds: [] as number[], errors: 0, firstError: '' };
    for (let round = 0; round < (bench.isQuick ? 1 : 3); round += 1) {
      const batches = await countUntilAllRead(graph, new Set(places.map(({ id }) => id)));
      ours.rounds.push(batches);
      bench.note(`${count} operations read in ${batches} requests`);
      await graph.clear();
      for (const wrong of await askForAll(plain.url, places)) {
        theirs.errors += 1;
        theirs.firstError ||= wrong;
      }
      theirs.rounds.push((await graph.requests()).filter(({ method }) => method === 'GET').length);
    }
    const most = Math.ceil(count / BATCH);
    return {
      unit: `Graph requests for ${count} operations`,
      better: 'less',
      base: PLAIN,
      lines: [ours, theirs],
      target: `${most}`,
      isMet: ours.rounds.every((requests) => requests <= most),
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

/** @returns the answers that were wrong */
async function askForAll(url: string, places: readonly Place[]): Promise<string[]> {
  const pool = new Pool(url, { connections: BATCH });
  const answers = await Promise.all(
    places.map(async (variables) => {
      const answer = await pool.request({
        method: 'POST',
        path: '/graphql',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query: QUERY, variables }),
      });
      const text = await answer.body.text();
      return text.includes(variables.id) ? [] : [text.slice(0, 300)];
    }),
  );
  await pool.close();
  return answers.flat();
}
