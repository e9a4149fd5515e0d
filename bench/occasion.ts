// When, where and of which commit the bench measured.
import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';

export interface Occasion {
  /** The beginning, in ISO 8601. */
  at: string;
  /** Short; with a `+` when the files were not those of the commit. */
  commit: string;
  machine: { node: string; cpu: string; cores: number };
}

export function readOccasion(): Occasion {
  return {
    at: new Date().toISOString(),
    commit: readCommit(),
    machine: { node: process.version, cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length },
  };
}

/** @returns when and of which commit, and on what machine. */
export function describeOccasion({ at, commit, machine }: Occasion): [when: string, where: string] {
  return [
    `${at.slice(0, 16).replace('T', ' ')} UTC, commit ${commit}`,
    `${machine.cores} x ${machine.cpu}, Node ${machine.node}`,
  ];
}

function readCommit(): string {
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd: import.meta.dirname, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    return `${git('rev-parse', '--short', 'HEAD').trim()}${git('status', '--porcelain') === '' ? '' : '+'}`;
  } catch {
    // The sources may have come without their history.
    return 'unknown';
  }
}
