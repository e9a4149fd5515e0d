// The physical limit of a push: `ws` alone sends the same bytes to everybody who has asked for anything.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';

const server = createServer();
const sockets = new WebSocketServer({
  server,
  path: '/graphql',
  perMessageDeflate: false,
  handleProtocols: () => 'graphql-transport-ws',
});
const listeners = new Set<WebSocket>();

sockets.on('connection', (socket) => {
  socket.on('message', (data: Buffer) => {
    const { type } = JSON.parse(data.toString()) as { type: string };
    if (type === 'connection_init') socket.send('{"type":"connection_ack"}');
    if (type === 'subscribe') listeners.add(socket);
  });
  socket.once('close', () => listeners.delete(socket));
});
process.on('message', ({ broadcast }: { broadcast?: string }) => {
  if (broadcast === undefined) return;
  const bytes = Buffer.from(broadcast);
  for (const socket of listeners) socket.send(bytes, { binary: false });
});
server.listen(0, '127.0.0.1', () =>
  process.stdout.write(
    `${JSON.stringify({ msg: 'listening', url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })}\n`,
  ),
);
