// How long an answer may take: root fields that take longer are given up, and a mutation is not begun too late.
import { defaultFieldResolver, type GraphQLFieldResolver, type GraphQLObjectType, type GraphQLSchema } from 'graphql';
import { GatewayError } from './errors.ts';

/** When the answer to one document is due. */
export interface Deadline {
  atMs: number;
  /** What a mutation needs: with less time left it is not begun, for what it did would not be learned. */
  mutationMs: number;
}

interface Timed {
  readonly deadline: Deadline;
}

type Resolver = GraphQLFieldResolver<unknown, Timed>;

/** Two mutations one after the other have time to end. */
export function createDeadline(mutationMs: number): Deadline {
  return { atMs: Date.now() + 2 * mutationMs, mutationMs };
}

/** @returns how much of a time is left before the deadline. */
export function leftOf({ atMs }: Deadline, wantedMs: number): number {
  return Math.max(1, Math.min(wantedMs, atMs - Date.now()));
}

/** Makes the root fields of queries and mutations keep the deadline of their context. */
export function enforceDeadlines(schema: GraphQLSchema): GraphQLSchema {
  wrapFields(
    schema.getQueryType(),
    (resolve) => (parent, args, context, info) =>
      unlessLate(resolve(parent, args, context, info), context.deadline, tooLate),
  );
  wrapFields(schema.getMutationType(), (resolve) => (parent, args, context, info) => {
    const { deadline } = context;
    if (deadline.atMs - Date.now() < deadline.mutationMs) {
      throw new GatewayError(
        'LIMIT_EXCEEDED',
        'What came before this mutation took all the time that a request has. It was not begun, but the ones before it may have been done: look for them, and send this one again by itself.',
      );
    }
    return unlessLate(resolve(parent, args, context, info), deadline, neverLearned);
  });
  return schema;
}

function wrapFields(type: GraphQLObjectType | null | undefined, wrap: (resolve: Resolver) => Resolver): void {
  for (const field of Object.values(type?.getFields() ?? {}))
    field.resolve = wrap(field.resolve ?? defaultFieldResolver);
}

/** Timers of the same length share a list, so that one more costs next to nothing. */
const STEP_MS = 100;

function unlessLate(answer: unknown, { atMs }: Deadline, toError: () => GatewayError): Promise<unknown> {
  const leftMs = Math.ceil(Math.max(0, atMs - Date.now()) / STEP_MS) * STEP_MS;
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(toError()), leftMs);
    Promise.resolve(answer).then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error as Error);
      },
    );
  });
}

function tooLate(): GatewayError {
  return new GatewayError('LIMIT_EXCEEDED', 'The answer took too long. Ask for less at once, or again later.');
}

function neverLearned(): GatewayError {
  return new GatewayError(
    'OUTCOME_UNKNOWN',
    'The outcome was not written down in time: the invitation may have been made. Look for it before you repeat the request, or repeat it with the same idempotencyKey.',
  );
}
