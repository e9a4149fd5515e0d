import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { buildSchema, execute, parse, validate, type ExecutionArgs, type GraphQLSchema } from 'graphql';
import { createDeadline } from '../src/deadline.ts';
import { createExecute } from '../src/delivery/document-execution.ts';
import { createSchema } from '../src/schema.ts';
import { documentsOf } from './support/documents.ts';
import type { Json } from './support/gateway.ts';
import { caller, newInvitation, newOperation } from './support/records.ts';

/** Objects of graphql-js have no prototype. */
const isPlanned = ({ data }: { data?: unknown }) =>
  typeof data === 'object' && data !== null && Object.getPrototypeOf(data) === Object.prototype;

/** @returns the answer as it is sent; the order of errors in lists that are read at once is chance. */
const toText = ({ data, errors }: { data?: unknown; errors?: readonly unknown[] }) =>
  JSON.stringify({ data, errors: errors?.map((error) => JSON.stringify(error)).toSorted() });

/** Runs a document twice by its plan and once by graphql-js. */
async function runBoth(schema: GraphQLSchema, source: string, more: Partial<ExecutionArgs> = {}) {
  const document = parse(source);
  expect(validate(schema, document)).toEqual([]);
  const args = { schema, document, ...more };
  const run = createExecute(schema);
  const expected = toText(await execute(args));
  const answers = [await run(args), await run(args)];
  for (const answer of answers) expect(toText(answer)).toBe(expected);
  return { isPlanned: answers.every(isPlanned), ...(JSON.parse(expected) as Json) };
}

describe('the schema of the gateway', () => {
  const schema = createSchema();
  const operation = newOperation({
    graphId: 'operation',
    revision: 2,
    state: 'settled',
    observedAt: new Date('2026-01-01T12:00:05Z'),
    payload: {
      clientContext: 'context',
      status: 'completed',
      resultInfo: { code: 200, subcode: 0, message: 'done' },
      participants: [
        { identity: { user: { id: 'u1', displayName: 'One' } }, hidden: null },
        { identity: { phone: { id: 'p1' } }, hidden: true },
      ],
    },
  });
  const invitation = newInvitation({
    graphId: 'invitation',
    lastError: { code: 'THROTTLED', at: new Date('2026-01-01T12:00:05Z') },
    payload: {
      invitedUserEmailAddress: 'guest@example.com',
      status: 'PendingAcceptance',
      invitedUser: { id: 'guest', externalUserState: 'Accepted' },
      invitedUserSponsors: [{ id: 'sponsor' }, { id: 'other' }],
      invitedUserMessageInfo: { ccRecipients: [{ emailAddress: { address: 'cc@example.com' } }] },
    },
  });
  const contextValue = {
    deadline: createDeadline(60_000),
    caller,
    findSession: () => ({ caller, expiresAt: null }),
    status: { version: '1', mode: 'emulator', graph: () => 'available', pollLagMs: () => Promise.resolve(1) },
    records: {
      find: async (kind: string) => (kind === 'invitation' ? invitation : operation),
      list: async ({ kind, first }: { kind: string; first: number }) =>
        Array.from({ length: Math.min(first, 3) }, () => (kind === 'invitation' ? invitation : operation)),
    },
    loaders: {
      userMember: async (id: string, member: string) =>
        id === 'other' ? new Error('not readable') : member === 'accountEnabled' ? true : null,
      history: async () => [operation, { ...operation, revision: 3 }],
    },
  };

  it('is answered as by graphql-js, document by document, and most of them by a plan', async () => {
    const run = createExecute(schema);
    const counts = { planned: 0, failed: 0 };
    for (const { query, variables } of fc.sample(documentsOf(schema, ['query']), 1_200)) {
      let document;
      try {
        document = parse(query);
      } catch {
        continue;
      }
      if (validate(schema, document).length > 0 || typeof variables !== 'object' || Array.isArray(variables)) continue;
      const args = { schema, document, contextValue, variableValues: variables as Json };
      const expected = await execute(args);
      for (let count = 0; count < 2; count += 1) {
        const answer = await run(args);
        expect(toText(answer)).toBe(toText(expected));
        if (isPlanned(answer)) counts.planned += 1;
        else counts.failed += 1;
      }
    }
    expect(counts.planned).toBeGreaterThan(200);
    expect(counts.failed).toBeGreaterThan(20);
  });

  it('is planned for what a frontend asks', async () => {
    const answer = await runBoth(
      schema,
      `query Both($id: ID!, $callId: ID!, $isFull: Boolean = true) {
        inviteParticipantsOperation(callId: $callId, id: $id) { ...Operation tracking { history(last: 2) { at revision } } }
        other: invitations(first: 2) { nodes { invitedUser { accountEnabled } __typename } pageInfo { endCursor } }
      }
      fragment Operation on InviteParticipantsOperation {
        id status participants @include(if: $isFull) { identity { user { id ... @skip(if: $isFull) { displayName } } } }
      }`,
      { contextValue, variableValues: { id: 'x', callId: 'y' } },
    );
    expect(answer).toMatchObject({ isPlanned: true, data: { inviteParticipantsOperation: { status: 'completed' } } });
  });

  it('leaves introspection, mutations and documents without the operation that is named to graphql-js', async () => {
    expect(await runBoth(schema, '{ __schema { queryType { name } } }')).toMatchObject({ isPlanned: false });
    const run = createExecute(schema);
    const document = parse('query A { __typename } query B { __typename }');
    expect(isPlanned(await run({ schema, document, operationName: 'A' }))).toBe(true);
    for (const operationName of [undefined, 'C']) {
      const answer = await run({ schema, document, operationName });
      expect(answer).toEqual(await execute({ schema, document, operationName }));
      expect(answer.errors).toHaveLength(1);
    }
  });
});

describe('an answer with faults', () => {
  const schema = buildSchema(`
    type Query { item(n: Int = 1, tags: [String!]): Item items: [Item!] texts: [String] odd: Item must: Item! }
    type Mutation { item: Item }
    type Item { n: Int text: String! late: Int below: Item thrown: Int many: [Int!]! }
  `);
  const later = <Value>(value: Value) => new Promise<Value>((resolve) => setImmediate(resolve, value));
  let runs = 0;
  const item = (n: unknown): Json => ({ n, text: 'x', late: later(n), below: { n, text: null }, many: [1, later(2)] });
  const query = schema.getQueryType()!.getFields();
  query['item']!.resolve = (_, args) => {
    runs += 1;
    return item(args['n']);
  };
  query['items']!.resolve = () => later([item(1), later(item(2))]);
  query['texts']!.resolve = () => ['a', null, later('b'), later(new Error('an item'))];
  query['odd']!.resolve = () => new Set();
  query['must']!.resolve = () => later(null);
  const mutation = schema.getMutationType()!.getFields();
  mutation['item']!.resolve = () => {
    runs += 1;
    return { text: null };
  };
  const fields = (schema.getType('Item') as ReturnType<GraphQLSchema['getQueryType']>)!.getFields();
  fields['thrown']!.resolve = () => {
    throw new Error('thrown');
  };

  it.each([
    ['values that are there at once, or later', '{ item { n text late many } items { n late } }', true],
    ['other names, and an object of another kind', '{ item(n: 1) { n: text } items { n } odd { n } }', true],
    ['a null that must not be, in an object', '{ item { n below { n text } } }', false],
    ['a null that must not be, at the root', '{ item { n } must { n } }', false],
    ['an error in a list', '{ texts item { n } }', false],
    ['an error thrown beside promises', '{ items { late thrown many } item { late thrown } }', false],
    ['a name that is no key', '{ __proto__: item { n } item { __proto__: n } }', false],
  ])('is the one of graphql-js for %s', async (_, source, isByPlan) => {
    expect(await runBoth(schema, source)).toMatchObject({ isPlanned: isByPlan });
  });

  it('is the one of graphql-js for every value of the variables', async () => {
    const source =
      'query ($n: Int, $is: Boolean!, $not: Boolean = false) { item(n: $n) { n @include(if: $is) text @skip(if: $not) } }';
    const document = parse(source);
    const run = createExecute(schema);
    const kinds = [];
    for (const variableValues of [
      { is: true },
      { is: false, n: 4 },
      { is: true, not: true },
      { is: 1 },
      { is: true, not: null },
      {},
      { is: false, not: true, n: null },
    ]) {
      const answer = await run({ schema, document, variableValues });
      expect(toText(answer)).toBe(toText(await execute({ schema, document, variableValues })));
      kinds.push(isPlanned(answer));
    }
    expect(kinds).toEqual([true, true, true, false, false, false, true]);
  });

  it('is that of a mutation that ran once', async () => {
    const document = parse('mutation { item { n text } }');
    const before = runs;
    const { errors } = await createExecute(schema)({ schema, document });
    expect(errors).toHaveLength(1);
    expect(runs - before).toBe(1);
  });

  it('is left to graphql-js where a plan would be too large, or there are too many', async () => {
    const wide = Array.from({ length: 300 }, (_, at) => `a${at}: item { n }`).join(' ');
    expect(await runBoth(schema, `{ ${wide} }`)).toMatchObject({ isPlanned: false });
    const names = Array.from({ length: 12 }, (_, at) => `v${at}`);
    const document = parse(
      `query (${names.map((name) => `$${name}: Boolean!`).join(' ')}) { ${names.map((name) => `${name}: item @skip(if: $${name}) { n }`).join(' ')} }`,
    );
    const run = createExecute(schema);
    const answers = [];
    for (let at = 0; at < 200; at += 1) {
      const variableValues = Object.fromEntries(names.map((name, bit) => [name, (at >> bit) % 2 === 1]));
      answers.push(isPlanned(await run({ schema, document, variableValues })));
    }
    expect(answers[0]).toBe(true);
    expect(answers.at(-1)).toBe(false);
  });
});
