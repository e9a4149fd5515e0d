/** Reads the part of OData's $filter that the emulated directory understands, and turns it into SQL. */
import type { SQLInputValue } from 'node:sqlite';
import { GraphRefusal } from './graph-answer.ts';

export interface UserFilter {
  sql: string;
  values: SQLInputValue[];
}

const COLUMNS = new Map(
  ['id', 'mail', 'userPrincipalName', 'userType', 'externalUserState'].map((name) => [name.toLowerCase(), name]),
);
const COLLECTIONS = new Map(['otherMails', 'proxyAddresses'].map((name) => [name.toLowerCase(), name]));
const NULLABLE = new Set(['mail', 'userType']);
const TOKEN = /\s*(?:('(?:[^']|'')*')|([(),:])|([A-Za-z_][\w./]*))/y;
const MAX_DEPTH = 50;
const MOST_IN_LIST = 15;

/**
 * Understands `eq`, `in (...)` of at most 15 values, `and`, `or`, parentheses and `collection/any(x:x eq '...')`.
 * @throws GraphRefusal `Request_UnsupportedQuery` for anything else.
 */
export function parseUserFilter(source: string): UserFilter {
  const tokens = tokenize(source);
  const values: SQLInputValue[] = [];
  let at = 0;

  const word = (): string => tokens[at]?.toLowerCase() ?? '';
  const expect = (token: string): void => {
    if (word() !== token) throw unsupported(source);
    at++;
  };
  const literal = (): string => {
    const token = tokens[at++];
    if (!token?.startsWith("'")) throw unsupported(source);
    return token.slice(1, -1).replaceAll("''", "'");
  };

  function either(depth: number): string {
    let sql = both(depth);
    while (word() === 'or') {
      at++;
      sql += ` OR ${both(depth)}`;
    }
    return sql;
  }

  function both(depth: number): string {
    let sql = term(depth);
    while (word() === 'and') {
      at++;
      sql += ` AND ${term(depth)}`;
    }
    return sql;
  }

  function term(depth: number): string {
    if (depth > MAX_DEPTH) throw unsupported(source);
    if (word() === '(') {
      at++;
      const sql = either(depth + 1);
      expect(')');
      return `(${sql})`;
    }
    const name = word();
    at++;
    if (name.endsWith('/any')) return anyOf(name.slice(0, -'/any'.length));
    const column = COLUMNS.get(name);
    if (!column) throw unsupported(source);
    if (word() === 'in') return oneOf(column);
    expect('eq');
    if (word() === 'null') {
      if (!NULLABLE.has(column)) throw unsupported(source);
      at++;
      return `${column} IS NULL`;
    }
    values.push(literal());
    return `${column} = ?`;
  }

  function oneOf(column: string): string {
    at++;
    expect('(');
    const places: string[] = [];
    do {
      if (places.length > 0) expect(',');
      values.push(literal());
      places.push('?');
    } while (word() === ',');
    expect(')');
    if (places.length > MOST_IN_LIST) {
      throw new GraphRefusal(
        400,
        'Request_UnsupportedQuery',
        `Too many child clauses specified in search filter expression containing 'OR' operators: ${places.length}. Max allowed: ${MOST_IN_LIST}.`,
      );
    }
    return `${column} IN (${places.join(', ')})`;
  }

  function anyOf(name: string): string {
    const collection = COLLECTIONS.get(name);
    if (!collection) throw unsupported(source);
    expect('(');
    const variable = word();
    at++;
    expect(':');
    expect(variable);
    expect('eq');
    values.push(literal());
    expect(')');
    return `seq IN (SELECT user FROM addresses WHERE kind = '${collection}' AND value = ?)`;
  }

  const sql = either(0);
  if (at < tokens.length) throw unsupported(source);
  return { sql, values };
}

function tokenize(source: string): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  const end = source.trimEnd().length;
  let position = 0;
  while (position < end) {
    TOKEN.lastIndex = position;
    const match = TOKEN.exec(source);
    if (!match) throw unsupported(source);
    tokens.push(match[1] ?? match[2] ?? match[3] ?? '');
    position = TOKEN.lastIndex;
  }
  return tokens;
}

function unsupported(source: string): GraphRefusal {
  return new GraphRefusal(400, 'Request_UnsupportedQuery', `Unsupported or invalid query filter clause: ${source}`);
}
