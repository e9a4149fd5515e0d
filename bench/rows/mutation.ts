// A mutation through to Graph: what it costs over the POST that it is made of, the write to the store included.
import { BARE_POST, GATEWAY, MERCURIUS_JIT, PLAIN, start, type Bench } from '../contenders.ts';
import { askToInvite } from '../documents.ts';
import { invitation, startGraph } from '../graph.ts';
import { runLoad } from '../http-load.ts';
import { ratioOf, type Measurement } from '../report.ts';
import type { ServerProcess } from '../server-process.ts';

const CONNECTIONS = 32;
const POSTS = 3_000;
/** Added CPU, over that of the bare POST. */
const MOST_ADDED = 4;

export async function mutation(bench: Bench): Promise<Measurement> {
  const graph = await startGraph(bench.folder);
  const servers = new Map<string, ServerProcess>();
  try {
    // What becomes of the operations is no part of the mutation: they are not due for a read meanwhile.
    servers.set(GATEWAY, await start(GATEWAY, bench, graph.url, { POLL_INTERVAL_MS: '600000' }));
    for (const who of [PLAIN, MERCURIUS_JIT, BARE_POST]) servers.set(who, await start(who, bench, graph.url));
    const lines = [...servers.keys()].map((who) => ({
      who,
      rounds: [] as number[],
      errors: 0,
      firstError: undefined as string | undefined,
      detail: '',
    }));
    const rounds = bench.isQuick ? 2 : 3;
    for (let round = 0; round <= rounds; round += 1)
      for (const line of lines) {
        const server = servers.get(line.who) as ServerProcess;
        const micros =
          line.who === BARE_POST ? await postBare(server, bench.isQuick) : await mutate(server, line, bench.isQuick);
        bench.note(`round ${round}: ${line.who} ${Math.round(micros)} us`);
        // The first round warms up.
        if (round > 0) line.rounds.push(micros);
      }
    const ratio = ratioOf(lines, GATEWAY, BARE_POST);
    return {
      unit: 'CPU microseconds per mutation',
      better: 'less',
      base: BARE_POST,
      lines,
      target: `at most ${MOST_ADDED} x a bare POST added (ratio ${MOST_ADDED + 1})`,
      isMet: ratio - 1 <= MOST_ADDED,
    };
  } finally {
    for (const server of servers.values()) await server.stop();
    await graph.stop();
  }
}

async function postBare(server: ServerProcess, isQuick: boolean): Promise<number> {
  const count = isQuick ? POSTS / 3 : POSTS;
  const cpuMs = await server.ask({ post: { count, callId: 'call', body: invitation } });
  if (cpuMs < 0) throw new Error('a bare POST was not accepted');
  return (cpuMs * 1_000) / count;
}

async function mutate(
  server: ServerProcess,
  line: { errors: number; firstError: string | undefined; detail: string },
  isQuick: boolean,
): Promise<number> {
  const before = await server.cpuMs();
  const { answers, seconds, errors, firstError } = await runLoad({
    url: server.url,
    path: '/graphql',
    question: (index) => askToInvite(`call-${index % 100}`),
    connections: CONNECTIONS,
    durationMs: isQuick ? 1_000 : 3_000,
  });
  const cpuMs = (await server.cpuMs()) - before;
  line.errors += errors;
  line.firstError ??= firstError;
  line.detail = `${Math.round(answers / seconds)}/s`;
  return (cpuMs * 1_000) / answers;
}
