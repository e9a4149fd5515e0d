// Queries of one operation: as each server would answer them, and with everybody answering from memory.
import { isDeepStrictEqual } from 'node:util';
import { GATEWAY, HIVE, MERCURIUS, MERCURIUS_JIT, PASSTHROUGH, PLAIN, start, YOGA, type Bench } from '../contenders.ts';
import { QUERY, type Place } from '../documents.ts';
import { startGraph } from '../graph.ts';
import { runLoad, type Load, type Question } from '../http-load.ts';
import { ratioOf, type Line, type Measurement } from '../report.ts';
import { seedOperations } from '../seed.ts';
import type { ServerProcess } from '../server-process.ts';

const OPERATIONS = 100;
const CONNECTIONS = 32;

/** Peers ask Graph for each query; the gateway answers from its record, as it always does. */
export async function queryUpstream(bench: Bench): Promise<Measurement> {
  const peers = [PLAIN, YOGA, MERCURIUS, MERCURIUS_JIT, HIVE, PASSTHROUGH];
  const lines = await measure(bench, peers, {});
  const graphql = peers.filter((who) => who !== PASSTHROUGH);
  return {
    ...common,
    lines,
    target: 'ahead of every GraphQL peer',
    isMet: graphql.every((who) => ratioOf(lines, GATEWAY, who) > 1),
  };
}

/** Peers keep what Graph answered first; the gateway still reads its record from disk. */
export async function queryMemory(bench: Bench): Promise<Measurement> {
  const lines = await measure(bench, [PLAIN, YOGA, MERCURIUS, MERCURIUS_JIT, PASSTHROUGH], { FROM_MEMORY: '1' });
  return {
    ...common,
    lines,
    target: '2 x Yoga and Apollo, half of Mercurius + JIT',
    isMet:
      ratioOf(lines, GATEWAY, YOGA) >= 2 &&
      ratioOf(lines, GATEWAY, PLAIN) >= 2 &&
      ratioOf(lines, GATEWAY, MERCURIUS_JIT) >= 0.5,
  };
}

const common = { unit: 'queries per CPU second', better: 'more' as const, base: PLAIN };

async function measure(bench: Bench, peers: string[], memory: { [name: string]: string }): Promise<Line[]> {
  const graph = await startGraph(bench.folder);
  const servers = new Map<string, ServerProcess>();
  try {
    servers.set(GATEWAY, await start(GATEWAY, bench, graph.url));
    for (const who of peers) servers.set(who, await start(who, bench, graph.url, memory));
    const places = await seedOperations(servers.get(GATEWAY)?.url ?? '', OPERATIONS);
    const truth = new Map<string, unknown>();
    const lines = [...servers.keys()].map((who) => ({ who, rounds: [] as number[], perSecond: [] as number[] }));
    const loads = new Map<string, Load>();
    const rounds = bench.isQuick ? 2 : 3;
    const durationMs = bench.isQuick ? 1_000 : 2_000;
    const questions = new Map([...servers.keys()].map((who) => [who, createQuestions(who, places, truth)]));
    // The first round warms up and does not count.
    for (let round = 0; round <= rounds; round += 1)
      for (const line of lines) {
        const server = servers.get(line.who) as ServerProcess;
        const question = questions.get(line.who) as (index: number) => Question;
        const before = await server.cpuMs();
        const load = await runLoad({
          url: server.url,
          path: '/graphql',
          question,
          connections: CONNECTIONS,
          durationMs,
        });
        const cpuMs = (await server.cpuMs()) - before;
        const sum = loads.get(line.who);
        loads.set(line.who, {
          ...load,
          errors: load.errors + (sum?.errors ?? 0),
          firstError: sum?.firstError ?? load.firstError,
        });
        if (round === 0) continue;
        line.rounds.push(load.answers / (cpuMs / 1_000));
        line.perSecond.push(load.answers / load.seconds);
        bench.note(`round ${round}: ${line.who} ${Math.round(load.answers / load.seconds)} queries/s`);
      }
    return lines.map(({ who, rounds: values, perSecond }) => ({
      who,
      rounds: values,
      errors: loads.get(who)?.errors ?? 0,
      firstError: loads.get(who)?.firstError,
      detail: `${Math.round(perSecond.toSorted((a, b) => a - b)[Math.floor(perSecond.length / 2)] ?? 0)}/s`,
    }));
  } finally {
    for (const server of servers.values()) await server.stop();
    await graph.stop();
  }
}

/** The first answer about each operation must be what everybody says; the later ones must be the same text. */
function createQuestions(who: string, places: Place[], truth: Map<string, unknown>): (index: number) => Question {
  const texts = new Map<string, string>();
  // Mesh makes strings of what OpenAPI calls strings.
  const query = who === HIVE ? QUERY.replaceAll('ID!', 'String!') : QUERY;
  const bodies = places.map((place) => JSON.stringify({ query, variables: place }));
  return (index) => {
    const place = places[index % places.length] as Place;
    return {
      body: bodies[index % bodies.length] as string,
      check(text) {
        const known = texts.get(place.id);
        if (known !== undefined) return known === text ? undefined : text.slice(0, 300);
        const operation = (JSON.parse(text) as { data?: { [field: string]: { id?: string } } }).data?.[
          'inviteParticipantsOperation'
        ];
        if (operation?.id !== place.id) return text.slice(0, 300);
        // What is passed through has the members that Graph sends, not those that were asked for.
        const expected = truth.get(place.id);
        if (who !== PASSTHROUGH && expected !== undefined && !isDeepStrictEqual(operation, expected))
          return `${JSON.stringify(operation)} instead of ${JSON.stringify(expected)}`;
        if (who !== PASSTHROUGH) truth.set(place.id, operation);
        texts.set(place.id, text);
        return undefined;
      },
    };
  };
}
