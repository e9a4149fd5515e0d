// What it costs the server to tell one change to thousands of subscribers that ask the same.
import { BARE_WS, GATEWAY, PUSHING, start, type Bench } from '../contenders.ts';
import { SUBSCRIPTION, type Place } from '../documents.ts';
import { invitation, startGraph, type Graph } from '../graph.ts';
import { ratioOf, type Measurement } from '../report.ts';
import { seedOperations } from '../seed.ts';
import type { ServerProcess } from '../server-process.ts';
import { settle, subscribe, type Subscribers } from '../socket-load.ts';
import { waitUntil } from '../wait-until.ts';

/** An even number of changes ends where it began. */
const STATUSES = ['notStarted', 'running'];

interface Rig {
  graph: Graph;
  server: ServerProcess;
  who: string;
  place: Place;
}

/** The CPU is counted from before the change until the last subscriber has it; on the gateway that includes the poll. */
export async function fanOut(bench: Bench): Promise<Measurement> {
  const count = bench.isQuick ? 1_000 : 5_000;
  const rounds = bench.isQuick ? 2 : 3;
  const changes = bench.isQuick ? 4 : 10;
  const graph = await startGraph(bench.folder);
  const servers = new Map<string, ServerProcess>();
  try {
    for (const who of PUSHING) servers.set(who, await start(who, bench, graph.url, { POLL_INTERVAL_MS: '250' }));
    const [place = { callId: '', id: '' }] = await seedOperations(servers.get(GATEWAY)?.url ?? '', 1);
    const lines = PUSHING.map((who) => ({ who, rounds: [] as number[], errors: 0, firstError: '' }));
    // The bare one sends what the gateway sent.
    let sent = '';
    for (let round = 0; round <= rounds; round += 1)
      for (const line of lines) {
        const { who } = line;
        const server = servers.get(who) as ServerProcess;
        const subscribers = await subscribe({
          url: server.url,
          path: '/graphql',
          count,
          query: SUBSCRIPTION,
          variables: place,
        });
        await settle();
        const framesPerSecond = await change({ graph, server, who, place }, subscribers, { count, changes, sent });
        if (who === GATEWAY) sent = subscribers.latest;
        line.errors += subscribers.errors;
        line.firstError ||= subscribers.firstError ?? '';
        await subscribers.close();
        bench.note(`round ${round}: ${who} ${Math.round(framesPerSecond)} frames/s/core`);
        // The first round warms up.
        if (round > 0) line.rounds.push(framesPerSecond);
      }
    return {
      unit: 'frames per CPU second',
      better: 'more',
      base: BARE_WS,
      lines,
      target: '60 % of bare ws',
      isMet: ratioOf(lines, GATEWAY, BARE_WS) >= 0.6,
    };
  } finally {
    for (const server of servers.values()) await server.stop();
    await graph.stop();
  }
}

/** @returns frames per second of the server's CPU. */
async function change(
  { graph, server, who, place }: Rig,
  subscribers: Subscribers,
  { count, changes, sent }: { count: number; changes: number; sent: string },
): Promise<number> {
  // Nothing comes before the first change, but the gateway's current state.
  const before = who === GATEWAY ? 1 : 0;
  await waitUntil('the current state', () => subscribers.behind(before) === 0);
  const cpuBefore = await server.cpuMs();
  for (let index = 0; index < changes; index += 1) {
    const status = STATUSES[index % STATUSES.length] as string;
    if (who === GATEWAY) await graph.setStatus(place.id, status);
    else if (who === BARE_WS) server.tell({ broadcast: sent });
    else server.tell({ publish: { ...invitation, id: place.id, status, resultInfo: null, revision: index } });
    const expected = (before + index + 1) * count;
    await waitUntil(`${expected} frames of ${who}`, () => subscribers.received >= expected || subscribers.errors > 0);
    if (subscribers.received !== expected || subscribers.errors > 0)
      throw new Error(`${who}: ${subscribers.firstError ?? `${subscribers.received} frames instead of ${expected}`}`);
    if (who !== BARE_WS && !subscribers.latest.includes(`"status":"${status}"`))
      throw new Error(`${who} did not tell that the status is ${status}: ${subscribers.latest}`);
  }
  return (count * changes) / (((await server.cpuMs()) - cpuBefore) / 1_000);
}
