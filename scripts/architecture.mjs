// Checks the dependency rule of docs/architecture.md on the TypeScript side. Fails too when few
// modules were read: dependency-cruiser reports success on an empty graph.
import { spawnSync } from 'node:child_process';

const MODULES_MIN = 150;
const run = spawnSync(
  'node_modules/.bin/depcruise',
  ['--config', '.dependency-cruiser.cjs', '--output-type', 'json', 'src', 'packages'],
  { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
);
let summary;
try {
  ({ summary } = JSON.parse(run.stdout));
} catch {
  console.error(`dependency-cruiser did not answer:\n${run.stderr}`);
  process.exit(1);
}
for (const { rule, from, to } of summary.violations)
  console.error(`${rule.name}: ${from} -> ${to}`);
if (summary.totalCruised < MODULES_MIN) {
  console.error(
    `only ${summary.totalCruised} modules were read; at least ${MODULES_MIN} were expected`,
  );
}
console.log(`${summary.totalCruised} modules, ${summary.violations.length} violations`);
process.exit(summary.violations.length > 0 || summary.totalCruised < MODULES_MIN ? 1 : 0);
