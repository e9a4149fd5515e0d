import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { LIST, renderLicenses } from '../tools/licenses.ts';
import { readProductionPackages } from '../tools/production-packages.ts';
import type { Json } from './support/gateway.ts';
import { spawnGateway, type GatewayProcess } from './support/process.ts';

jest.setTimeout(30_000);

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const manifest = JSON.parse(read('package.json')) as { [member: string]: { [name: string]: string | boolean } };
const lockfile = read('package-lock.json');
const packages = Object.entries((JSON.parse(lockfile) as { packages: { [path: string]: Json } }).packages);

describe('what the gateway is made of', () => {
  it.each(['dependencies', 'devDependencies', 'overrides'])('is pinned to one version each: %s', (member) => {
    const versions = Object.entries(manifest[member] ?? {});
    expect(versions.length).toBeGreaterThan(0);
    expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(String(version)))).toEqual([]);
  });

  it('runs install scripts only where that was decided, and none in production', () => {
    const nameOf = (path: string) => path.replace(/^.*node_modules\//, '');
    const withScripts = packages.filter(([, { hasInstallScript }]) => hasInstallScript);
    const decided = manifest['allowScripts'] ?? {};
    // Neither more nor less: what is gone may come back as something else.
    expect(Object.keys(decided).toSorted()).toEqual([...new Set(withScripts.map(([path]) => nameOf(path)))].toSorted());
    const inProduction = withScripts.filter(([, { dev }]) => !dev).map(([path]) => nameOf(path));
    expect(inProduction.filter((name) => decided[name] !== false)).toEqual([]);
  });

  it('has a lockfile that vouches for every package and names no registry', () => {
    const installed = packages.filter(([path]) => path !== '');
    expect(installed.filter(([, { integrity, inBundle }]) => !integrity && !inBundle)).toEqual([]);
    expect(lockfile).not.toMatch(/"resolved"|registry\./);
  });

  it('is licensed as THIRD-PARTY-LICENSES.md says, by licences that ask for no more than to be named', () => {
    const production = readProductionPackages();
    expect(production.length).toBeGreaterThan(100);
    // `npm run licenses` writes it anew.
    expect(readFileSync(LIST, 'utf8')).toBe(renderLicenses(production));
    const allowed = ['MIT', 'MIT-0', 'ISC', '0BSD', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', 'BlueOak-1.0.0'];
    const isAllowed = (license: string | null) =>
      license !== null && license.split(/ AND | OR |[()]/).every((one) => one === '' || allowed.includes(one));
    expect(production.filter(({ license }) => !isAllowed(license))).toEqual([]);
  });

  it('has a bill of materials with all that production installs, and nothing of this machine', async () => {
    const { PATH, HOME } = process.env;
    const { stdout } = await promisify(execFile)('npm', ['run', '--silent', 'sbom'], {
      cwd: root,
      env: { PATH, HOME },
      maxBuffer: 64 * 1024 * 1024,
    });
    const { bomFormat, specVersion, metadata, components, dependencies } = JSON.parse(stdout) as Json;
    expect([bomFormat, specVersion, metadata.component]).toMatchObject([
      'CycloneDX',
      '1.5',
      { type: 'application', name: 'graph-invitations-gateway' },
    ]);
    const names: string[] = components.map(({ name, version }: Json) => `${name}@${version}`);
    expect(new Set(names)).toEqual(new Set(readProductionPackages().map(({ name, version }) => `${name}@${version}`)));
    expect(names).toEqual(expect.arrayContaining([expect.stringMatching(/^ws@/), expect.stringMatching(/^pg@/)]));
    expect(components.filter((one: Json) => !one['purl'] || !one['licenses'] || !one['hashes'])).toEqual([]);
    const refs = new Set([metadata.component, ...components].map((one: Json) => one['bom-ref']));
    for (const { ref, dependsOn } of dependencies)
      expect([ref, ...dependsOn].filter((one: string) => !refs.has(one))).toEqual([]);
    expect(stdout).not.toContain(root);
  });
});

describe('the container', () => {
  const lines = read('Dockerfile').replaceAll('\\\n', '').split('\n');
  const instructions = (name: string) =>
    lines.flatMap((line) => (line.startsWith(`${name} `) ? line.slice(name.length + 1) : []));
  const copied = instructions('COPY').flatMap((line) => line.split(' ').slice(0, -1));
  const environment = Object.fromEntries(
    instructions('ENV').flatMap((line) => line.split(' ').map((pair) => pair.split('=') as [string, string])),
  );
  const command = JSON.parse(instructions('CMD')[0] ?? '') as string[];
  const healthCheck = JSON.parse(/CMD (\[.*)$/.exec(instructions('HEALTHCHECK')[0] ?? '')?.[1] ?? '') as string[];

  let folder: string;
  const running = new Set<GatewayProcess>();
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'container-'));
  });
  afterEach(async () => {
    for (const gateway of running) await gateway.end('SIGKILL');
    running.clear();
    await rm(folder, { recursive: true });
  });
  /** As the image starts it, on this machine. */
  function start(variables: { [name: string]: string }): GatewayProcess {
    const store = { STORE_FILE: join(folder, 'data', 'gateway.db') };
    const gateway = spawnGateway({ ...environment, PORT: '0', ...store, ...variables }, command[1]);
    running.add(gateway);
    return gateway;
  }

  it('has the Node that the tests run on, is not run by root, and takes in only what it needs', () => {
    expect(instructions('FROM')).toEqual([`node:${manifest['devDependencies']?.['node']}-slim`]);
    expect(instructions('USER')).toEqual(['1000:1000']);
    expect([command[0], healthCheck[0]]).toEqual(['node', 'node']);
    expect(copied.filter((path) => !existsSync(join(root, path)))).toEqual([]);
    const taken = read('.dockerignore')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    expect(taken).toEqual(['*', ...copied.map((path) => `!${path}`)]);
  });

  it('does not start before somebody has chosen what Graph it asks and who may call', async () => {
    const gateway = start({});
    expect((await gateway.exited).code).toBe(2);
    for (const name of ['GRAPH_CREDENTIAL', 'AUTH_MODE']) expect(gateway.stderr()).toContain(`${name} is missing`);
  });

  it('is healthy while it serves, and ends with 0 when it is told to stop', async () => {
    const gateway = start({ GRAPH_MODE: 'emulator', EMULATOR_PORT: '0' });
    const { port } = new URL(await gateway.listening());
    const [, ...check] = healthCheck;
    const isHealthy = () =>
      promisify(execFile)(process.execPath, check, { env: { PORT: port } }).then(
        () => true,
        () => false,
      );
    expect(await isHealthy()).toBe(true);
    expect(await gateway.end('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(await isHealthy()).toBe(false);
  });
});
