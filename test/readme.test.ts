import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createSchema } from '../src/schema.ts';
import { startGateway, type TestGateway } from './support/gateway.ts';
import { findPort } from './support/ports.ts';
import { engines, type Engine } from './support/stores.ts';

jest.setTimeout(30_000);

const root = fileURLToPath(new URL('..', import.meta.url));
const readme = readFileSync(`${root}README.md`, 'utf8');

let engine: Engine | undefined;
let gateway: TestGateway | undefined;
afterEach(async () => {
  await gateway?.stop();
  await engine?.close();
  [gateway, engine] = [undefined, undefined];
});

describe('the README', () => {
  it('shows what the demo prints', async () => {
    engine = await engines[0]?.open();
    if (!engine) throw new Error('no engine');
    gateway = await startGateway(engine, { POLL_INTERVAL_MS: '300', EMULATOR_OPERATION_MS: '1000' });
    const { stdout } = await promisify(execFile)(process.execPath, ['examples/demo.ts', `${gateway.url}/graphql`], {
      cwd: root,
    });
    const transcript = /<!-- transcript:.*?```text\n(.*?)```/s.exec(readme)?.[1];
    expect(transcript?.trim()).toBe(stdout.trim());
  });

  it('has a demo that says what to start when nobody answers', async () => {
    const endpoint = `http://127.0.0.1:${await findPort()}/graphql`;
    const demo = promisify(execFile)(process.execPath, ['examples/demo.ts', endpoint], { cwd: root });
    await expect(demo).rejects.toMatchObject({
      code: 1,
      stdout: '',
      stderr: `Nobody answers at ${endpoint}. Is \`npm start\` running?\n`,
    });
  });

  it('lists every variable of .env.example and no other', () => {
    const names = [...readFileSync(`${root}.env.example`, 'utf8').matchAll(/^([A-Z_]+)=/gm)].map(([, name]) => name);
    const rows = /## Configuration(.*?)\n## /s.exec(readme)?.[1] ?? '';
    expect([...rows.matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, name]) => name)).toEqual(names);
  });

  it('lists every root field', () => {
    const menu = /## The schema's menu(.*?)\n## /s.exec(readme)?.[1] ?? '';
    const schema = createSchema();
    const fields = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].flatMap((type) =>
      Object.values(type?.getFields() ?? {}),
    );
    const signatures = fields.map(({ name, args }) => `${name}(${args.map((argument) => argument.name).join(', ')})`);
    expect([...menu.matchAll(/^\|[\w ]*\| `(.+?)` \|/gm)].map(([, signature]) => signature)).toEqual(signatures);
  });

  it('names only npm scripts that there are', () => {
    const { scripts } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as {
      scripts: { [name: string]: string };
    };
    const named = [...readme.matchAll(/npm (?:run ([\w:]+)|(start|test))/g)].map(
      ([, run, short]) => run ?? short ?? '',
    );
    expect(named.length).toBeGreaterThan(4);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });
});
