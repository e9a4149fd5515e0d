/** A Microsoft Graph on loopback, for the demo, tests and load: its start and its end. */
import type { FastifyInstance } from 'fastify';
import { createServer } from './server.ts';
import { createSettings, type Settings } from './settings.ts';
import { openState, type State } from './state.ts';

/** Settings here are those at the start. */
export interface EmulatorOptions extends Partial<Settings> {
  /** Default 127.0.0.1. */
  host?: string;
  /** Default 0: any free port. */
  port?: number;
  /** SQLite file that holds the state; absent: in memory only. */
  stateFile?: string;
  /** Default 1. Ids and tickets are reproducible by seed. */
  seed?: number;
  /** Default contoso.onmicrosoft.com. */
  tenantDomain?: string;
  now?: () => number;
}

export interface Emulator {
  /** Answers the base URL, like http://127.0.0.1:4001. */
  start(): Promise<string>;
  /** Cuts all connections. */
  stop(): Promise<void>;
}

export function createEmulator(options: EmulatorOptions = {}): Emulator {
  const { host = '127.0.0.1', port = 0, tenantDomain = 'contoso.onmicrosoft.com', now = Date.now } = options;
  let running: { server: FastifyInstance; state: State; stopping: AbortController } | undefined;

  const stop = async (): Promise<void> => {
    const stopped = running;
    running = undefined;
    stopped?.stopping.abort();
    await stopped?.server.close();
    stopped?.state.close();
  };

  return {
    stop,
    async start() {
      if (running) throw new Error('The emulator is already running.');
      const state = openState({ stateFile: options.stateFile, seed: options.seed ?? 1 });
      const stopping = new AbortController();
      const settings = createSettings(options);
      const server = createServer({ state, settings, tenantDomain, now, stopping: stopping.signal });
      running = { server, state, stopping };
      try {
        return await server.listen({ host, port });
      } catch (error) {
        await stop();
        throw error;
      }
    },
  };
}
