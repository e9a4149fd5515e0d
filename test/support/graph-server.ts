// A Graph that answers as it is told, over a real socket, and remembers what it was asked.
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SeenRequest {
  method: string | undefined;
  url: string | undefined;
  headers: IncomingHttpHeaders;
  body: string;
}

export type ScriptedAnswer = (response: ServerResponse, request: SeenRequest) => void;

export interface GraphServer {
  baseUrl: string;
  seen: SeenRequest[];
  /** What the next requests are answered, in order; then `usual`. */
  answers: ScriptedAnswer[];
  usual: ScriptedAnswer;
  stop(): Promise<void>;
}

export const json =
  (status: number, body: unknown, headers: { [name: string]: string } = {}): ScriptedAnswer =>
  (response) =>
    void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));

export const cut: ScriptedAnswer = (response) => void response.destroy();

/** Leaves requests unanswered until they are released, the longest waiting first. */
export function createHolder(): {
  hold: ScriptedAnswer;
  release: (answer?: ScriptedAnswer) => void;
  count: () => number;
} {
  const held: [ServerResponse, SeenRequest][] = [];
  return {
    hold: (response, request) => void held.push([response, request]),
    release: (answer = json(200, {})) => {
      const [response, request] = held.shift() ?? [];
      if (response && request) answer(response, request);
    },
    count: () => held.length,
  };
}

export async function startGraphServer(): Promise<GraphServer> {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const { method, url, headers } = request;
      const one = { method, url, headers, body };
      graph.seen.push(one);
      (graph.answers.shift() ?? graph.usual)(response, one);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const graph: GraphServer = {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen: [],
    answers: [],
    usual: json(200, { ok: true }),
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return graph;
}

/** Waits for a condition, and says which when it does not come. */
export async function waitUntil(what: string, condition: () => boolean): Promise<void> {
  const end = Date.now() + 5_000;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`waited in vain for: ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
