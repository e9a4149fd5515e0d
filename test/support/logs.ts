// Looks at every line that gateways under test write: one that holds a secret fails the test that made it.
import { afterAll, afterEach, expect } from '@jest/globals';

/** What secrets look like, whoever planted them. */
const LOOKS: readonly (readonly [what: string, pattern: RegExp])[] = [
  ['an e-mail address', /[\p{L}\p{N}._%+#-](@|%40)([\p{L}\p{N}-]+\.)+\p{L}{2,}/u],
  ['a bearer token', /\bBearer\s+\w/i],
  ['a signed token', /\beyJ[\w-]{8,}/],
  ['a query of an address', /\?[\w$%.-]+=[^\s"…]/],
  ['a password in an address', /:\/\/[^\s/"…]+@/],
  ['a message of a result', /Action completed|DiagCode|Participant cannot/i],
];

const planted = new Set<string>();
const leaks: string[] = [];

/** @returns the same text, which from now on no line may hold in any spelling. */
export function plant(secret: string): string {
  if (secret.length < 8) throw new Error('too short to be told from other text');
  planted.add(secret);
  return secret;
}

/** @returns what secrets the text holds. */
export function findSecrets(text: string): string[] {
  const lower = text.toLowerCase();
  const found = [...planted].filter((secret) =>
    [
      secret,
      JSON.stringify(secret).slice(1, -1),
      encodeURIComponent(secret),
      Buffer.from(secret).toString('base64').replace(/.=*$/, ''),
      Buffer.from(secret).toString('base64url').slice(0, -1),
      Buffer.from(secret).toString('hex'),
    ].some((spelling) => lower.includes(spelling.toLowerCase())),
  );
  return [...LOOKS.filter(([, pattern]) => pattern.test(text)).map(([what]) => what), ...found];
}

/** Looks at one line, of a log or of stderr. */
export function watchLine(line: string): void {
  leaks.push(...findSecrets(line).map((what) => `${what}, in: ${line}`));
}

/** @returns the leaks since it was last asked: whoever takes them answers for them. */
export function takeLeaks(): string[] {
  return leaks.splice(0);
}

/** Where a gateway in this process logs to; `errors` are its lines of an error. */
export function createLog(): { write: (line: string) => void; lines: unknown[]; errors: unknown[] } {
  const lines: unknown[] = [];
  const errors: unknown[] = [];
  return {
    lines,
    errors,
    write(text) {
      watchLine(text);
      const line = JSON.parse(text) as { level: string };
      lines.push(line);
      if (line.level === 'error' || line.level === 'fatal') errors.push(line);
    },
  };
}

/** Plants what an environment holds in confidence. */
export function plantSecretsOf(environment: { [name: string]: string | undefined }): void {
  for (const [name, value = ''] of Object.entries(environment))
    if (/TOKEN$|SECRET|PASSWORD|ASSERTION|KEY$/.test(name) && value.length >= 12) plant(value);
}

const check = () => expect(takeLeaks()).toEqual([]);
afterEach(check);
// For what is written while a file ends its gateways.
afterAll(check);
