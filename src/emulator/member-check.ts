/** Type checks of request bodies, worded as Graph's OData layer words them. */
import { badRequest } from './graph-answer.ts';

export type Members = Record<string, unknown>;
export type MemberCheck = (value: unknown, path: string) => void;

export function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Text or null. */
export const text: MemberCheck = (value, path) => {
  if (value !== null && typeof value !== 'string') throw wrongType(path, 'Edm.String');
};

/** A boolean or null. */
export const flag: MemberCheck = (value, path) => {
  if (value !== null && typeof value !== 'boolean') throw wrongType(path, 'Edm.Boolean');
};

export const readOnly: MemberCheck = (_value, path) => {
  throw badRequest(`The property '${path}' is read-only and cannot be set.`);
};

/** One of these words, or null. */
export function wordOf(...words: string[]): MemberCheck {
  return (value, path) => {
    text(value, path);
    if (typeof value === 'string' && !words.includes(value)) {
      throw badRequest(`Invalid value '${value}' for '${path}'. Possible values: ${words.join(', ')}.`);
    }
  };
}

/** A collection whose elements pass `check`. */
export function listOf(check: MemberCheck): MemberCheck {
  return (value, path) => {
    if (!Array.isArray(value)) throw wrongType(path, 'Collection');
    value.forEach((element, index) => check(element, `${path}[${index}]`));
  };
}

export function orNull(check: MemberCheck): MemberCheck {
  return (value, path) => {
    if (value !== null) check(value, path);
  };
}

/** An object of a Graph type; a closed type refuses members it does not know. Annotations (`@odata...`) pass. */
export function objectOf(type: string, checks: Record<string, MemberCheck>, open = false): MemberCheck {
  return (value, path) => {
    if (!isMembers(value)) throw wrongType(path || 'body', `microsoft.graph.${type}`);
    for (const [name, member] of Object.entries(value)) {
      if (name.includes('@')) continue;
      const check = Object.hasOwn(checks, name) ? checks[name] : undefined;
      if (check) check(member, path ? `${path}.${name}` : name);
      else if (!open) {
        throw badRequest(`The property '${name}' does not exist on type 'microsoft.graph.${type}'.`);
      }
    }
  };
}

export function textOf(members: Members, name: string): string | null {
  const value = members[name];
  return typeof value === 'string' ? value : null;
}

function wrongType(path: string, type: string): Error {
  return badRequest(`Cannot convert the value of '${path}' to the expected type '${type}'.`);
}
