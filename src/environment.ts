// Reads environment variables one by one, and keeps what is wrong with them.
import { readFileSync } from 'node:fs';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Each reader gives the default, or nothing, for a variable that is missing or wrong; what is wrong goes to `problems`. */
export interface EnvironmentReader {
  problems: string[];
  text(name: string): string | undefined;
  /** @param why says when it is needed */
  required(name: string, why: string): string;
  integer(name: string, fallback: number, least: number, most: number): number;
  oneOf<Word extends string>(name: string, words: readonly Word[]): Word | undefined;
  /** Entries, comma separated. @param toEntry gives the form that counts, undefined for a bad one; @param what they are to be */
  list(name: string, toEntry?: (text: string) => string | undefined, what?: string): string[];
  /** Origins, comma separated. */
  origins(name: string): string[];
  /** An https address, or an http address of this machine. */
  address(name: string): URL | undefined;
  /** Such an address without a path. */
  origin(name: string, hint?: string): string | undefined;
  /** What the JSON file holds that the variable names. */
  jsonFile(name: string): unknown;
}

export function createEnvironmentReader(environment: Environment): EnvironmentReader {
  const problems: string[] = [];
  const text = (name: string) => environment[name]?.trim() || undefined;

  function address(name: string): URL | undefined {
    const value = text(name);
    if (value === undefined) return undefined;
    const url = URL.parse(value);
    if (url && (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname)))) return url;
    problems.push(`${name} is neither an https address nor an http address of this machine`);
    return undefined;
  }

  function list(name: string, toEntry = asItIs, what = 'entry'): string[] {
    return (text(name) ?? '').split(',').flatMap((part) => {
      const entry = toEntry(part.trim());
      if (entry !== undefined) return [entry];
      if (part.trim() !== '') problems.push(`${name} has an entry that is no ${what}`);
      return [];
    });
  }

  return {
    problems,
    text,
    address,
    required(name, why) {
      const value = text(name);
      // One reason is enough.
      if (value === undefined && !problems.some((problem) => problem.startsWith(`${name} is missing`)))
        problems.push(`${name} is missing: ${why}`);
      return value ?? '';
    },
    integer(name, fallback, least, most) {
      const value = text(name);
      if (value === undefined) return fallback;
      if (/^\d+$/.test(value) && Number(value) >= least && Number(value) <= most) return Number(value);
      problems.push(`${name} is not a whole number from ${least} to ${most}`);
      return fallback;
    },
    oneOf(name, words) {
      const value = text(name);
      const found = words.find((word) => word === value);
      if (value !== undefined && found === undefined) problems.push(`${name} is not one of ${words.join(', ')}`);
      return found;
    },
    list,
    origins: (name) => list(name, toOrigin, 'http(s) origin'),
    origin(name, hint = '') {
      const url = address(name);
      if (url && (url.pathname !== '/' || url.search !== '' || url.username !== ''))
        problems.push(`${name} is more than scheme, host and port${hint}`);
      return url?.origin;
    },
    jsonFile(name) {
      const file = text(name);
      if (file === undefined) return undefined;
      try {
        return JSON.parse(readFileSync(file, 'utf8'));
      } catch (error) {
        const { code } = error as { code?: unknown };
        problems.push(
          `${name} names a file that ${typeof code === 'string' ? `cannot be read (${code})` : 'is no JSON'}`,
        );
        return undefined;
      }
    },
  };
}

/** @returns a port beside ours; any free one when ours is. */
export function nearPort(port: number, offset: number): number {
  return port === 0 ? 0 : port + (port + offset > 65_535 ? -offset : offset);
}

function asItIs(text: string): string | undefined {
  return text === '' ? undefined : text;
}

/** @returns whether only this machine reaches the host. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

function toOrigin(text: string): string | undefined {
  const url = URL.parse(text);
  return url?.protocol === 'https:' || url?.protocol === 'http:' ? url.origin : undefined;
}
