// schema/*.graphql and the resolvers as one schema, used by every transport.
import { readdirSync, readFileSync } from 'node:fs';
import { makeExecutableSchema } from '@graphql-tools/schema';
import type { GraphQLSchema } from 'graphql';
import { resolvers } from '../resolvers/index.ts';

const folder = new URL('../schema/', import.meta.url);

export function createSchema(): GraphQLSchema {
  const files = readdirSync(folder).filter((name) => name.endsWith('.graphql'));
  return makeExecutableSchema({
    typeDefs: files.map((name) => readFileSync(new URL(name, folder), 'utf8')),
    resolvers,
  });
}
