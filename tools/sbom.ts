// Prints a bill of materials (CycloneDX) of what production runs on: `npm run --silent sbom`.
import { execFileSync } from 'node:child_process';
import { readProductionPackages } from './production-packages.ts';

interface Bill {
  metadata: { component: { name: string; 'bom-ref': string; purl: string } };
  components: { 'bom-ref': string }[];
  dependencies: { ref: string; dependsOn: string[] }[];
}

const NPM = ['sbom', '--sbom-format=cyclonedx', '--sbom-type=application', '--package-lock-only', '--omit='];

// With `--omit dev` npm leaves out also what production shares with the tools of development: so it lists all, and we choose.
const all = execFileSync('npm', NPM, {
  cwd: new URL('..', import.meta.url),
  encoding: 'utf8',
  maxBuffer: 64 * 1024 * 1024,
  stdio: ['ignore', 'pipe', 'inherit'],
});
const bill = JSON.parse(all) as Bill;
const { component } = bill.metadata;
const kept = new Set(readProductionPackages().map(({ name, version }) => `${name}@${version}`)).add(
  component['bom-ref'],
);
// npm calls it by its folder.
component.name = component['bom-ref'].replace(/@[^@]*$/, '');
bill.components = bill.components.filter((one) => kept.has(one['bom-ref']));
bill.dependencies = bill.dependencies
  .filter(({ ref }) => kept.has(ref))
  .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((one) => kept.has(one)) }));
process.stdout.write(`${JSON.stringify(bill, null, 2)}\n`);
