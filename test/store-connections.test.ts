/** A PostgreSQL store over connections that are picky, or break at bad moments. */
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { createPostgresStore } from '../src/tracking/postgres.ts';
import type { Store } from '../src/tracking/store.ts';
import { waitFor } from './support/gateway.ts';
import { startRelay, type PostgresRelay } from './support/postgres-relay.ts';
import { newInvitation, newOperation } from './support/records.ts';
import { engines, KEY_MS, STAMP, type Engine } from './support/stores.ts';

jest.setTimeout(30_000);

describe('a store whose PostgreSQL is behind a relay', () => {
  let engine: Engine;
  let relay: PostgresRelay;
  let store: Store;

  beforeEach(async () => {
    engine = await (engines[1] as (typeof engines)[number]).open();
    relay = await startRelay(engine.environment['DATABASE_URL'] ?? '');
    store = createPostgresStore({ url: relay.url, stamp: STAMP, keyMs: KEY_MS });
    await store.start();
  });
  afterEach(async () => {
    await store.stop();
    await relay.stop();
    await engine.close();
  });

  it('begins its connections as poolers allow it, and lets no statement run for long all the same', async () => {
    const holder = new pg.Client({ connectionString: engine.environment['DATABASE_URL'] });
    await holder.connect();
    await holder.query('begin; lock table record in access exclusive mode');
    const held = async () => {
      const [row] = await engine.run(
        `select pid from pg_stat_activity where application_name = 'graph-invitations-gateway' and wait_event_type = 'Lock'
          and query like '%record%'`,
      );
      return row?.['pid'];
    };
    const read = store.nextDueInMs('poll');
    const pid = await waitFor('a statement that waits', held);
    // The server itself ends it: nobody would tell it that the client has gone.
    await waitFor('its end', async () => {
      const rows = await engine.run('select 1 from pg_stat_activity where pid = $1', [pid]);
      return rows.length === 0;
    });
    await holder.query('rollback');
    await holder.end();
    expect(await read).toBeNull();
  });

  it.each(['send', 'poll'] as const)(
    'gives a claim what it took, though the connection broke before the answer: %s',
    async (work) => {
      const addressed = { request: { participants: [], clientContext: 'in the answer' } };
      if (work === 'poll') await store.insert(newOperation(addressed), 'token', 0);
      else await store.insertBulk('bulk', [newInvitation({ work, payload: { inviteRedirectUrl: 'in the answer' } })]);
      relay.cutAnswerWith('in the answer');
      const claim = { work, limit: 20, leaseMs: 60_000, leaseToken: 'claim', horizonMs: 0 };
      expect(await store.claim(claim)).toMatchObject([{ work: work === 'send' ? 'sweep' : 'poll' }]);
      expect(relay.cuts()).toBe(1);
    },
  );
});
