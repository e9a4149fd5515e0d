// Documents and variables by chance, from a schema: mostly ones that fit it, some that nearly do, some that do not.
import fc, { type Arbitrary } from 'fast-check';
import {
  getNamedType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLSchema,
} from 'graphql';

/** What a client sends. */
export interface ChanceDocument {
  query: string;
  variables: unknown;
}

/** A value for an input, as JSON; enum words are texts that begin with U+0001. */
type Value = unknown;

interface Given {
  argument: GraphQLArgument;
  value: Value;
  isVariable: boolean;
}

interface Asked {
  alias: string;
  field: string;
  given: Given[];
  below: Asked[];
  extra: string;
}

const WORD = '\u0001';
const DEEPEST = 7;

/** Texts that a gateway may trip over, beside any others. */
const text = fc.oneof(
  { weight: 6, arbitrary: fc.string({ maxLength: 12 }) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 8 }) },
  fc.constantFrom(
    '',
    '.',
    '..',
    '%00',
    '\0',
    '\ud800',
    'constructor',
    '__proto__',
    'a@example.com',
    'https://a.example.com',
    '1',
    '-1',
  ),
  fc.emailAddress(),
  fc.webUrl({ validSchemes: ['https'] }),
);
const int = fc.oneof(
  fc.integer({ min: -2, max: 120 }),
  fc.constantFrom(2 ** 31 - 1, -(2 ** 31), 2 ** 31, 2 ** 53, 1.5),
);

function valueOf(type: GraphQLInputType, depth: number): Arbitrary<Value> {
  const fitting = fittingValueOf(type, depth);
  return fc.oneof({ weight: 30, arbitrary: fitting }, { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) });
}

function fittingValueOf(type: GraphQLInputType, depth: number): Arbitrary<Value> {
  if (isNonNullType(type)) return valueOf(type.ofType, depth);
  if (isListType(type)) {
    const item = valueOf(type.ofType, depth);
    return fc.oneof({ weight: 4, arbitrary: fc.array(item, { maxLength: 4 }) }, item, fc.constant(null));
  }
  if (isEnumType(type))
    return fc.constantFrom(...type.getValues().map(({ name }) => WORD + name), `${WORD}nonsense`, null);
  if (isInputObjectType(type)) {
    const members = Object.values(type.getFields()).map(({ name, type: member }) => {
      const given = depth > DEEPEST ? fc.constant(null) : valueOf(member, depth + 1);
      const isNeeded = isNonNullType(member);
      return fc.option(
        given.map((value) => [name, value] as const),
        { nil: undefined, freq: isNeeded ? 40 : 1 },
      );
    });
    const some = type.isOneOf
      ? fc.oneof({ weight: 9, arbitrary: fc.oneof(...members).map((member) => [member]) }, fc.tuple(...members))
      : fc.tuple(...members);
    return some.map((entries) => Object.fromEntries(entries.filter((entry) => entry !== undefined)));
  }
  const scalar = { Int: int, Boolean: fc.boolean() }[type.name] ?? text;
  return fc.oneof({ weight: 20, arbitrary: scalar }, fc.constant(null));
}

function fieldsOf(type: GraphQLObjectType, depth: number, most = 4): Arbitrary<Asked[]> {
  const fields = Object.values(type.getFields()).filter(
    ({ type: of }) => depth < DEEPEST || !isObjectType(getNamedType(of)),
  );
  const one = fc.oneof(...fields.map((field) => fieldOf(field, depth)));
  // The same name twice is mostly a conflict, which says nothing new.
  return fc.uniqueArray(one, { minLength: 1, maxLength: most, selector: ({ alias, field: name }) => alias || name });
}

function fieldOf(field: GraphQLField<unknown, unknown>, depth: number): Arbitrary<Asked> {
  const type = getNamedType(field.type);
  return fc.record({
    alias: fc.oneof({ weight: 9, arbitrary: fc.constant('') }, fc.constantFrom('a: ', 'b: ')),
    field: fc.oneof(
      { weight: 150, arbitrary: fc.constant(field.name) },
      fc.constantFrom('nonsense', '__typename', '__schema'),
    ),
    given: fc
      .tuple(
        ...field.args.map((argument) =>
          fc.option(
            fc.record({ argument: fc.constant(argument), value: valueOf(argument.type, 0), isVariable: fc.boolean() }),
            { nil: null, freq: isNonNullType(argument.type) ? 40 : 2 },
          ),
        ),
      )
      .map((given) => given.filter((one) => one !== null)),
    // Only when it is needed: the arbitraries of all types at once would have no end.
    below: isObjectType(type) ? fc.constant(null).chain(() => fieldsOf(type, depth + 1)) : fc.constant([]),
    extra: fc.oneof(
      { weight: 100, arbitrary: fc.constant('') },
      fc.constantFrom(' @include(if: true)', ' @skip(if: true)', ' @skip(if: null)', ' @nonsense'),
    ),
  });
}

/** @returns documents for these root types of the schema. */
export function documentsOf(
  schema: GraphQLSchema,
  types: readonly ('query' | 'mutation' | 'subscription')[],
): Arbitrary<ChanceDocument> {
  const roots = {
    query: schema.getQueryType(),
    mutation: schema.getMutationType(),
    subscription: schema.getSubscriptionType(),
  };
  const whole = fc.oneof(
    ...types.map((type) =>
      fieldsOf(roots[type] as GraphQLObjectType, 0, type === 'subscription' ? 1 : 2).map((fields) =>
        render(type, fields),
      ),
    ),
  );
  return fc.oneof(
    { weight: 8, arbitrary: whole },
    {
      weight: 1,
      arbitrary: fc.tuple(whole, fc.nat(), fc.string({ unit: 'binary', maxLength: 4 }), fc.nat(20)).map(breakText),
    },
    {
      weight: 1,
      arbitrary: fc.tuple(whole, fc.jsonValue()).map(([document, variables]) => ({ ...document, variables })),
    },
  );
}

function breakText([document, at, noise, length]: [ChanceDocument, number, string, number]): ChanceDocument {
  const { query } = document;
  const from = at % (query.length + 1);
  return { ...document, query: query.slice(0, from) + noise + query.slice(from + length) };
}

function render(type: string, fields: readonly Asked[]): ChanceDocument {
  const definitions: string[] = [];
  const variables: { [name: string]: Value } = {};
  const give = ({ argument, value, isVariable }: Given) => {
    if (!isVariable) return `${argument.name}: ${toLiteral(value)}`;
    const name = `v${definitions.length}`;
    definitions.push(`$${name}: ${String(argument.type)}`);
    variables[name] = JSON.parse(JSON.stringify(value ?? null).replaceAll('\\u0001', '')) as Value;
    return `${argument.name}: $${name}`;
  };
  const select = (selected: readonly Asked[]): string =>
    selected
      .map(({ alias, field, given, below, extra }) => {
        const values = given.length > 0 ? `(${given.map(give).join(', ')})` : '';
        return `${alias}${field}${values}${extra}${below.length > 0 ? ` { ${select(below)} }` : ''}`;
      })
      .join(' ');
  const selection = select(fields);
  const signature = definitions.length > 0 ? ` Chance(${definitions.join(', ')})` : '';
  return { query: `${type}${signature} { ${selection} }`, variables };
}

function toLiteral(value: Value): string {
  if (typeof value === 'string') return value.startsWith(WORD) ? value.slice(1) : JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(toLiteral).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    return `{ ${Object.entries(value)
      .map(([name, member]) => `${name}: ${toLiteral(member)}`)
      .join(', ')} }`;
  }
  return String(value);
}
