import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { getIntrospectionQuery, parse, print } from 'graphql';
import { FIRST_DOCUMENTS } from '../src/pages.ts';
import { dataOf, startGateway, type Json, type TestGateway } from './support/gateway.ts';
import { spawnGateway } from './support/process.ts';
import { engines, type Engine } from './support/stores.ts';
import { askAll, post, send } from './support/transports.ts';

jest.setTimeout(30_000);

const file = fileURLToPath(new URL('../examples/generated/persisted-documents.json', import.meta.url));
const manifest = JSON.parse(readFileSync(file, 'utf8')) as { [hash: string]: string };
const find = (start: string) => Object.entries(manifest).find(([, text]) => text.startsWith(start)) ?? ['', ''];
const [gatewayHash, gatewayText] = find('query Gateway');
const [inviteHash] = find('mutation InviteParticipants(');
const [watchHash] = find('subscription InviteParticipantsOperationUpdated');

let engine: Engine;
let gateway: TestGateway;

beforeAll(async () => {
  engine = await engines[0]!.open();
  gateway = await startGateway(engine, { TRUSTED_DOCUMENTS: file });
});
afterAll(async () => {
  await gateway.stop();
  await engine.close();
});

describe('a trusted document', () => {
  const bare = gatewayHash.replace('sha256:', '');

  it.each<[string, Json]>([
    ['its id', { documentId: gatewayHash }],
    ['its id without the algorithm', { documentId: bare }],
    ['its hash as Apollo sends it', { extensions: { persistedQuery: { version: 1, sha256Hash: bare } } }],
    ['its text', { query: gatewayText }],
    ['its text in other white space', { query: `\n${print(parse(gatewayText))}\n\n` }],
    ['text and hash', { query: gatewayText, extensions: { persistedQuery: { version: 1, sha256Hash: bare } } }],
    ['its id beside a text that is none', { query: '{', documentId: gatewayHash }],
    ['a hash of its own beside its text', { query: gatewayText, documentId: 'sha256:0' }],
  ])('runs on every transport when asked for by %s', async (_, request) => {
    const { status, data, errors } = await askAll(gateway.url, request);
    expect([status, errors]).toEqual([200, undefined]);
    expect(data?.['gateway']).toMatchObject({ mode: 'emulator', graph: 'available' });
  });

  it('runs by GET, too', async () => {
    const response = await fetch(`${gateway.url}/graphql?documentId=${gatewayHash}`, {
      headers: { 'apollo-require-preflight': '1' },
    });
    expect([response.status, ((await response.json()) as Json)['data'].gateway.mode]).toEqual([200, 'emulator']);
  });

  it('runs with variables: a mutation, and the subscription to what it began', async () => {
    const input = { participants: [{ identity: { user: { id: 'u1' } } }] };
    const invited = await post(gateway.url, { documentId: inviteHash, variables: { callId: 'call', input } });
    const { id } = dataOf(invited, 'inviteParticipants')['tracking'];
    const watched = await send(gateway.url, { documentId: watchHash, variables: { callId: 'call', id } });
    expect(watched.data?.['inviteParticipantsOperationUpdated'].tracking.state).toBe('active');
    expect(await post(gateway.url, { documentId: watchHash, variables: { callId: 'call', id } })).toMatchObject({
      status: 400,
      errors: [{ message: expect.stringMatching(/WebSocket/), extensions: { code: 'BAD_REQUEST' } }],
    });
  });

  it('is written by codegen under the hash of its text', () => {
    for (const [hash, text] of Object.entries(manifest))
      expect(hash).toBe(`sha256:${createHash('sha256').update(text).digest('hex')}`);
  });
});

describe('any other document', () => {
  it.each<[string, Json]>([
    ['another text', { query: '{ gateway { mode } }' }],
    ['a text with a member more', { query: gatewayText.replace('mode', 'mode mode') }],
    ['a text that cannot be parsed', { query: '{' }],
    ['a text of 2,000 tokens', { query: `{ ${'a '.repeat(2_000)} }` }],
    ['introspection', { query: getIntrospectionQuery() }],
    ['a document of the explorer', { query: FIRST_DOCUMENTS['Watch a call'] }],
    ['an unknown id', { documentId: 'sha256:0' }],
    ['an id that is a name of objects', { documentId: '__proto__' }],
    ['an id that is no text', { documentId: 1 }],
    ['an unknown hash', { extensions: { persistedQuery: { version: 1, sha256Hash: '0' } } }],
    ['a hash that is no text', { extensions: { persistedQuery: { sha256Hash: {} } } }],
    ['an extension that is no object', { extensions: { persistedQuery: 'x' } }],
    ['no document', { variables: {} }],
    ['an unknown text under a name', { query: 'mutation A { a }', operationName: 'A' }],
  ])('is refused on every transport, and not even parsed: %s', async (_, request) => {
    const { status, data, errors } = await askAll(gateway.url, request);
    expect([status, data]).toEqual([403, undefined]);
    expect(errors).toEqual([
      { message: expect.stringMatching(/^Only trusted .* manifest/), extensions: { code: 'FORBIDDEN' } },
    ]);
  });
});

describe('a manifest', () => {
  it('that has documents which cannot run stops the start, which says which and why, and exits with 2', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'trusted-'));
    try {
      const bad = join(folder, 'documents.json');
      const documents = {
        good: gatewayText,
        torn: 'query {',
        stale: '{ invitationz { id } }',
        huge: `{ gateway { ${Array.from({ length: 51 }, (_, at) => `a${at}: mode`).join(' ')} } }`,
      };
      await writeFile(bad, JSON.stringify(documents));
      const started = spawnGateway({
        PORT: '0',
        STORE_FILE: join(folder, 'gateway.db'),
        TRUSTED_DOCUMENTS: bad,
      });
      expect(await started.exited).toEqual({ code: 2, signal: null });
      const problems = started
        .stderr()
        .split('\n')
        .filter((line) => line.startsWith('- '));
      expect(problems).toEqual([
        expect.stringMatching(/TRUSTED_DOCUMENTS: torn cannot run: Syntax Error/),
        expect.stringMatching(/TRUSTED_DOCUMENTS: stale cannot run: .*invitationz/),
        expect.stringMatching(/TRUSTED_DOCUMENTS: huge cannot run: .*51 aliases/),
      ]);
      expect(started.stderr()).not.toContain('    at ');
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
