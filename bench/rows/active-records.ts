// How many active operations one core follows at a cadence of five seconds, and how late their reads are.
import { GATEWAY, start, type Bench } from '../contenders.ts';
import { startGraph } from '../graph.ts';
import { percentile, type Measurement } from '../report.ts';
import { seedOperations } from '../seed.ts';

/** Unwatched operations are read at three times this. */
const POLL_INTERVAL_MS = 1_667;
const CADENCE_S = 5;
const TARGET = 20_000;
const MOST_LAG_MS = 1_000;
const SAMPLE_MS = 200;
/** The pace must be kept within this share. */
const TOLERANCE = 0.95;
/** Whoever falls behind with less than this has CPU to spare. */
const BUSY_CORES = 0.9;

export async function activeRecords(bench: Bench): Promise<Measurement> {
  const count = bench.isQuick ? TARGET / 10 : TARGET;
  const windowMs = bench.isQuick ? 10_000 : 30_000;
  const graph = await startGraph(bench.folder);
  const gateway = await start(GATEWAY, bench, graph.url, { POLL_INTERVAL_MS: String(POLL_INTERVAL_MS) });
  const lag = async () => {
    const response = await fetch(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: '{ gateway { pollLagMs } }' }),
    });
    const { data } = (await response.json()) as { data: { gateway: { pollLagMs: number } } };
    return data.gateway.pollLagMs;
  };
  try {
    await seedOperations(gateway.url, count);
    bench.note(`${count} operations are followed`);
    // What was late while they were made is not what is measured.
    await sleep(2 * CADENCE_S * 1_000);
    await graph.clear();
    const [cpuBefore, graphBefore, startedAt] = [await gateway.cpuMs(), await graph.cpuMs(), performance.now()];
    const lags: number[] = [];
    while (performance.now() - startedAt < windowMs) {
      lags.push(await lag());
      await sleep(SAMPLE_MS);
    }
    const seconds = (performance.now() - startedAt) / 1_000;
    const cores = ((await gateway.cpuMs()) - cpuBefore) / 1_000 / seconds;
    const graphCores = ((await graph.cpuMs()) - graphBefore) / 1_000 / seconds;
    const { byRoute } = await graph.counts();
    const readsPerSecond = (byRoute['GET /communications/calls/{}/operations/{}'] ?? 0) / seconds;
    const p99 = percentile(lags, 0.99);
    const followed = Math.min(count, readsPerSecond * CADENCE_S);
    const { isKept, value, unit, remark } = judgePace({ count, followed, cores });
    return {
      unit,
      better: 'more',
      base: GATEWAY,
      lines: [
        {
          who: GATEWAY,
          rounds: [value],
          errors: 0,
          detail:
            `${count} active, ${Math.round(readsPerSecond)} reads/s, lag p99 ${Math.round(p99)} ms, ` +
            `${cores.toFixed(2)} cores, Graph ${graphCores.toFixed(2)}${remark}`,
        },
      ],
      target: `${TARGET}, lag p99 under ${MOST_LAG_MS} ms`,
      isMet: isKept && value >= TARGET && p99 < MOST_LAG_MS,
    };
  } finally {
    await gateway.stop();
    await graph.stop();
  }
}

/** Where something else than the CPU ends it, more CPU would follow no more: then what is followed is all that can be said. */
export function judgePace({ count, followed, cores }: { count: number; followed: number; cores: number }) {
  const isKept = followed >= TOLERANCE * count;
  return isKept || cores >= BUSY_CORES
    ? { isKept, value: followed / cores, unit: `active operations per core at ${CADENCE_S} s`, remark: '' }
    : {
        isKept,
        value: followed,
        unit: `active operations in all at ${CADENCE_S} s`,
        remark: '; behind its pace, and CPU is not the limit',
      };
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
