// The gateway as a process of its own, as `npm start` runs it.
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { waitFor } from './gateway.ts';
import { plantSecretsOf, watchLine } from './logs.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface GatewayProcess {
  child: ChildProcess;
  /** Lines of stdout so far. */
  lines: { [member: string]: unknown }[];
  /** What it wrote to stderr so far. */
  stderr(): string;
  /** Resolves with the address once it listens. */
  listening(): Promise<string>;
  /** Ends it by a signal and resolves with its exit code and signal. */
  end(signal: NodeJS.Signals): Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** Resolves when it has exited by itself. */
  exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

export function spawnGateway(environment: { [name: string]: string }, entry = 'src/main.ts'): GatewayProcess {
  const { PATH = '' } = process.env;
  plantSecretsOf(environment);
  const child = spawn(process.execPath, [entry], {
    cwd: root,
    env: { PATH, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: GatewayProcess['lines'] = [];
  let stderr = '';
  splitLines(child.stdout, (line) => lines.push(JSON.parse(line) as { [member: string]: unknown }));
  splitLines(child.stderr, (line) => (stderr += `${line}\n`));
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  return {
    child,
    lines,
    stderr: () => stderr,
    exited,
    listening: () =>
      waitFor(
        'the gateway to listen',
        () => {
          if (child.exitCode !== null) throw new Error(`the gateway exited: ${stderr}${JSON.stringify(lines)}`);
          return lines.find(({ msg }) => msg === 'listening')?.['url'] as string | undefined;
        },
        30_000,
      ),
    end(signal) {
      child.kill(signal);
      return exited;
    },
  };
}

/** None of them may hold a secret. */
function splitLines(stream: Readable, onLine: (line: string) => void): void {
  createInterface({ input: stream }).on('line', (line) => {
    watchLine(line);
    onLine(line);
  });
}
