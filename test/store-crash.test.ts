/** Whatever the store acknowledged is there after the process was killed. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import './support/console.ts';
import { engines, STAMP, type Engine } from './support/stores.ts';

const ROUNDS = 4;
const WRITER = fileURLToPath(new URL('support/store-writer.ts', import.meta.url));

/** Kills a writer when it has printed this many lines. @returns what it printed: ids with their newest acknowledged revision. */
async function writeUntilKilled(engine: Engine, lines: number): Promise<Map<string, number>> {
  const writer = spawn(process.execPath, [WRITER, STAMP, JSON.stringify(engine.environment)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  let complaint = '';
  writer.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
  writer.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
    if (printed.split('\n').length > lines) writer.kill('SIGKILL');
  });
  await once(writer, 'close');
  expect(complaint).toBe('');
  const whole = printed.split('\n').slice(0, -1);
  return new Map(
    whole.map((line) => line.split(' ') as [string, string]).map(([id, revision]) => [id, Number(revision)]),
  );
}

describe.each(engines)('on $name', ({ open }) => {
  it('loses nothing that was acknowledged, and logs each revision once, when the process is killed again and again', async () => {
    const engine = await open();
    const acknowledged = new Map<string, number>();
    for (let round = 0; round < ROUNDS; round++) {
      for (const [id, revision] of await writeUntilKilled(engine, 150 + round * 111)) acknowledged.set(id, revision);
      const store = await engine.openStore();
      const histories = await store.histories([...acknowledged.keys()], 100);
      const lost = [...acknowledged].filter(
        ([, revision], index) => (histories[index]?.at(-1)?.revision ?? 0) < revision,
      );
      expect(lost).toEqual([]);
      await store.stop();

      const records = await engine.run('select id, revision, state, payload from record order by id');
      const log = Map.groupBy(
        await engine.run('select record_id, revision, state, payload from change order by record_id, revision'),
        (row) => row['record_id'],
      );
      expect(log.size).toBe(records.length);
      for (const { id, ...record } of records) {
        const entries = log.get(id ?? '') ?? [];
        expect(entries.map(({ revision }) => revision)).toEqual(
          Array.from({ length: Number(record['revision']) }, (_, index) => index + 1),
        );
        expect(entries.at(-1)).toMatchObject(record);
      }
      const grants = await engine.run('select record_id, count(*) as grants from record_grant group by record_id');
      expect(grants.map(({ grants: count }) => Number(count))).toEqual(records.map(() => 2));
    }
    expect(acknowledged.size).toBeGreaterThan(ROUNDS * 30);
    if (engine.environment['STORE_FILE'])
      expect(await engine.run('pragma integrity_check')).toEqual([{ integrity_check: 'ok' }]);
    await engine.close();
  }, 30_000);
});
