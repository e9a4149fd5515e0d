// A process that writes to a store until it is killed, and prints the id and revision of whatever was acknowledged.
import { randomUUID } from 'node:crypto';
import { writeSync } from 'node:fs';
import { createPostgresStore } from '../../src/tracking/postgres.ts';
import type { TrackingRecord } from '../../src/tracking/record.ts';
import { createSqliteStore } from '../../src/tracking/sqlite.ts';
import { newInvitation } from './records.ts';

const [stamp = '', place = '{}'] = process.argv.slice(2);
const { STORE_FILE: file, DATABASE_URL: url } = JSON.parse(place) as { [name: string]: string };
const store =
  file === undefined
    ? createPostgresStore({ url: url ?? '', stamp, keyMs: 86_400_000 })
    : createSqliteStore({ file, stamp, keyMs: 86_400_000 });
await store.start();

const acknowledge = ({ id, revision }: TrackingRecord) => writeSync(1, `${id} ${revision}\n`);

async function write(): Promise<never> {
  for (;;) {
    let record: TrackingRecord = await store.insert(
      newInvitation({ idempotencyKey: randomUUID(), sharedWith: ['one', 'two'] }),
      randomUUID(),
      60_000,
    );
    acknowledge(record);
    for (let revision = 2; revision <= 4; revision++) {
      const next: TrackingRecord = { ...record, state: revision === 4 ? 'settled' : 'active', revision };
      await store.save([{ record: next, baseRevision: record.revision, dueInMs: null, watchedDueInMs: null }]);
      acknowledge(next);
      record = next;
    }
  }
}

await Promise.all(Array.from({ length: 8 }, write));
