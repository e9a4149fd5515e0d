// Loaded into a gateway process with `--expose-gc`: on SIGUSR2 it writes how much of its heap is used when all garbage is gone.
import { setImmediate } from 'node:timers/promises';

process.on('SIGUSR2', () => void report());

async function report(): Promise<void> {
  // What one collection sets free may let another one free more.
  for (let round = 0; round < 3; round += 1) {
    (globalThis as unknown as { gc: () => void }).gc();
    await setImmediate();
  }
  process.stdout.write(`${JSON.stringify({ heapUsed: process.memoryUsage().heapUsed })}\n`);
}
