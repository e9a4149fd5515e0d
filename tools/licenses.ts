// Lists the licences of what production runs on: `npm run licenses` writes THIRD-PARTY-LICENSES.md from the lockfile.
import { writeFileSync } from 'node:fs';
import { readProductionPackages, type Package } from './production-packages.ts';

export const LIST = new URL('../THIRD-PARTY-LICENSES.md', import.meta.url);

/** @returns the list as it is committed. */
export function renderLicenses(packages: readonly Package[]): string {
  const groups = [...Map.groupBy(packages, ({ license }) => license ?? 'None stated')];
  const parts = groups
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .flatMap(([license, group]) => [
      `## ${license}`,
      group.map(({ name, version }) => `- ${name} ${version}`).join('\n'),
    ]);
  return [
    '# Licences of third parties',
    'What a production install (`npm ci --omit=dev`) consists of. Made by `npm run licenses`; the texts are in the packages.',
    ...parts,
  ]
    .join('\n\n')
    .concat('\n');
}

if (import.meta.main) writeFileSync(LIST, renderLicenses(readProductionPackages()));
