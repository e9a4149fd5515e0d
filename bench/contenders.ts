// The servers that are compared, and how each is started.
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { startServer, type ServerProcess } from './server-process.ts';

/** Where a bench keeps its files, and how long it may take. */
export interface Bench {
  folder: string;
  /** Fewer and shorter rounds, to see that all works. */
  isQuick: boolean;
  /** Writes CPU profiles of the gateway. */
  isProfiled: boolean;
  /** Says on stderr what goes on. */
  note: (what: string) => void;
}

export const GATEWAY = 'this gateway';
export const PLAIN = 'Apollo Server + express5';
export const YOGA = 'GraphQL Yoga';
export const MERCURIUS = 'Mercurius';
export const MERCURIUS_JIT = 'Mercurius + JIT';
export const HIVE = 'Hive Gateway + Mesh';
export const PASSTHROUGH = 'bare node:http + undici';
export const BARE_POST = 'bare undici POST';
export const BARE_WS = 'bare ws';

const peers: { [who: string]: { file: string; environment?: { [name: string]: string } } } = {
  [PLAIN]: { file: 'plain' },
  [YOGA]: { file: 'yoga' },
  [MERCURIUS]: { file: 'mercurius' },
  [MERCURIUS_JIT]: { file: 'mercurius', environment: { JIT: '1' } },
  [HIVE]: { file: 'hive' },
  [PASSTHROUGH]: { file: 'passthrough' },
  [BARE_POST]: { file: 'bare-post' },
  [BARE_WS]: { file: 'bare-ws' },
};

/** Those that are compared where thousands subscribe. */
export const PUSHING: readonly string[] = [GATEWAY, PLAIN, YOGA, MERCURIUS, BARE_WS];

const DAY_MS = '86400000';
const PROFILING = ['--cpu-prof', '--cpu-prof-dir=bench/profiles'];

/** @param environment more variables, such as the gateway's store or a peer's memory */
export async function start(
  who: string,
  bench: Bench,
  graphUrl: string,
  environment: { [name: string]: string } = {},
): Promise<ServerProcess> {
  if (who === GATEWAY) {
    const variables = {
      PORT: '0',
      STORE_FILE: join(bench.folder, `${randomUUID()}.db`),
      GRAPH_MODE: 'live',
      GRAPH_BASE_URL: graphUrl,
      GRAPH_CREDENTIAL: 'token',
      GRAPH_TOKEN: 'token',
      AUTH_MODE: 'developer',
      CONNECTIONS_PER_CALLER: '20000',
      OPERATION_DEADLINE_MS: DAY_MS,
      ...environment,
    };
    return startServer('src/main.ts', variables, bench.isProfiled ? PROFILING : []);
  }
  const peer = peers[who];
  if (!peer) throw new Error(`nobody is called ${who}`);
  return startServer(`bench/peers/${peer.file}.ts`, { GRAPH_URL: graphUrl, ...peer.environment, ...environment });
}
