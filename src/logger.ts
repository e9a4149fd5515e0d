// One line of JSON per event on stdout. Never a token, an address or a redeem URL.
import { pino, type DestinationStream, type Logger as PinoLogger } from 'pino';
import { toError } from './errors.ts';
import { strikeOut, withoutQuotations } from './secrets.ts';

export type Logger = Pick<PinoLogger, 'info' | 'warn' | 'error' | 'fatal'>;

/** Causes that lead further tell nothing more, or lead round. */
const MOST_CAUSES = 5;

/** Only these members: errors of libraries carry the values that they failed on. */
function toLine(value: unknown, depth = 0): object {
  const error = toError(value);
  const { name, cause, code } = error as Error & { code?: unknown };
  return {
    type: name,
    message: withoutQuotations(error),
    ...(typeof code === 'string' ? { code } : {}),
    stack: toFrames(error),
    ...(cause === undefined || depth === MOST_CAUSES ? {} : { cause: toLine(cause, depth + 1) }),
  };
}

/** @returns the stack without the message, which it begins with. */
function toFrames({ message, stack = '' }: Error): string {
  const frames = stack.slice(stack.indexOf(message) + message.length).split('\n');
  return frames.filter((line) => line.startsWith('    at ')).join('\n');
}

/** What else there is is struck out of the finished line, whatever it stands in. */
function withoutSecrets(line: string): string {
  const strike = (_: string, value: unknown) => (typeof value === 'string' ? strikeOut(value) : value);
  return `${JSON.stringify(JSON.parse(line), strike)}\n`;
}

/** @param destination where the lines go; stdout when there is none */
export function createLogger(destination?: DestinationStream): Logger {
  const options = {
    base: null,
    formatters: { level: (level: string) => ({ level }) },
    serializers: { err: (value: unknown) => toLine(value) },
    hooks: { streamWrite: withoutSecrets },
  };
  return destination ? pino(options, destination) : pino(options);
}
