// npm run generate: everything in the repository that is made from something else. `--check` writes
// nothing and fails when a file is stale.
import { spawnSync } from 'node:child_process';

const GENERATORS = [
  'scripts/generate-layout.mjs',
  'scripts/generate-docs.mjs',
  'scripts/generate-detectors.mjs',
];
let failed = false;
for (const script of GENERATORS) {
  const run = spawnSync(process.execPath, [script, ...process.argv.slice(2)], { stdio: 'inherit' });
  if (run.status !== 0) failed = true;
}
process.exit(failed ? 1 : 0);
