import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { serverAudits } from 'graphql-http';
import { startGateway, type TestGateway } from './support/gateway.ts';
import { engines, type Engine } from './support/stores.ts';

let engine: Engine;
let gateway: TestGateway;

beforeAll(async () => {
  engine = await engines[0]!.open();
  gateway = await startGateway(engine);
});
afterAll(async () => {
  await gateway.stop();
  await engine.close();
});

// Documents by GET are taken from those only who can set a header, which forms and links of other sites cannot.
const fetchFn = (url: string, init: RequestInit = {}) =>
  fetch(url, { ...init, headers: { ...(init.headers as object), 'apollo-require-preflight': '1' } });
const audits = serverAudits({ url: () => `${gateway.url}/graphql`, fetchFn });

it('is asked all that the specification of GraphQL over HTTP asks for', () => {
  expect(audits).toHaveLength(61);
});

it.each(audits.map(({ id, name, fn }) => ({ id, name, fn })))('follows $id: $name', async ({ fn }) => {
  const { status, ...details } = await fn();
  expect([status, 'reason' in details ? details.reason : undefined]).toEqual(['ok', undefined]);
});
