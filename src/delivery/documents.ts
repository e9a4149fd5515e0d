// Judges which documents may run: the same for every transport.
import type { ApolloServerOptions, BaseContext } from '@apollo/server';
import {
  getOperationAST,
  GraphQLError,
  NoSchemaIntrospectionCustomRule,
  parse,
  specifiedRules,
  validate,
  type DocumentNode,
  type GraphQLSchema,
} from 'graphql';
import { ConfigError } from '../config.ts';
import { GatewayError, MOST_ERRORS, withCode } from '../errors.ts';
import { createCostMeter, type Variables } from './document-cost.ts';
import { documentLimits, documentLimitsRule, limitExceeded } from './document-limits.ts';
import { createKnownDocuments } from './known-documents.ts';
import { findConditionalRoot } from './subscription-root.ts';
import { createTrustedDocuments, type DocumentRequest } from './trusted-documents.ts';

export interface DocumentGateOptions {
  schema: GraphQLSchema;
  isIntrospectable: boolean;
  /** The only documents that run, by their hashes; null = any. */
  trustedDocuments: ReadonlyMap<string, string> | null;
}

/** What of a request decides how its document is run. */
export interface DocumentParameters {
  operationName?: string | null | undefined;
  variables?: Variables | null | undefined;
}

export type PreparedDocument =
  { document: DocumentNode; text: string } | { errors: readonly [GraphQLError, ...GraphQLError[]] };

export interface DocumentGate {
  /** @returns what to run; or why nothing is */
  prepare(request: DocumentRequest & DocumentParameters): PreparedDocument;
  /** @returns the document of a request when it was prepared before and may run; undefined leaves the request to `prepare` */
  findPrepared(request: DocumentRequest & DocumentParameters): DocumentNode | undefined;
  /** Where Apollo finds what was prepared, so that it does not parse and validate it again. */
  documentStore: NonNullable<ApolloServerOptions<BaseContext>['documentStore']>;
}

const parseOptions = { maxTokens: documentLimits.tokens };
// Suggestions tell of the schema; and each error costs us a look at the document. One more says that there are more.
const validationOptions = { hideSuggestions: true, maxErrors: MOST_ERRORS - 1 };

/** @throws ConfigError when a trusted document cannot run */
export function createDocumentGate(options: DocumentGateOptions): DocumentGate {
  const { schema, trustedDocuments } = options;
  const ownRules = [documentLimitsRule, ...(options.isIntrospectable ? [] : [NoSchemaIntrospectionCustomRule])];
  const rules = [...specifiedRules, ...ownRules];
  const costOf = createCostMeter(schema);
  const known = createKnownDocuments();

  function read(text: unknown): PreparedDocument {
    if (typeof text !== 'string' || text === '') return { errors: [new GatewayError('BAD_REQUEST', NO_DOCUMENT)] };
    if (text.length > documentLimits.characters) return { errors: [tooLong(text)] };
    let document: DocumentNode;
    try {
      document = parse(text, parseOptions);
    } catch (error) {
      if (error instanceof GraphQLError) return { errors: [withCode(error, 'GRAPHQL_PARSE_FAILED')] };
      throw error;
    }
    const conditional = findConditionalRoot(document);
    const faults = conditional ? [conditional] : validate(schema, document, rules, validationOptions);
    const [first, ...others] = faults.map((error) =>
      error instanceof GatewayError ? error : withCode(error, 'GRAPHQL_VALIDATION_FAILED'),
    );
    return first ? { errors: [first, ...others] } : { document, text };
  }

  const problems = [...(trustedDocuments ?? [])].flatMap(([hash, text]) => {
    const result = read(text);
    if ('document' in result) known.pin(text, result.document);
    return 'document' in result ? [] : `TRUSTED_DOCUMENTS: ${hash} cannot run: ${result.errors[0].message}`;
  });
  if (problems.length > 0) throw new ConfigError(problems);
  const findText = trustedDocuments && createTrustedDocuments(trustedDocuments);

  /** @throws GatewayError `LIMIT_EXCEEDED` when it costs too much, `BAD_REQUEST` when nobody can tell what to run of it */
  function judge(document: DocumentNode, { operationName, variables }: DocumentParameters): void {
    const operation = getOperationAST(document, operationName);
    if (!operation) throw new GatewayError('BAD_REQUEST', AMBIGUOUS);
    const cost = costOf(document, operation, variables ?? {});
    if (cost > documentLimits.cost)
      throw limitExceeded(
        `may be answered with ${cost} fields`,
        documentLimits.cost,
        'Ask for fewer fields, or for shorter lists.',
      );
  }

  const textOf = (request: DocumentRequest) => (findText ? findText(request) : request.query);
  const get = (text: unknown) => (typeof text === 'string' ? known.get(text) : undefined);

  return {
    prepare(request) {
      try {
        const text = textOf(request);
        const document = get(text);
        const prepared = document ? { document, text: text as string } : read(text);
        if ('errors' in prepared) return prepared;
        if (!document) known.add(prepared.text, prepared.document);
        judge(prepared.document, request);
        return prepared;
      } catch (error) {
        if (error instanceof GatewayError) return { errors: [error] };
        throw error;
      }
    },
    findPrepared(request) {
      try {
        const document = get(textOf(request));
        if (document) judge(document, request);
        return document;
      } catch (error) {
        if (error instanceof GatewayError) return undefined;
        throw error;
      }
    },
    documentStore: {
      // Apollo puts a name for the schema before the hash.
      get: (key) => Promise.resolve(known.findByHash(key.slice(key.indexOf(':') + 1))),
      set: () => Promise.resolve(),
      delete: () => Promise.resolve(),
    },
  };
}

const NO_DOCUMENT = 'There is no document in this request. Send one as query.';
const AMBIGUOUS =
  'This document has several queries, mutations or subscriptions, or none of the name given. Say which one to run in operationName.';

function tooLong({ length }: string): GatewayError {
  return limitExceeded(`has ${length} characters`, documentLimits.characters, 'Send values as variables.');
}

/** @returns the error of a library in our words, with what mends it; every other error as it is. */
export function explainError(error: unknown): unknown {
  const message = error instanceof GraphQLError ? error.message : '';
  if (/^Syntax Error: Document contains more that \d+ tokens/.test(message))
    return limitExceeded(
      `has more than ${documentLimits.tokens} tokens`,
      documentLimits.tokens,
      'Send values as variables, and spread the fields over several documents.',
    );
  if (message === 'Validation aborted.')
    return new GatewayError(
      'LIMIT_EXCEEDED',
      'This document has too many fields of the same name to compare them all. Ask for each field once.',
    );
  if (message === 'Operation batching disabled.')
    return new GatewayError('BAD_REQUEST', 'Several documents in one request are not taken. Send each by itself.');
  if (message.startsWith('GraphQL operations must contain a non-empty `query`'))
    return new GatewayError('BAD_REQUEST', NO_DOCUMENT);
  return error;
}
