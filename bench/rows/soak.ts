// What must never be lost or reordered is proven by tests: this row runs them, and counts those that fail.
import { execFile } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { GATEWAY, type Bench } from '../contenders.ts';
import type { Measurement } from '../report.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** Replicas that die and stall, restarts, crashed stores, mutations under faults. */
const PROOFS = ['replicas*', 'restart', 'store-crash', 'never-twice'];

interface Report {
  numFailedTests: number;
  numPassedTests: number;
  testResults: { assertionResults: { fullName: string; status: string }[] }[];
}

export async function soak(bench: Bench): Promise<Measurement> {
  const files = PROOFS.flatMap((name) => globSync(`test/${name}.test.ts`, { cwd: root })).filter((file) =>
    existsSync(`${root}${file}`),
  );
  const report = await new Promise<string>((resolve, reject) => {
    const jest = [
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      'node_modules/jest/bin/jest.js',
    ];
    execFile(
      process.execPath,
      [...jest, '--json', ...files],
      { cwd: root, maxBuffer: 64 * 1024 * 1024 },
      (error, stdout) => (stdout === '' ? reject(error ?? new Error('the tests say nothing')) : resolve(stdout)),
    );
  });
  const { numFailedTests, numPassedTests, testResults } = JSON.parse(report) as Report;
  bench.note(`${numPassedTests} tests passed`);
  for (const { fullName, status } of testResults.flatMap(({ assertionResults }) => assertionResults))
    if (status === 'failed') bench.note(`failed: ${fullName}`);
  return {
    unit: 'failed proofs',
    better: 'less',
    base: GATEWAY,
    lines: [
      { who: GATEWAY, rounds: [numFailedTests], errors: 0, detail: `${numPassedTests} passed: ${files.join(' ')}` },
    ],
    target: '0 lost or reordered revisions',
    isMet: numFailedTests === 0 && numPassedTests > 0,
  };
}
