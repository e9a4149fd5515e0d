// schema/*.graphql and the resolvers as one schema, used by every transport.
import { readdirSync, readFileSync } from 'node:fs';
import { makeExecutableSchema } from '@graphql-tools/schema';
import type { GraphQLSchema } from 'graphql';
import { resolvers } from '../resolvers/index.ts';
import { enforcePermissions } from './auth/permissions.ts';
import { enforceDeadlines } from './deadline.ts';

const folder = new URL('../schema/', import.meta.url);

export function createSchema(): GraphQLSchema {
  const files = readdirSync(folder).filter((name) => name.endsWith('.graphql'));
  const typeDefs = files.map((name) => readFileSync(new URL(name, folder), 'utf8'));
  // Whoever may not ask is told so at once.
  return enforcePermissions(enforceDeadlines(makeExecutableSchema({ typeDefs, resolvers })));
}
