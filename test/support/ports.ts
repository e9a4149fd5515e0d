// A port that is free, for what must know its own address before it listens.
import { createServer, type AddressInfo } from 'node:net';

/** Somebody else may get it before it is used. */
export async function findPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
