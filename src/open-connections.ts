// Connections of the HTTP server, by what is asked on them: a stop waits for answers, and for nothing else.
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';

export interface OpenConnections {
  /**
   * Ends those on which nothing is being answered, nor was when this was called before: browsers open some in reserve, and keep
   * others. What arrives in between is read first.
   */
  endResting(): void;
  /** Ends those whose request does not arrive as a whole. */
  endUnfinished(): void;
}

/** Sockets that are upgraded are closed with a code by whoever serves them. */
export function trackOpenConnections(server: Server): OpenConnections {
  /** How many requests are being answered on each. */
  const counts = new Map<Socket, number>();
  const requests = new Set<IncomingMessage>();
  const add = (socket: Socket, change: number) => {
    const count = counts.get(socket);
    if (count !== undefined) counts.set(socket, count + change);
  };
  server.on('connection', (socket) => {
    counts.set(socket, 0);
    socket.once('close', () => counts.delete(socket));
  });
  server.on('request', (request, response) => {
    requests.add(request);
    add(request.socket, 1);
    response.once('close', () => {
      requests.delete(request);
      add(request.socket, -1);
    });
  });
  server.on('upgrade', ({ socket }) => counts.delete(socket));
  let rested = new Set<Socket>();
  return {
    endResting() {
      const resting = [...counts].flatMap(([socket, count]) => (count === 0 ? [socket] : []));
      for (const socket of resting) if (rested.has(socket)) socket.destroy();
      rested = new Set(resting);
    },
    endUnfinished() {
      for (const { complete, socket } of requests) if (!complete) socket.destroy();
    },
  };
}
