/** An old and a new version of the gateway on one PostgreSQL: the tables change under the old one, which goes on. */
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { waitFor } from './support/gateway.ts';
import { caller, newInvitation } from './support/records.ts';
import { engines, type Engine } from './support/stores.ts';

const LEASE_MS = 60_000;

describe('tables that a newer gateway updates', () => {
  let engine: Engine;
  let clients: pg.Client[];

  beforeEach(async () => {
    engine = await (engines[1] as (typeof engines)[number]).open();
    clients = [];
  });
  afterEach(async () => {
    for (const client of clients) await client.end();
    await engine.close();
  });

  /** @returns a connection of its own, with the time limit that gateways have for their statements. */
  async function connect(): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: engine.environment['DATABASE_URL'], statement_timeout: 5_000 });
    clients.push(client);
    await client.connect();
    return client;
  }

  it('are good for an older one that runs, and refused by one that starts', async () => {
    const old = await engine.openStore();
    let isOver = false;
    const writing = (async () => {
      const ids: string[] = [];
      while (!isOver) {
        const { id } = await old.insert(newInvitation(), randomUUID(), LEASE_MS);
        ids.push(id);
        await old.watch([id], LEASE_MS, LEASE_MS);
        const [record] = await old.histories([id], 9);
        expect(record).toHaveLength(1);
      }
      return ids;
    })();
    await waitFor('the old one to work', async () => (await old.head()) > 5);
    const newer = await connect();
    // What the rule in the README allows: added columns that may be empty, tables, indexes.
    await newer.query(`
      begin;
      alter table record add column colour text;
      alter table record add column size integer not null default 1;
      alter table change add column colour text;
      create index record_colour on record(colour) where colour is not null;
      create table colour(name text primary key);
      update meta set value = '99' where name = 'version';
      commit`);
    const updatedAt = await old.head();
    await waitFor('the old one to go on', async () => (await old.head()) > updatedAt + 5);
    isOver = true;
    const ids = await writing;
    expect(await old.changesAfter(0, 10_000)).toHaveLength(ids.length);
    expect(await old.find('invitation', caller, ids.at(-1) ?? '')).toBeDefined();
    await expect(engine.createStore().start()).rejects.toThrow(
      'The store has schema version 99, but this gateway knows only up to 3: start the newer gateway',
    );
  });

  describe('while somebody reads them in a long transaction', () => {
    let reader: pg.Client;

    beforeEach(async () => {
      await engine.openStore().then((store) => store.stop());
      await backToSecondVersion();
      reader = await connect();
      await reader.query('begin; select count(*) from record');
    });

    it('hold up no older one for longer than its statements may take, and are updated in the end', async () => {
      const store = engine.createStore();
      const starting = store.start();
      const isWaiting = `select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like '%alter table record%'`;
      const watcher = await connect();
      const old = await connect();
      for (let waits = 0; waits < 2; waits++) {
        await waitFor('the newer one to wait', async () => (await watcher.query(isWaiting)).rowCount);
        // Behind the newer one in the queue for the table: only its giving up lets this pass.
        await old.query('update record set due_at = due_at');
      }
      await reader.query('commit');
      await starting;
      await store.insert(newInvitation({ sharedWith: ['other'] }), 'lease', LEASE_MS);
      expect(await engine.run('select subject from record_grant')).toEqual([{ subject: 'other' }]);
    });

    it('stop the start, with words that say what to do, when that does not end', async () => {
      await expect(engine.createStore().start()).rejects.toThrow(
        'The tables of the store are to be brought up to date, but a long transaction holds them. End it, and start again.',
      );
      await reader.query('commit');
      await engine.openStore();
    });
  });

  async function backToSecondVersion(): Promise<void> {
    for (const statement of [
      ...['record_insert_grants', 'record_insert_counts'].map((name) => `drop function ${name} cascade`),
      'drop table record_grant, quota',
      'drop index record_tenant, record_tenant_call, record_tenant_mail',
      'alter table record drop column shared_with, drop column caller_quota, drop column tenant_quota',
      `update meta set value = '2' where name = 'version'`,
    ])
      await engine.run(statement);
  }
});
