import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import {
  getDirectiveValues,
  getIntrospectionQuery,
  getNamedType,
  getOperationAST,
  isCompositeType,
  isListType,
  isNonNullType,
  isObjectType,
  parse,
  type GraphQLField,
} from 'graphql';
import WebSocket from 'ws';
import { writeJson } from '../src/delivery/answer.ts';
import { createCostMeter } from '../src/delivery/document-cost.ts';
import { createDocumentGate } from '../src/delivery/documents.ts';
import { createSchema } from '../src/schema.ts';
import { dataOf, startGateway, type Json, type TestGateway } from './support/gateway.ts';
import { engines, type Engine } from './support/stores.ts';
import { askAll, post, send, sendAll, transports } from './support/transports.ts';

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

const schema = createSchema();
const ask = (query: string, variables: Json = {}) => askAll(gateway.url, { query, variables });
const range = (count: number) => Array.from({ length: count }, (_, index) => index);
const repeat = (count: number, write: (index: number) => string) => range(count).map(write).join(' ');
const guests = (count: number) =>
  range(count).map((index) => ({
    invitedUserEmailAddress: `guest${index}@example.com`,
    inviteRedirectUrl: 'https://app.example.com',
  }));

/** A document that is this many fields deep, most of them in fragments. */
const deep = (depth: number) =>
  `{ __type(name: "Query") { ...f0 } } ${repeat(depth - 2, (at) => `fragment f${at} on __Type { ofType { ...f${at + 1} } }`)} fragment f${depth - 2} on __Type { name }`;
const aliased = (count: number) => `{ gateway { ${repeat(count, (at) => `a${at}: __typename`)} } }`;
/** A document whose innermost fragment is spread 2 to the power of 60 times. */
const bomb = (innermost: string) =>
  `{ ...f0 } ${repeat(60, (at) => `fragment f${at} on Query { ...f${at + 1} ...f${at + 1} }`)} fragment f60 on Query { ${innermost} }`;
const page = (first: string, last: string, fields: number) =>
  `{ invitations(${first}) { nodes { tracking { history${last} { ${repeat(fields, () => 'state')} } } } } }`;
const FIRST_BY_VARIABLE = (type: string, fields: number) =>
  `query ($n: ${type}) { invitations(first: $n) { ...page } } fragment page on InvitationConnection { nodes { ...fields } } fragment fields on Invitation { tracking { history(last: 100) { ${repeat(fields, () => 'state')} } } }`;
const INVITE =
  'createInvitation(input: { invitedUserEmailAddress: "a@example.com", inviteRedirectUrl: "https://app.example.com" }) { id }';
const BULK = (fields: number) =>
  `mutation ($inputs: [CreateInvitationInput!]!) { createInvitations(inputs: $inputs) { results { invitation { ${repeat(fields, () => 'id')} } } } }`;

describe('a document beyond a limit', () => {
  const cases: [string, string, Json, RegExp][] = [
    ['1,001 tokens', `{ ${'__typename '.repeat(999)} }`, {}, /more than 1000 tokens/],
    ['1,000 aliases', `{ ${repeat(1_000, (at) => `a${at}: __typename`)} }`, {}, /tokens/],
    ['51 aliases', aliased(51), {}, /51 aliases.* 50\b/],
    [
      '52 aliases in a fragment that is spread again',
      `{ gateway { ...f ...f } } fragment f on Gateway { ${repeat(26, (at) => `a${at}: mode`)} }`,
      {},
      /52 aliases.* 50\b/,
    ],
    [
      'a bomb of aliases',
      bomb('gateway { a: mode }')
        .replace('{ ...f0 }', '{ gateway { ...f0 } }')
        .replaceAll('on Query', 'on Gateway')
        .replace('gateway { a: mode } }', 'a: mode }'),
      {},
      /aliases/,
    ],
    ['an alias of 101 characters', `{ ${'a'.repeat(101)}: __typename }`, {}, /an alias of 101 characters.* 100\b/],
    ['three mutations', `mutation { ${repeat(3, (at) => `a${at}: ${INVITE}`)} }`, {}, /has 3 mutations.* 2\b/],
    [
      'three mutations in a fragment',
      `mutation { a: ${INVITE} ...two } fragment two on Mutation { b: ${INVITE} ... { c: ${INVITE} } }`,
      {},
      /has 3 mutations.* 2\b/,
    ],
    [
      'a cost by long texts',
      `{ invitations(first: 100) { nodes { ${repeat(13, (at) => `a${at}: invitedUserMessageInfo { customizedMessageBody }`)} } } }`,
      {},
      /with 27\d{3} fields/,
    ],
    ['a depth of 1,000', `{ ${'a { '.repeat(1_000)}a${' }'.repeat(1_000)} }`, {}, /tokens/],
    ['a depth of 17', deep(17), {}, /17 fields deep.* 16\b/],
    ['21 root fields', `{ ${'gateway { mode } '.repeat(21)} }`, {}, /21 root fields.* 20\b/],
    ['a bomb of root fields', bomb('__typename'), {}, /root fields/],
    ['a bomb of depth', deep(90), {}, /deep/],
    [
      'a bomb of cost',
      `{ invitation(id: "1") { ...f0 } } ${repeat(13, (at) => `fragment f${at} on Invitation { tracking { id } ...f${at + 1} ...f${at + 1} }`)} fragment f13 on Invitation { tracking { id } }`,
      {},
      /may be answered with 32767 fields.* 25000\b/,
    ],
    ['fields that are too many to compare', `{ gateway { ${'mode '.repeat(990)} } }`, {}, /same name/],
    ['a cost by literals', page('first: 100', '(last: 100)', 3), {}, /with 30\d{3} fields/],
    ['a cost by defaults of the schema', page('first: 100', '', 13), {}, /with 26\d{3} fields/],
    ['a cost by a size that is null', page('first: 100', '(last: null)', 13), {}, /with 26\d{3} fields/],
    ['a cost by a size below zero', page('first: -1', '(last: 100)', 13), {}, /with 26\d{3} fields/],
    ['a cost by a size beyond reason', page('first: 2147483647', '(last: 2147483647)', 1), {}, /fields/],
    ['a cost by a variable', FIRST_BY_VARIABLE('Int', 3), { n: 100 }, /with 30\d{3} fields/],
    ['a cost by the default of a variable', FIRST_BY_VARIABLE('Int = 100', 3), {}, /with 30\d{3} fields/],
    ...['__proto__', 'constructor', 'toString'].map((name): [string, string, Json, RegExp] => [
      `a cost by the default of a variable named ${name}`,
      FIRST_BY_VARIABLE('Int = 100', 3).replaceAll('$n', () => `$${name}`),
      {},
      /with 30\d{3} fields/,
    ]),
    ['a cost by the default that a missing variable leaves', FIRST_BY_VARIABLE('Int', 13), {}, /with 26\d{3} fields/],
    ['a cost by a variable below zero', FIRST_BY_VARIABLE('Int', 13), { n: -1 }, /with 26\d{3} fields/],
    ['a cost by a variable beyond reason', FIRST_BY_VARIABLE('Int', 1), { n: 1e308 }, /fields/],
    ['a cost by the number of inputs', BULK(51), { inputs: guests(500) }, /with 26\d{3} fields/],
  ];

  it.each(cases)('is refused on every transport, in words that help: %s', async (_, query, variables, message) => {
    const { status, data, errors } = await ask(query, variables);
    expect([status, data]).toEqual([400, undefined]);
    expect(errors?.[0]).toMatchObject({
      message: expect.stringMatching(message),
      extensions: { code: 'LIMIT_EXCEEDED' },
    });
    expect(errors?.[0]?.message).toMatch(/\. (Ask|Send|Spread) .*\.$/);
    expect(await gateway.run('select id from record')).toEqual([]);
  });

  it.each(['100', 1.5, true, [], [1], {}, null, 'x'.repeat(10_000), -0, 2 ** 53])(
    'is neither let through nor a fault of ours for a size that is none: %j',
    async (n) => {
      const { status, errors } = await ask(FIRST_BY_VARIABLE('Int', 13), { n });
      expect(status).toBeLessThan(500);
      for (const { extensions } of errors ?? []) expect(extensions?.['code']).toMatch(/BAD_USER_INPUT|LIMIT_EXCEEDED/);
      expect(errors === undefined).toBe(Object.is(n, -0));
    },
  );

  it.each([
    ['a fragment within itself', '{ ...a } fragment a on Query { gateway { mode } ...b } fragment b on Query { ...a }'],
    ['a fragment that is not there', '{ ...nowhere }'],
    ['a fragment on a type that is not there', '{ ...a } fragment a on Nowhere { a }'],
    ['a fragment on an input', '{ ...a } fragment a on CreateInvitationInput { a }'],
    ['fields that are not there', '{ a { b { c } } invitations(first: [1], first: $x) { nodes(first: 1) { z } } }'],
    ['nothing that runs', 'fragment a on Query { __typename }'],
    ['a type', 'type A { a: Int }'],
    ['@defer', '{ ... @defer { gateway { mode } } }'],
    ['@stream', '{ invitations { nodes @stream { id } } }'],
    [
      'two root fields of a subscription',
      'subscription { a: invitationUpdated(id: "1") { id } b: invitationUpdated(id: "1") { id } }',
    ],
  ])('is told what is wrong with it when it is not even valid: %s', async (_, query) => {
    expect((await ask(query)).errors?.[0]?.extensions?.['code']).toBe('GRAPHQL_VALIDATION_FAILED');
  });

  it('is told of ten faults at the most', async () => {
    const { errors } = await ask(`{ gateway { ${repeat(300, (at) => `f${at}`)} } }`);
    expect(errors).toHaveLength(10);
    expect(errors?.at(-1)?.message).toMatch(/limit/);
  });

  it('does not keep others waiting', async () => {
    const bad = cases.map(([, query, variables]) => ({ query, variables }));
    const ways = [
      post,
      ...transports.map((transport) => (url: string, request: Json) => send(url, request, transport)),
    ];
    const refused = range(200).map((at) => (ways[at % ways.length] ?? post)(gateway.url, bad[at % bad.length] ?? {}));
    const neighbour = await gateway.query('{ gateway { mode } }');
    expect(neighbour).toEqual({ status: 200, data: { gateway: { mode: 'emulator' } } });
    for (const { errors } of await Promise.all(refused))
      expect(errors?.[0]?.extensions?.['code']).toBe('LIMIT_EXCEEDED');
  });

  it('may be one of several operations, of which the one that runs is judged', async () => {
    const query = `query Small { gateway { mode } } query Large ${page('first: 100', '(last: 100)', 3)}`;
    expect((await askAll(gateway.url, { query, operationName: 'Small' })).data).toBeDefined();
    for (const [operationName, code] of [
      ['Large', 'LIMIT_EXCEEDED'],
      ['Missing', 'BAD_REQUEST'],
      [undefined, 'BAD_REQUEST'],
    ] as const) {
      const { status, errors } = await askAll(gateway.url, { query, ...(operationName ? { operationName } : {}) });
      expect([status, errors?.[0]?.extensions?.['code']]).toEqual([400, code]);
    }
  });

  it('closes the socket when its message is larger than 1 MiB', async () => {
    const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    const closed = new Promise<number>((resolve) => socket.on('close', resolve));
    socket.on('open', () => socket.send(JSON.stringify({ type: 'ping', payload: { x: 'x'.repeat(1024 * 1024) } })));
    expect(await closed).toBe(1009);
    expect((await gateway.query('{ __typename }')).status).toBe(200);
  });
});

describe('hostile text that errors quote', () => {
  const texts = [
    'x',
    '"',
    ' at "',
    ' at "a.b',
    '; Field "',
    '; Field "a" is',
    ' Did you mean ',
    '?',
    '\\',
    '\n',
    '\u0001',
  ];
  const fill = (text: string, length: number) => text.repeat(length / text.length);
  const LARGE = 900_000;
  /** As large as it may be as JSON. */
  const swell = (text: string, bytes = LARGE) => text.repeat(bytes / (JSON.stringify(text).length - 2));
  const BY_SIZE = 'query ($n: Int) { invitations(first: $n) { pageInfo { hasNextPage } } }';
  const BY_INPUT =
    'mutation ($input: CreateInvitationInput!) { createInvitation(input: $input) { tracking { revision } } }';
  const members = (text: string) => Object.fromEntries(range(60).map((at) => [`${at}${swell(text, LARGE / 60)}`, at]));
  const requests: [string, Json][] = texts.flatMap((text): [string, Json][] => {
    const large = swell(text);
    const request = (query: string, variables: Json = {}) => ({ query, variables });
    const name = JSON.stringify(text);
    return [
      [`${name} as a size`, request(BY_SIZE, { n: large })],
      [`${name} and a question mark as a size`, request(BY_SIZE, { n: `${large}?` })],
      [`${name} as an input`, request(BY_INPUT, { input: large })],
      [`${name} as a name`, request(BY_INPUT, { input: { ...guests(1)[0], [large]: 1 } })],
      [`${name} as many names`, request(BY_INPUT, { input: { ...guests(1)[0], ...members(text) } })],
      [`${name} as a document`, request(large)],
      [`${name} as the longest document`, request(fill(text, 99_999))],
      [`${name} in a text without an end`, request(`{ a(b: "${fill(text, 90_000)}`)],
    ];
  });
  requests.push(
    ['a field with a long name', { query: `{ ${fill('x', 99_000)} }` }],
    ['a variable with a long name', { query: `query ($${fill('x', 9_000)}: Int!) { __typename }` }],
    ['ten faults behind many lines', { query: `${fill('\n', 90_000)} { ${repeat(20, (at) => `f${at}`)} }` }],
    ['a member with a long name', { query: `{ invitations(filter: { ${fill('x', 9_000)}: 1 }) { nodes { id } } }` }],
  );

  it.each(requests)('makes no long answer, and does not keep others waiting: %s', async (_, request) => {
    const asked = Promise.all([post(gateway.url, request), sendAll(gateway.url, request)]);
    const neighbour = await gateway.query('{ gateway { mode } }');
    expect(neighbour).toEqual({ status: 200, data: { gateway: { mode: 'emulator' } } });
    for (const answer of (await asked).flat()) {
      expect(answer.data).toBeUndefined();
      expect(answer.errors?.length).toBeGreaterThan(0);
      expect(answer.errors?.length).toBeLessThanOrEqual(10);
      for (const { extensions } of answer.errors ?? []) expect(extensions?.['code']).not.toMatch(/INTERNAL/);
      expect(JSON.stringify(answer).length).toBeLessThan(20_000);
    }
  });

  it('leaves the end of a message, which says why, and the position', async () => {
    const of = async (members: Json) => (await ask(BY_INPUT, { input: { ...guests(1)[0], ...members } })).errors?.[0];
    expect(await of({ [swell(' at "')]: 1 })).toMatchObject({
      message: expect.stringMatching(/^Variable "\$input" got invalid value .*….* is not defined by type "\w+"\.$/s),
      extensions: { code: 'BAD_USER_INPUT', field: 'input' },
    });
    expect((await of({ resetRedemption: swell('; Field "a" is') }))?.extensions?.['field']).toBe(
      'input.resetRedemption',
    );
    expect((await of({ [swell('x')]: 1 }))?.extensions).toEqual({ code: 'BAD_USER_INPUT' });
  });
});

describe('a condition at the root of a subscription', () => {
  it.each([
    'subscription { invitationUpdated(id: "1") @skip(if: true) { id } }',
    'subscription { invitationUpdated(id: "1") @skip(if: null) { id } }',
    'subscription { invitationUpdated(id: "1") @include { id } }',
    'subscription ($v: Boolean!) { invitationUpdated(id: "1") @include(if: $v) { id } }',
    'subscription { ... @skip(if: true) { invitationUpdated(id: "1") { id } } }',
    'subscription { ...A } fragment A on Subscription { ...B } fragment B on Subscription { ...A invitationUpdated(id: "1") @skip(if: true) { id } }',
  ])('is refused: %s', async (query) => {
    const { status, errors } = await askAll(gateway.url, { query, variables: { v: false } });
    expect([status, errors?.[0]?.extensions?.['code']]).toEqual([400, 'GRAPHQL_VALIDATION_FAILED']);
    expect(errors?.[0]?.message).toMatch(/takes no @skip and no @include/);
  });
});

describe('a request over HTTP', () => {
  it('holds one document: several are refused as one', async () => {
    for (const batch of [[{ query: '{ __typename }' }, { query: '{ __typename }' }], [{ query: '{ __typename }' }], []])
      expect(await post(gateway.url, batch)).toEqual({
        status: 400,
        errors: [{ message: expect.stringMatching(/Send each by itself/), extensions: { code: 'BAD_REQUEST' } }],
      });
  });

  it('holds no subscription, not by name either', async () => {
    const query = 'query A { __typename } subscription B { invitationUpdated(id: "1") { id } }';
    expect(await post(gateway.url, { query, operationName: 'B' })).toMatchObject({
      status: 400,
      errors: [{ message: expect.stringMatching(/Open a WebSocket/), extensions: { code: 'BAD_REQUEST' } }],
    });
    expect((await post(gateway.url, { query, operationName: 'A' })).data).toEqual({ __typename: 'Query' });
  });

  it('holds a document, as it does on a socket', async () => {
    for (const request of [{ query: '' }, { documentId: 'abc' }])
      expect(await askAll(gateway.url, request)).toMatchObject({
        status: 400,
        errors: [{ message: expect.stringMatching(/Send one as query/), extensions: { code: 'BAD_REQUEST' } }],
      });
  });
});

describe('a document within the limits', () => {
  const gate = createDocumentGate({ schema, isIntrospectable: true, trustedDocuments: null });
  const folder = new URL('../examples/operations/', import.meta.url);

  it.each(readdirSync(folder))('runs: the example %s, with lists as long as they may be', (name) => {
    const query = readFileSync(new URL(name, folder), 'utf8');
    expect(gate.prepare({ query, variables: { first: 100, inputs: guests(500) } })).toHaveProperty('document');
  });

  it.each([
    ['16 fields deep', deep(16)],
    ['50 aliases', aliased(50)],
    [
      '50 aliases in fragments',
      `{ gateway { ...f ...f } } fragment f on Gateway { ${repeat(25, (at) => `a${at}: mode`)} }`,
    ],
    ['an alias of 100 characters', `{ ${'a'.repeat(100)}: __typename }`],
    [
      'two mutations',
      `mutation { ${repeat(2, (at) => `a${at}: inviteParticipants(callId: "${at}", input: { participants: [{ identity: { user: { id: "u" } } }] }) { status }`)} }`,
    ],
    ['20 root fields', `{ ${'gateway { mode } '.repeat(20)} }`],
    ['980 tokens', `{ ${repeat(20, (at) => `g${at}: gateway { ${'mode '.repeat(44)} }`)} }`],
    ['the introspection of graphql-js', getIntrospectionQuery()],
    [
      'the introspection of explorers, with all that there is to ask for',
      getIntrospectionQuery({
        descriptions: true,
        specifiedByUrl: true,
        directiveIsRepeatable: true,
        schemaDescription: true,
        inputValueDeprecation: true,
        oneOf: true,
      }),
    ],
  ])('runs: %s', async (_, query) => {
    const { status, errors } = await ask(query);
    expect([status, errors]).toEqual([200, undefined]);
  });

  it('runs: a page of 100 with every member and the history', async () => {
    const leaves = (name: string): string => {
      const type = schema.getType(name);
      const fields = isObjectType(type) ? Object.values(type.getFields()) : [];
      return fields
        .map((field) => [field.name, getNamedType(field.type)] as const)
        .map(([field, { name: inner }]) =>
          isCompositeType(schema.getType(inner)) ? `${field} { ${leaves(inner)} }` : field,
        )
        .join(' ');
    };
    const query = `{ invitations(first: 100) { nodes { ${leaves('Invitation')} } pageInfo { ${leaves('PageInfo')} } } }`;
    expect(await ask(query)).toMatchObject({ status: 200, data: { invitations: { nodes: [] } } });
  });
});

describe('the cost of a document', () => {
  const costOf = createCostMeter(schema);
  const cost = (query: string, variables: Json = {}) => {
    const document = parse(query);
    return costOf(document, getOperationAST(document)!, variables);
  };
  const countFields = (value: unknown): number =>
    typeof value === 'object' && value !== null
      ? Object.values(value).reduce<number>((sum, member) => sum + countFields(member), 0) +
        (Array.isArray(value) ? 0 : Object.keys(value).length)
      : 0;

  it('is the number of fields that the answer may hold', () => {
    expect(cost('{ gateway { mode version } }')).toBe(3);
    expect(cost('{ invitations { nodes { id } } }')).toBe(1 + 1 + 20);
    expect(cost('{ invitations(first: 7) { edges { node { id } } nodes { id } pageInfo { endCursor } } }')).toBe(
      1 + (1 + 7 * 2) + (1 + 7) + 2,
    );
    expect(cost('{ invitations(first: 0) { nodes { id } } }')).toBe(2);
    expect(cost('{ a: __typename ... on Query { b: __typename } ...c } fragment c on Query { c: __typename }')).toBe(3);
    expect(cost(BULK(2), { inputs: guests(3) })).toBe(1 + 1 + 3 * (1 + 2));
    expect(cost(BULK(2), { inputs: guests(1)[0] })).toBe(1 + 1 + (1 + 2));
    expect(cost('mutation { createInvitations(inputs: [{}, {}, {}]) { results { error { code } } } }')).toBe(
      1 + 1 + 3 * 2,
    );
  });

  it('counts a text that may be longer than most as several fields', () => {
    expect(cost('{ invitation(id: "1") { inviteRedirectUrl invitedUserDisplayName } }')).toBe(1 + 3 + 1);
    expect(cost('{ invitation(id: "1") { invitedUserMessageInfo { customizedMessageBody } } }')).toBe(1 + 1 + 20);
  });

  it('counts a fragment by what it is spread in', () => {
    const fragment = 'fragment nodes on InvitationConnection { nodes { id } }';
    expect(cost(`{ a: invitations(first: 2) { ...nodes } b: invitations(first: 5) { ...nodes } } ${fragment}`)).toBe(
      2 + 2 + 2 + 5,
    );
  });

  it('is no less than what introspection is really answered with', async () => {
    const { data } = await gateway.query(getIntrospectionQuery());
    expect(cost(getIntrospectionQuery())).toBeGreaterThan(countFields(data));
  });

  it('finds a size declared for every list of objects', () => {
    const directive = schema.getDirective('listSize')!;
    const isList = ({ type }: GraphQLField<unknown, unknown>) => isListType(isNonNullType(type) ? type.ofType : type);
    const fields = Object.values(schema.getTypeMap())
      .filter((type) => isObjectType(type))
      .filter(({ name }) => !name.startsWith('__'))
      .flatMap((type) => Object.values(type.getFields()).map((field) => ({ type, field })));
    const sizeOf = (field: GraphQLField<unknown, unknown>) => getDirectiveValues(directive, field.astNode!);
    const isSizedAbove = (parent: string, name: string) => {
      const above = fields.filter(({ field }) => getNamedType(field.type).name === parent);
      return (
        above.length > 0 && above.every(({ field }) => (sizeOf(field)?.['sizedFields'] as string[])?.includes(name))
      );
    };
    const lists = fields.filter(({ field }) => isList(field) && isCompositeType(getNamedType(field.type)));
    expect(lists.length).toBeGreaterThan(8);
    const undeclared = lists.filter(({ type, field }) => !sizeOf(field) && !isSizedAbove(type.name, field.name));
    expect(undeclared.map(({ type, field }) => `${type.name}.${field.name}`)).toEqual([]);
    // A name that is misspelt would count nothing.
    for (const { field } of fields) {
      const { slicingArguments = [], sizedFields = [], requireOneSlicingArgument } = (sizeOf(field) ?? {}) as Json;
      for (const name of slicingArguments) expect(field.args.map((argument) => argument.name)).toContain(name);
      for (const name of sizedFields)
        expect(fields.map((below) => `${below.type.name}.${below.field.name}`)).toContain(
          `${getNamedType(field.type).name}.${name}`,
        );
      if (slicingArguments.length > 0) expect(requireOneSlicingArgument).toBe(false);
    }
  });
});

describe('an answer that no text can hold', () => {
  it('is refused, and nothing else that fails is', () => {
    const failing = (error: Error) => ({
      data: {
        toJSON: () => {
          throw error;
        },
      },
    });
    expect(JSON.parse(writeJson(failing(new RangeError('Invalid string length'))))).toEqual({
      errors: [{ message: expect.stringMatching(/too long/), extensions: { code: 'LIMIT_EXCEEDED' } }],
      data: null,
    });
    expect(() => writeJson(failing(new TypeError('another')))).toThrow('another');
  });
});

describe('what the gateway does not tell', () => {
  const INPUT = 'mutation ($input: InviteParticipantsInput!) { inviteParticipants(callId: "c", input: $input) { id } }';
  const identity = { user: { id: 'u1' } };

  it.each<[string, string, Json, string]>([
    ['a field', '{ invitationz { nodes { id } } }', {}, 'GRAPHQL_VALIDATION_FAILED'],
    ['an argument', '{ invitations(frist: 1) { nodes { id } } }', {}, 'GRAPHQL_VALIDATION_FAILED'],
    [
      'a type',
      'query ($x: InvitationFilte) { invitations(filter: $x) { nodes { id } } }',
      {},
      'GRAPHQL_VALIDATION_FAILED',
    ],
    ['a word', '{ invitations(filter: { state: [actve] }) { nodes { id } } }', {}, 'GRAPHQL_VALIDATION_FAILED'],
    [
      'a word as text',
      '{ invitations(filter: { state: ["active"] }) { nodes { id } } }',
      {},
      'GRAPHQL_VALIDATION_FAILED',
    ],
    ['a member', '{ invitations(filter: { stat: [active] }) { nodes { id } } }', {}, 'GRAPHQL_VALIDATION_FAILED'],
    [
      'a word in a variable',
      'query ($filter: InvitationFilter) { invitations(filter: $filter) { nodes { id } } }',
      { filter: { state: ['actve'] } },
      'BAD_USER_INPUT',
    ],
    ['a member in a variable', INPUT, { input: { participants: [{ identity }], clientContex: 'c' } }, 'BAD_USER_INPUT'],
    [
      'a nested member in a variable',
      INPUT,
      { input: { participants: [{ identity, hiden: true }] } },
      'BAD_USER_INPUT',
    ],
  ])('is how %s is spelled', async (_, query, variables, code) => {
    const { errors } = await ask(query, variables);
    expect(errors?.[0]?.extensions?.['code']).toBe(code);
    expect(JSON.stringify(errors)).not.toMatch(/Did you mean/i);
  });

  it('is what broke: a resolver that throws is masked on every transport, and reported', async () => {
    const invited = await gateway.query(
      'mutation ($input: CreateInvitationInput!) { createInvitation(input: $input) { tracking { id } } }',
      { input: guests(1)[0] },
    );
    const { id } = dataOf(invited, 'createInvitation')['tracking'];
    await gateway.run(`update record set payload = '{ torn', due_at = null where id = $1`, [id]);
    const masked = { message: 'Internal server error', extensions: { code: 'INTERNAL_SERVER_ERROR' } };
    const { errors } = await ask('query ($id: ID!) { invitation(id: $id) { id } }', { id });
    expect(errors).toEqual([expect.objectContaining(masked)]);
    const watched = await sendAll(gateway.url, {
      query: 'subscription ($id: ID!) { invitationUpdated(id: $id) { id } }',
      variables: { id },
    });
    for (const answer of watched) expect(answer.errors).toEqual([expect.objectContaining(masked)]);
    expect(JSON.stringify([errors, watched])).not.toMatch(/torn|JSON/);
    expect(gateway.errors.splice(0).length).toBeGreaterThanOrEqual(4);
  });
});
