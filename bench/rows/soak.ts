// What must never be lost or reordered is proven by tests: this row runs them, and counts those that fail.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { GATEWAY } from '../contenders.ts';
import type { Measurement } from '../report.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** Replicas that die and stall under load, a store that is away, restarts, mutations under faults. */
const PROOFS = ['replicas-soak', 'replicas-outage', 'restart', 'never-twice'];

/** What jest says with `--json`, as far as it matters here. */
export interface Report {
  success: boolean;
  numFailedTests: number;
  numPassedTests: number;
  /** Files that could not even be run; their tests are not among the failed ones. */
  numRuntimeErrorTestSuites: number;
  testResults: {
    name: string;
    status: string;
    assertionResults: { fullName: string; status: string }[];
  }[];
}

export async function soak(): Promise<Measurement> {
  const files = findProofs(PROOFS);
  const report = await new Promise<string>((resolve, reject) => {
    const jest = [
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      'node_modules/jest/bin/jest.js',
      // They bring processes of their own: two at once would wait for each other's.
      '--maxWorkers=1',
      '--json',
    ];
    execFile(process.execPath, [...jest, ...files], { cwd: root, maxBuffer: 64 * 1024 * 1024 }, (error, stdout) =>
      stdout === '' ? reject(error ?? new Error('the tests say nothing')) : resolve(stdout),
    );
  });
  return toMeasurement(JSON.parse(report) as Report);
}

/**
 * @returns their test files
 * @throws Error when one has none: what is not run proves nothing.
 */
export function findProofs(names: readonly string[]): string[] {
  return names.map((name) => {
    const file = `test/${name}.test.ts`;
    if (!existsSync(`${root}${file}`)) throw new Error(`there is no proof ${file}`);
    return file;
  });
}

/** Counts what failed, and names it. */
export function toMeasurement(report: Report): Measurement {
  const { success, numFailedTests, numPassedTests, numRuntimeErrorTestSuites, testResults } = report;
  const failures = testResults.flatMap(({ name, status, assertionResults }) => {
    const tests = assertionResults.filter((test) => test.status === 'failed').map(({ fullName }) => fullName);
    return status === 'failed' && tests.length === 0 ? [name.replace(root, '')] : tests;
  });
  // Jest may be unhappy without a test to blame.
  const count = Math.max(numFailedTests + numRuntimeErrorTestSuites, success ? 0 : 1);
  return {
    unit: 'failed proofs',
    better: 'less',
    base: GATEWAY,
    lines: [
      {
        who: GATEWAY,
        rounds: [count],
        errors: 0,
        detail: [`${numPassedTests} passed: ${PROOFS.join(', ')}`, ...failures.map((name) => `failed: ${name}`)].join(
          '; ',
        ),
      },
    ],
    target: '0 lost or reordered revisions',
    isMet: count === 0 && numPassedTests > 0,
  };
}
