// What `npm ci --omit=dev` installs, by the lockfile.
import { readFileSync } from 'node:fs';

interface Locked {
  version?: string;
  license?: string;
  /** Of the tools of development only. */
  dev?: boolean;
}

export interface Package {
  name: string;
  version: string;
  /** An SPDX expression, or what the package says instead; null when it says nothing. */
  license: string | null;
}

const LOCKFILE = new URL('../package-lock.json', import.meta.url);

/** @returns each version of each package once, those for other systems too, in order. */
export function readProductionPackages(): Package[] {
  const { packages } = JSON.parse(readFileSync(LOCKFILE, 'utf8')) as { packages: { [path: string]: Locked } };
  const installed = Object.entries(packages)
    .filter(([path, { dev }]) => path !== '' && !dev)
    .map(([path, { version = '', license = null }]) => ({
      name: path.replace(/^.*node_modules\//, ''),
      version,
      license,
    }));
  const unique = new Map(installed.map((one) => [`${one.name} ${one.version}`, one]));
  return [...unique].toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([, one]) => one);
}
