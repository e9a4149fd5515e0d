// The emulated Graph that all servers ask, as a process of its own, and what it was asked.
import { join } from 'node:path';
import { startServer } from './server-process.ts';

export interface Graph {
  url: string;
  /** Starts an operation in the call, as any client of Graph would. @returns its id */
  invite(callId: string): Promise<string>;
  /** From now on the operation has this status. */
  setStatus(id: string, status: string): Promise<void>;
  requests(): Promise<GraphRequest[]>;
  counts(): Promise<{ http: number; byRoute: { [route: string]: number } }>;
  clear(): Promise<void>;
  cpuMs(): Promise<number>;
  stop(): Promise<void>;
}

export interface GraphRequest {
  /** Milliseconds since 1970. */
  at: number;
  method: string;
  path: string;
  query: { [name: string]: string };
  parts?: { url: string }[];
}

/** Operations run until they are told otherwise. */
const FOR_EVER_MS = '100000000';

export const invitation = {
  participants: [{ identity: { user: { id: '278405a3-f568-4b3e-b684-009193463064', displayName: 'Adele Vance' } } }],
  clientContext: 'f2fa86af-3c51-4bc2-8fc0-475452d9764f',
};

export async function startGraph(folder: string): Promise<Graph> {
  const server = await startServer('src/emulator/main.ts', {
    EMULATOR_PORT: '0',
    EMULATOR_OPERATION_MS: FOR_EVER_MS,
    EMULATOR_STATE_FILE: join(folder, 'emulator.db'),
  });

  async function call<Answer>(method: string, path: string, body?: object): Promise<Answer> {
    const response = await fetch(`${server.url}${path}`, {
      method,
      headers: { authorization: 'Bearer token', ...(body ? { 'content-type': 'application/json' } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`the emulator refused ${method} ${path}: ${text}`);
    return (text === '' ? {} : JSON.parse(text)) as Answer;
  }

  return {
    url: server.url,
    cpuMs: () => server.cpuMs(),
    stop: () => server.stop(),
    invite: async (callId) =>
      (await call<{ id: string }>('POST', `/v1.0/communications/calls/${callId}/participants/invite`, invitation)).id,
    setStatus: (id, status) => call('POST', `/admin/operations/${id}`, { status }),
    requests: async () => (await call<{ requests: GraphRequest[] }>('GET', '/admin/requests')).requests,
    counts: () => call('GET', '/admin/counts'),
    clear: () => call('DELETE', '/admin/requests'),
  };
}
