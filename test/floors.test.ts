import { expect, it } from '@jest/globals';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Rooms from the top of the house to its ground; a file belongs to the first that it matches. */
const floors: readonly (readonly [RegExp, number])[] = [
  [/^src\/emulator\//, 5],
  [/^src\/main\.ts$/, 8],
  [/^src\/gateway\.ts$/, 7],
  [/^src\/(server|upstream|webhook-server)\.ts$/, 6],
  [/^src\/(schema|pages)\.ts$|^src\/delivery\//, 5],
  [/^resolvers\/|^src\/generated\//, 4],
  [/^src\/context\.ts$/, 3],
  [/^src\/loaders\.ts$|^src\/(tracking|auth)\//, 2],
  [/^src\/graph\/|^src\/(http-error|deadline)\.ts$/, 1],
  [
    /^src\/(errors|input-position|config(-\w+)?|counters|environment|clouds|invite-lists|logger|secrets|seldom-log|open-connections)\.ts$/,
    0,
  ],
];

const floorOf = (file: string) => floors.find(([pattern]) => pattern.test(file))?.[1];
const roomOf = (file: string) => (dirname(file) === 'src' ? file : dirname(file));
const files = globSync(['src/**/*.ts', 'resolvers/**/*.ts'], { cwd: root }).filter((file) => !file.endsWith('.d.ts'));

function importsOf(file: string): string[] {
  const source = readFileSync(join(root, file), 'utf8');
  return [...source.matchAll(/(?:from|import|import\() ?'(\.[^']+)'/g)].map(([, path]) =>
    join(dirname(file), path ?? ''),
  );
}

it('knows the floor of every file', () => {
  expect(files.length).toBeGreaterThan(40);
  expect(files.filter((file) => floorOf(file) === undefined)).toEqual([]);
});

it('imports from its own room or a lower floor, never upward', () => {
  const upward = files.flatMap((file) =>
    importsOf(file)
      // The schema's types name the context, for codegen writes both sides of the resolvers at once.
      .filter((imported) => roomOf(imported) !== roomOf(file) && (floorOf(imported) ?? 9) >= (floorOf(file) ?? -1))
      .filter((imported) => !(floorOf(file) === 0 && floorOf(imported) === 0))
      .filter((imported) => !(floorOf(file) === 2 && floorOf(imported) === 2))
      .filter((imported) => !(file.startsWith('resolvers/') && imported === 'src/generated/graphql.ts'))
      .map((imported) => `${file} imports ${imported}`),
  );
  expect(upward).toEqual([]);
});

it('keeps the emulator apart: one file starts it, and it knows nothing of the gateway', () => {
  const inward = files.filter(
    (file) =>
      !file.startsWith('src/emulator/') && importsOf(file).some((imported) => imported.startsWith('src/emulator/')),
  );
  expect(inward).toEqual(['src/upstream.ts']);
  const outward = files
    .filter((file) => file.startsWith('src/emulator/'))
    .flatMap(importsOf)
    .filter((imported) => !imported.startsWith('src/emulator/'));
  expect(outward).toEqual([]);
});

it('reads the environment in entry files only', () => {
  const readers = files.filter((file) =>
    /process\.(env|on|once|exit)\b|= process;/.test(readFileSync(join(root, file), 'utf8')),
  );
  expect(readers.toSorted()).toEqual(['src/emulator/main.ts', 'src/main.ts']);
});
