// How much of the server's heap an idle subscriber takes.
import { GATEWAY, PLAIN, PUSHING, start, type Bench } from '../contenders.ts';
import { SUBSCRIPTION } from '../documents.ts';
import { startGraph } from '../graph.ts';
import type { Line, Measurement } from '../report.ts';
import { seedOperations } from '../seed.ts';
import { settle, subscribe } from '../socket-load.ts';
import { waitUntil } from '../wait-until.ts';

/** Each idle subscriber has a socket of its own; all ask the same, and a few came and went before. */
export async function heap(bench: Bench): Promise<Measurement> {
  const count = bench.isQuick ? 500 : 2_000;
  const lines = PUSHING.map((who) => ({ who, rounds: [] as number[], errors: 0, firstError: '' }));
  for (let round = 0; round < (bench.isQuick ? 1 : 2); round += 1)
    for (const line of lines) {
      const graph = await startGraph(bench.folder);
      const server = await start(line.who, bench, graph.url);
      try {
        const [place = { callId: 'call', id: 'none' }] =
          line.who === GATEWAY ? await seedOperations(server.url, 1) : [];
        const options = { url: server.url, path: '/graphql', query: SUBSCRIPTION, variables: place };
        await (await subscribe({ ...options, count: 200 })).close();
        await settle();
        const before = await server.heapBytes();
        const subscribers = await subscribe({ ...options, count });
        // The gateway sends each the current state first.
        if (line.who === GATEWAY) await waitUntil('the current state', () => subscribers.behind(1) === 0);
        await settle();
        const kilobytes = ((await server.heapBytes()) - before) / count / 1_000;
        line.errors += subscribers.errors;
        line.firstError ||= subscribers.firstError ?? '';
        await subscribers.close();
        bench.note(`round ${round}: ${line.who} ${kilobytes.toFixed(1)} KB`);
        line.rounds.push(kilobytes);
      } finally {
        await server.stop();
        await graph.stop();
      }
    }
  const ours: Line | undefined = lines.find(({ who }) => who === GATEWAY);
  return {
    unit: 'KB of heap per idle subscriber',
    better: 'less',
    base: PLAIN,
    lines,
    target: 'at most 12 KB',
    isMet: ours !== undefined && ours.rounds.every((kilobytes) => kilobytes <= 12),
  };
}
