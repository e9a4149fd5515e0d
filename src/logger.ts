// One line of JSON per event on stdout. Never a token, an address or a redeem URL.
import { pino, type Logger as PinoLogger } from 'pino';
import { toError } from './errors.ts';

export type Logger = Pick<PinoLogger, 'info' | 'warn' | 'error' | 'fatal'>;

/** Only these members: errors of libraries carry the values that they failed on. */
function toLine(value: unknown): object {
  const { name, message, stack, cause } = toError(value);
  const { code } = value as { code?: unknown };
  return {
    type: name,
    message,
    ...(typeof code === 'string' ? { code } : {}),
    stack,
    ...(cause === undefined ? {} : { cause: toLine(cause) }),
  };
}

export function createLogger(): Logger {
  return pino({ base: null, formatters: { level: (level) => ({ level }) }, serializers: { err: toLine } });
}
