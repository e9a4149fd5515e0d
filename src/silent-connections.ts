// Connections on which nothing has been asked yet: browsers open some in reserve, and a stop would wait for them.
import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** @returns how to end all on which no request has arrived as a whole; those that are answered, or rest in between, are left alone. */
export function trackSilentConnections(server: Server): () => void {
  const silent = new Set<Socket>();
  server.on('connection', (socket) => {
    silent.add(socket);
    socket.once('close', () => silent.delete(socket));
  });
  server.on('request', ({ socket }) => silent.delete(socket));
  // Sockets are closed with a code by whoever serves them.
  server.on('upgrade', ({ socket }) => silent.delete(socket));
  return () => silent.forEach((socket) => socket.destroy());
}
