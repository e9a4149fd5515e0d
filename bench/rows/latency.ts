// From Graph's answer to the poll that saw a change until the last of 1,000 subscribers has it, over two replicas.
import { startPostgres } from '../../test/support/postgres.ts';
import { GATEWAY, start, type Bench } from '../contenders.ts';
import { SUBSCRIPTION } from '../documents.ts';
import { startGraph } from '../graph.ts';
import { median, percentile, type Measurement } from '../report.ts';
import { seedOperations } from '../seed.ts';
import { subscribe } from '../socket-load.ts';
import { waitUntil } from '../wait-until.ts';

const REPLICAS = 2;
const SUBSCRIBERS = 1_000;
/** Operations that are followed, too, and do not change. */
const IDLE = 500;
const MOST_MS = 100;

/** The beginning is when the request of the poll reached Graph, so its answer counts with the latency. */
export async function latency(bench: Bench): Promise<Measurement> {
  const changes = bench.isQuick ? 20 : 200;
  const postgres = await startPostgres();
  const graph = await startGraph(bench.folder);
  const replicas: Awaited<ReturnType<typeof start>>[] = [];
  const subscribers: Awaited<ReturnType<typeof subscribe>>[] = [];
  try {
    for (let replica = 0; replica < REPLICAS; replica += 1)
      replicas.push(await start(GATEWAY, bench, graph.url, { DATABASE_URL: postgres.url, POLL_INTERVAL_MS: '500' }));
    const [place] = await seedOperations(replicas[0]?.url ?? '', IDLE + 1);
    if (!place) throw new Error('no operation');
    for (const { url } of replicas)
      subscribers.push(
        await subscribe({
          url,
          path: '/graphql',
          count: SUBSCRIBERS / REPLICAS,
          query: SUBSCRIPTION,
          variables: place,
        }),
      );
    const allHave = (count: number) => () => subscribers.every((each) => each.behind(count) === 0 || each.errors > 0);
    await waitUntil('the current state', allHave(1));
    const latencies: number[] = [];
    for (let index = 0; index < changes; index += 1) {
      await graph.clear();
      await graph.setStatus(place.id, index % 2 === 0 ? 'notStarted' : 'running');
      const changedAt = Date.now();
      await waitUntil('the change', allHave(index + 2));
      const hadAt = Date.now();
      const polls = (await graph.requests()).filter(({ parts }) =>
        parts?.some(({ url }) => url.endsWith(`/${place.id}`)),
      );
      // It may have come while Graph was still telling us that the change is made.
      const poll = polls.find(({ at }) => at >= changedAt) ?? polls.at(-1);
      if (!poll) throw new Error('nobody polled');
      latencies.push(hadAt - poll.at);
    }
    const wrong = subscribers.find(({ errors }) => errors > 0);
    const p99 = percentile(latencies, 0.99);
    bench.note(`median ${median(latencies)} ms, p99 ${p99} ms`);
    return {
      unit: 'ms, p99',
      better: 'less',
      base: GATEWAY,
      lines: [
        {
          who: GATEWAY,
          rounds: [p99],
          errors: wrong?.errors ?? 0,
          firstError: wrong?.firstError,
          detail: `median ${median(latencies)} ms of ${changes} changes`,
        },
      ],
      target: `under ${MOST_MS} ms`,
      isMet: p99 < MOST_MS,
    };
  } finally {
    for (const each of subscribers) await each.close();
    for (const replica of replicas) await replica.stop();
    await graph.stop();
    await postgres.stop();
  }
}
