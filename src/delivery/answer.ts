// Answers as they are sent.
import type { FormattedExecutionResult } from 'graphql';
import type { ErrorCode } from '../errors.ts';

/** @returns the answer as JSON; one that no text can hold is refused instead. */
export function writeJson(answer: FormattedExecutionResult): string {
  try {
    return JSON.stringify(answer);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const message =
      'The answer is too long to be sent; what a mutation does was done. Ask for fewer fields, or for shorter lists.';
    const extensions = { code: 'LIMIT_EXCEEDED' satisfies ErrorCode };
    return JSON.stringify({ errors: [{ message, extensions }], data: null });
  }
}
