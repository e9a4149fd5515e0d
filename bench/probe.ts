// Preloaded into a server under test: says over IPC what the process used, and the server knows nothing of it.
import { isMainThread } from 'node:worker_threads';

if (isMainThread && process.send) {
  // No server outlives the bench.
  process.on('disconnect', () => process.exit());
  process.on('message', (message: { ask?: string }) => {
    if (message.ask === 'cpu') {
      const { user, system } = process.cpuUsage();
      process.send?.({ answer: (user + system) / 1_000 });
    }
    if (message.ask === 'heap') void readHeap().then((answer) => process.send?.({ answer }));
  });
}

/** @returns bytes in use after what nobody holds was given back; needs --expose-gc */
async function readHeap(): Promise<number> {
  for (let round = 0; round < 5; round += 1) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return process.memoryUsage().heapUsed;
}
