// A server under test as a process of its own, and what it used.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

export interface ServerProcess {
  url: string;
  /** CPU time of all its threads so far. */
  cpuMs(): Promise<number>;
  /** What its heap holds after garbage was collected. */
  heapBytes(): Promise<number>;
  /** Sends what the peers understand. */
  tell(message: object): void;
  /** Sends it and waits for the answer. */
  ask(message: object): Promise<number>;
  stop(): Promise<void>;
}

const root = fileURLToPath(new URL('..', import.meta.url));
const probe = new URL('probe.ts', import.meta.url).href;
const STOP_MS = 10_000;

/**
 * @param flags more of Node's
 * @returns the server once it says that it listens, as a line of JSON with `msg` and `url`
 */
export async function startServer(
  entry: string,
  environment: { [name: string]: string },
  flags: readonly string[] = [],
): Promise<ServerProcess> {
  const { PATH = '' } = process.env;
  const child = spawn(process.execPath, ['--expose-gc', ...flags, '--import', probe, entry], {
    cwd: root,
    env: { PATH, NODE_ENV: 'production', ...environment },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let said = '';
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.stderr?.on('data', (data: Buffer) => (said = (said + data.toString()).slice(-4_000)));
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout as Readable }).on('line', (line) => {
      if (!line.startsWith('{')) return;
      const { msg, url: address, level } = JSON.parse(line) as { msg?: string; url?: string; level?: number | string };
      if (msg === 'listening' && address) resolve(address);
      if (level === 'error' || level === 'fatal' || Number(level) >= 50) said = `${said}${line}\n`.slice(-4_000);
    });
    child.once('error', reject);
    void exited.then(() => reject(new Error(`${entry} ended: ${said}`)));
  });
  // One question at a time: answers come in order.
  const waiting: ((answer: number) => void)[] = [];
  child.on('message', (message: { answer?: number }) => {
    if (message.answer !== undefined) waiting.shift()?.(message.answer);
  });
  const ask = (message: object) =>
    new Promise<number>((resolve, reject) => {
      waiting.push(resolve);
      void exited.then(() => reject(new Error(`${entry} ended while it was measured: ${said}`)));
      child.send(message);
    });
  return {
    url,
    ask,
    cpuMs: () => ask({ ask: 'cpu' }),
    heapBytes: () => ask({ ask: 'heap' }),
    tell: (message) => void child.send(message),
    async stop() {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      await exited;
      clearTimeout(timer);
    },
  };
}
