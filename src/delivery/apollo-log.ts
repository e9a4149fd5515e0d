// What Apollo Server has to say, in our log: it would write to the console otherwise, with all that an error quotes.
import type { ApolloServerPlugin } from '@apollo/server';
import type { GraphQLContext } from '../context.ts';
import type { Logger } from '../logger.ts';

/** @param report told of what failed unexpectedly: Apollo's own line about it is cut before the error begins */
export function createApolloLog(logger: Pick<Logger, 'warn' | 'error'>, report: (error: Error) => void) {
  const ignore = () => {};
  const toText = (message: unknown) => String(message).split(': ', 1)[0];
  const plugin: ApolloServerPlugin<GraphQLContext> = {
    unexpectedErrorProcessingRequest: async ({ error }) => report(error),
  };
  return {
    logger: {
      debug: ignore,
      info: ignore,
      warn: (message?: unknown) => logger.warn({ apollo: toText(message) }, 'a warning of Apollo Server'),
      error: (message?: unknown) => logger.error({ apollo: toText(message) }, 'an error of Apollo Server'),
    },
    plugin,
  };
}
