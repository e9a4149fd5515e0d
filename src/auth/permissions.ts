// Who may ask for which field, as the schema's directives say: checked where a field is resolved, on every transport.
import {
  defaultFieldResolver,
  getDirectiveValues,
  isObjectType,
  type GraphQLField,
  type GraphQLFieldResolver,
  type GraphQLSchema,
} from 'graphql';
import { GatewayError } from '../errors.ts';
import type { Caller } from './caller.ts';

/** What a field asks of its caller. */
export interface Rule {
  /** Of one of the lists all; null: any caller will do. */
  scopes: readonly (readonly string[])[] | null;
}

/** The part of a context that rules look at. `caller` throws `UNAUTHENTICATED` when there is none. */
interface Asked {
  readonly caller: Caller;
}

/** Makes fields with `@authenticated` or `@requiresScopes` refuse whoever may not have them: `UNAUTHENTICATED`, or `FORBIDDEN`. */
export function enforcePermissions(schema: GraphQLSchema): GraphQLSchema {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      const rule = ruleOf(schema, field);
      if (!rule) continue;
      field.resolve = guard(rule, field.resolve ?? defaultFieldResolver);
      // What is thrown here ends the subscription before it begins.
      if (field.subscribe) field.subscribe = guard(rule, field.subscribe);
    }
  }
  return schema;
}

/** @returns null for a field that has no rule of its own. */
export function ruleOf(schema: GraphQLSchema, { astNode }: GraphQLField<unknown, unknown>): Rule | null {
  const valuesOf = (name: string) => {
    const directive = schema.getDirective(name);
    return directive && astNode ? getDirectiveValues(directive, astNode) : undefined;
  };
  const scopes = valuesOf('requiresScopes')?.['scopes'] as string[][] | undefined;
  return scopes || valuesOf('authenticated') ? { scopes: scopes ?? null } : null;
}

function guard({ scopes }: Rule, resolve: GraphQLFieldResolver<unknown, Asked>): GraphQLFieldResolver<unknown, Asked> {
  return (parent, args, context, info) => {
    const { permissions } = context.caller;
    if (scopes && !scopes.some((all) => all.every((scope) => permissions.has(scope)))) {
      const wanted = scopes.map((all) => all.join(' with ')).join(' or ');
      throw new GatewayError('FORBIDDEN', `${info.fieldName} needs the permission ${wanted}. Get a token that has it.`);
    }
    return resolve(parent, args, context, info) as unknown;
  };
}
