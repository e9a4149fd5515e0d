/** Entry of `npm run emulator`: reads the environment, starts the emulator, stops it on a signal. */
import { createEmulator, type EmulatorOptions } from './emulator.ts';

const problems: string[] = [];
const { env } = process;

function wholeNumber(name: string, fallback: number, most = Number.MAX_SAFE_INTEGER): number {
  const text = env[name];
  if (text === undefined || text === '') return fallback;
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= most) return value;
  const upTo = most === Number.MAX_SAFE_INTEGER ? '' : ` and at most ${most}`;
  problems.push(`${name} must be a whole number of at least 0${upTo}, found ${JSON.stringify(text)}`);
  return fallback;
}

const options: EmulatorOptions = {
  host: env['HOST'] || '127.0.0.1',
  port: wholeNumber('EMULATOR_PORT', 4010, 65_535),
  operationMs: wholeNumber('EMULATOR_OPERATION_MS', 5000),
  seed: wholeNumber('EMULATOR_SEED', 1),
  stateFile: env['EMULATOR_STATE_FILE'] || 'data/emulator.db',
};

function fail(messages: string[]): never {
  process.stderr.write(`${messages.join('\n')}\n`);
  process.exit(2);
}

if (problems.length > 0) fail(problems);
const emulator = createEmulator(options);
try {
  const url = await emulator.start();
  process.stdout.write(`${JSON.stringify({ msg: 'listening', url })}\n`);
} catch (error) {
  fail([`The emulator cannot start: ${error instanceof Error ? error.message : String(error)}`]);
}

const stop = (): void => void emulator.stop().then(() => process.exit(0));
process.once('SIGTERM', stop);
process.once('SIGINT', stop);
