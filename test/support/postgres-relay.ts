// What stands between a store and its PostgreSQL: as picky as a pooler, and able to lose an answer.
import { createServer, connect, type AddressInfo, type Socket } from 'node:net';

export interface PostgresRelay {
  /** The server's address with the relay in its place. */
  url: string;
  /** Breaks the connection over which the next answer with this text comes, before any of it is passed on. */
  cutAnswerWith(text: string): void;
  /** How many answers were cut. */
  cuts(): number;
  stop(): Promise<void>;
}

/** What PgBouncer takes at the start of a connection; the tests choose their schema by `options`. */
const KNOWN = new Set(
  'user database client_encoding datestyle timezone standard_conforming_strings application_name options'.split(' '),
);

export async function startRelay(serverUrl: string): Promise<PostgresRelay> {
  const { port } = new URL(serverUrl);
  const sockets = new Set<Socket>();
  let wanted: string | undefined;
  let cuts = 0;
  const server = createServer((client) => {
    const upstream = connect(Number(port), '127.0.0.1');
    const both = [client, upstream];
    for (const socket of both) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        for (const each of both) each.destroy();
      });
    }
    client.once('data', (start: Buffer) => {
      const unknown = parametersOf(start).find((name) => !KNOWN.has(name.toLowerCase()));
      if (unknown !== undefined) return client.end(toRefusal(`unsupported startup parameter: ${unknown}`));
      upstream.write(start);
      client.pipe(upstream);
    });
    upstream.on('data', (answer: Buffer) => {
      if (wanted === undefined || !answer.includes(wanted)) return client.write(answer);
      wanted = undefined;
      cuts += 1;
      return client.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: serverUrl.replace(`:${port}`, `:${(server.address() as AddressInfo).port}`),
    cutAnswerWith: (text) => (wanted = text),
    cuts: () => cuts,
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** After the length and the version: names and values in turn. */
function parametersOf(start: Buffer): string[] {
  const words = start.subarray(8).toString('latin1').split('\0');
  return words.filter((word, index) => index % 2 === 0 && word !== '');
}

function toRefusal(message: string): Buffer {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C08P01\0M${message}\0\0`);
  const head = Buffer.alloc(5);
  head.write('E');
  head.writeInt32BE(fields.length + 4, 1);
  return Buffer.concat([head, fields]);
}
