// Stands before an emulator and writes down who reads which operation when; replicas are told apart by their tokens.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Pool } from 'undici';

/** One read of some operations in one batch. */
export interface RecordedRead {
  replica: string;
  /** Graph's ids of the operations. */
  ids: readonly string[];
  /** Milliseconds since 1970. */
  beganAt: number;
  /** When it was answered or broken off; infinite while it is not. */
  endedAt: number;
}

export interface GraphRecorder {
  url: string;
  reads: RecordedRead[];
  /** Asked at the beginning of each read, which is not answered before this is. */
  onRead: (read: RecordedRead) => Promise<void> | void;
  stop(): Promise<void>;
}

const OPERATION = /\/operations\/([^/?]+)$/;

export async function startGraphRecorder(graphUrl: string): Promise<GraphRecorder> {
  const graph = new Pool(graphUrl, { connections: 64 });
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const body = Buffer.concat(chunks);
      const { method = 'GET', url = '/', headers } = request;
      const ids = url.endsWith('/$batch') ? idsOf(body) : [];
      const replica = (headers.authorization ?? '').replace('Bearer ', '');
      const read: RecordedRead = { replica, ids, beganAt: Date.now(), endedAt: Infinity };
      if (ids.length > 0) {
        recorder.reads.push(read);
        response.once('close', () => (read.endedAt = Date.now()));
        await recorder.onRead(read);
      }
      const { host: _, connection: __, 'transfer-encoding': ___, ...passed } = headers;
      const answer = await graph.request({ method, path: url, headers: passed, body: body.length > 0 ? body : null });
      const answerBody = Buffer.from(await answer.body.arrayBuffer());
      const { connection: ____, 'transfer-encoding': _____, ...answered } = answer.headers;
      response.writeHead(answer.statusCode, answered).end(answerBody);
    })().catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const recorder: GraphRecorder = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    reads: [],
    onRead: () => {},
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await graph.close();
    },
  };
  return recorder;
}

function idsOf(body: Buffer): string[] {
  const { requests } = JSON.parse(body.toString()) as { requests: { url: string }[] };
  return requests.flatMap(({ url }) => OPERATION.exec(url)?.[1] ?? []);
}
