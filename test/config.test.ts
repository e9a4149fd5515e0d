import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, loadConfig } from '../src/config.ts';

function problemsOf(environment: Record<string, string>): readonly string[] {
  try {
    loadConfig(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

const live = { GRAPH_MODE: 'live', GRAPH_CREDENTIAL: 'token', GRAPH_TOKEN: 'abc', AUTH_MODE: 'developer' };

describe('the configuration', () => {
  it('has a default for everything: the emulator, a SQLite file, loopback', () => {
    expect(loadConfig({})).toMatchObject({
      host: '127.0.0.1',
      port: 4000,
      store: { file: 'data/gateway.db' },
      graph: {
        mode: 'emulator',
        version: 'v1.0',
        emulator: { port: 4010, operationMs: 5_000, stateFile: 'data/gateway.emulator.db' },
      },
      pollIntervalMs: 2_000,
      inviteLists: { allowedDomains: [], blockedDomains: [], ccAllowed: [], redirectOrigins: [] },
    });
  });

  it('is what .env.example says', () => {
    const example = readFileSync(new URL('../.env.example', import.meta.url), 'utf8');
    const environment = Object.fromEntries(
      [...example.matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, name, value]) => [name, value]),
    );
    expect(loadConfig(environment)).toEqual(loadConfig({}));
  });

  it('reports all problems at once', () => {
    const problems = problemsOf({
      PORT: 'http',
      POLL_INTERVAL_MS: '-1',
      GRAPH_MODE: 'live',
      GRAPH_BASE_URL: 'http://graph.example.com',
      DATABASE_URL: 'mysql://x',
      INVITE_REDIRECT_ORIGINS: 'nonsense',
    });
    for (const name of [
      'PORT',
      'POLL_INTERVAL_MS',
      'GRAPH_BASE_URL',
      'GRAPH_CREDENTIAL',
      'AUTH_MODE',
      'DATABASE_URL',
      'INVITE_REDIRECT_ORIGINS',
    ]) {
      expect(problems.filter((problem) => problem.startsWith(name))).toHaveLength(1);
    }
  });

  it('lets PostgreSQL win over the file, and does not mind variables that the mode does not use', () => {
    const config = loadConfig({
      DATABASE_URL: 'postgres://localhost/x',
      STORE_FILE: 'a.db',
      GRAPH_TOKEN: 'abc',
      GRAPH_BASE_URL: 'ftp://x',
    });
    expect(config).toMatchObject({ store: { databaseUrl: 'postgres://localhost/x' }, graph: { mode: 'emulator' } });
  });

  it('goes live with the developer identity only when that is said and only on loopback', () => {
    expect(problemsOf(live)).toEqual([]);
    expect(problemsOf({ ...live, HOST: '::1' })).toEqual([]);
    expect(problemsOf({ ...live, HOST: '0.0.0.0' })).toEqual([expect.stringContaining('loopback')]);
    expect(problemsOf({ ...live, AUTH_MODE: '' })).toEqual([expect.stringContaining('AUTH_MODE is missing')]);
    expect(problemsOf({ HOST: '0.0.0.0' })).toEqual([]);
  });

  it('takes callers with tokens of one issuer', () => {
    const oidc = { AUTH_MODE: 'oidc', AUTH_ISSUER: 'https://issuer.example.com/', AUTH_AUDIENCE: 'api://a, b' };
    expect(loadConfig({ ...live, ...oidc, HOST: '0.0.0.0' }).auth).toEqual({
      mode: 'oidc',
      issuer: 'https://issuer.example.com/',
      audiences: ['api://a', 'b'],
      allowedTenants: [],
    });
    expect(problemsOf({ AUTH_MODE: 'oidc' })).toEqual([
      expect.stringMatching(/^AUTH_ISSUER is missing/),
      expect.stringMatching(/^AUTH_AUDIENCE is missing/),
    ]);
    const every = { ...oidc, AUTH_ISSUER: 'https://login.example.com/{tenantid}/v2.0' };
    expect(problemsOf(every)).toEqual([expect.stringContaining('AUTH_ALLOWED_TENANTS')]);
    expect(problemsOf({ ...every, AUTH_ALLOWED_TENANTS: 'a,b' })).toEqual([]);
    for (const AUTH_ISSUER of ['http://issuer.example.com', 'issuer', 'https://issuer.example.com/?a=b'])
      expect(problemsOf({ ...oidc, AUTH_ISSUER })).toEqual([expect.stringMatching(/^AUTH_ISSUER /)]);
  });

  it('takes Graph over https, or over http on this machine', () => {
    expect(problemsOf({ ...live, GRAPH_BASE_URL: 'https://graph.microsoft.us' })).toEqual([]);
    expect(problemsOf({ ...live, GRAPH_BASE_URL: 'http://127.0.0.1:4010' })).toEqual([]);
    expect(problemsOf({ ...live, GRAPH_BASE_URL: 'http://graph.microsoft.com' })).toHaveLength(1);
    expect(problemsOf({ ...live, GRAPH_BASE_URL: 'https://graph.microsoft.com/v1.0' })).toHaveLength(1);
  });

  it('knows the national clouds: where Graph is, who signs tokens, and whether participants can be invited', () => {
    const of = (environment: { [name: string]: string }) => {
      const { graph, offersCallInvitations } = loadConfig({ ...live, ...environment });
      return graph.mode === 'live' ? [graph.baseUrl, graph.authority, offersCallInvitations] : [];
    };
    expect(of({})).toEqual(['https://graph.microsoft.com', 'https://login.microsoftonline.com', true]);
    expect(of({ GRAPH_CLOUD: 'usgov' })).toEqual([
      'https://graph.microsoft.us',
      'https://login.microsoftonline.us',
      true,
    ]);
    expect(of({ GRAPH_CLOUD: 'usgovdod' })[0]).toBe('https://dod-graph.microsoft.us');
    expect(of({ GRAPH_CLOUD: 'china' })).toEqual([
      'https://microsoftgraph.chinacloudapi.cn',
      'https://login.chinacloudapi.cn',
      false,
    ]);
    expect(of({ GRAPH_CLOUD: 'global', GRAPH_VERSION: 'beta' })[2]).toBe(true);
    expect(of({ GRAPH_CLOUD: 'usgov', GRAPH_VERSION: 'beta' })[2]).toBe(false);
    expect(of({ GRAPH_CLOUD: 'usgov', GRAPH_BASE_URL: 'http://127.0.0.1:4010' })[0]).toBe('http://127.0.0.1:4010');
    expect(problemsOf({ ...live, GRAPH_CLOUD: 'germany' })).toEqual([
      'GRAPH_CLOUD is not one of global, usgov, usgovdod, china',
    ]);
  });

  it('needs to know who notifications are for before it is told of any', () => {
    const webhooks = { ...live, WEBHOOK_PUBLIC_URL: 'https://gateway.example.com' };
    expect(problemsOf(webhooks)).toEqual([
      expect.stringMatching(/^GRAPH_TENANT_ID is missing/),
      expect.stringMatching(/^GRAPH_CLIENT_ID is missing/),
    ]);
    expect(loadConfig({ ...webhooks, GRAPH_TENANT_ID: 't', GRAPH_CLIENT_ID: 'c' }).webhooks).toMatchObject({
      publicUrl: 'https://gateway.example.com',
      caller: {
        appId: 'c',
        tenantId: 't',
        metadataUrl: 'https://api.aps.skype.com/v1/.well-known/OpenIdConfiguration',
      },
    });
    expect(problemsOf({ WEBHOOK_PUBLIC_URL: 'http://gateway.example.com' })).toHaveLength(1);
    expect(loadConfig({ WEBHOOK_PUBLIC_URL: 'http://127.0.0.1:4000' }).webhooks).toMatchObject({ caller: null });
    expect(loadConfig({}).webhooks).toBeNull();
  });

  it('reads the manifest of trusted documents, or says what is wrong with it beside all else', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'config-'));
    const file = join(folder, 'documents.json');
    const problemsWith = async (text: string) => {
      await writeFile(file, text);
      return problemsOf({ TRUSTED_DOCUMENTS: file, PORT: 'http' });
    };
    try {
      expect(loadConfig({}).trustedDocuments).toBeNull();
      expect(problemsOf({ TRUSTED_DOCUMENTS: file, PORT: 'http' })).toEqual([
        expect.stringMatching(/^PORT/),
        'TRUSTED_DOCUMENTS names a file that cannot be read (ENOENT)',
      ]);
      expect((await problemsWith('{'))[1]).toBe('TRUSTED_DOCUMENTS names a file that is no JSON');
      for (const text of ['{}', '[]', 'null', '"{ a }"', '["{ a }"]', '{ "hash": 1 }', '{ "": "{ a }" }'])
        expect((await problemsWith(text))[1]).toMatch(/^TRUSTED_DOCUMENTS is no manifest/);
      await writeFile(file, '{ "hash": "{ __typename }" }');
      expect(loadConfig({ TRUSTED_DOCUMENTS: file }).trustedDocuments).toEqual(new Map([['hash', '{ __typename }']]));
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('has an explorer unless in production, or as told', () => {
    const hasExplorer = (environment: Record<string, string>) => loadConfig(environment).hasExplorer;
    expect(hasExplorer({})).toBe(true);
    expect(hasExplorer({ NODE_ENV: 'production' })).toBe(false);
    expect(hasExplorer({ NODE_ENV: 'production', EXPLORER: 'on' })).toBe(true);
    expect(hasExplorer({ EXPLORER: 'off' })).toBe(false);
    expect(problemsOf({ EXPLORER: 'yes' })).toEqual(['EXPLORER is not one of on, off']);
  });

  it('takes an IPv6 address with and without brackets, and finds a port for the emulator beside any port', () => {
    expect(loadConfig({ HOST: '[::1]' }).host).toBe('::1');
    expect(loadConfig({ PORT: '65535' }).graph).toMatchObject({ emulator: { port: 65_525 } });
  });

  it('has no quotas until they are set', () => {
    expect(loadConfig({}).quotas).toEqual({ caller: 0, tenant: 0 });
    expect(loadConfig({ INVITE_CALLER_QUOTA: '20', INVITE_TENANT_QUOTA: '500' }).quotas).toEqual({
      caller: 20,
      tenant: 500,
    });
    expect(problemsOf({ INVITE_CALLER_QUOTA: 'many', INVITE_TENANT_QUOTA: '-1' })).toEqual([
      'INVITE_CALLER_QUOTA is not a whole number from 0 to 1000000000',
      'INVITE_TENANT_QUOTA is not a whole number from 0 to 1000000000',
    ]);
  });

  it('never repeats a secret in a problem', () => {
    const problems = problemsOf({ ...live, GRAPH_TOKEN: 'se cret', DATABASE_URL: 'mysql://user:pass-word@host/db' });
    expect(problems).toHaveLength(2);
    expect(problemsOf({ ...live, GRAPH_CREDENTIAL: 'eyJtoken' }).join()).not.toContain('eyJtoken');
    expect(problems.join()).not.toMatch(/se cret|pass-word/);
  });
});
