// Reads the public captures beside the repository whose truth is known (public-captures.json, by
// the descriptions in their index) with the built command. `expect` lists kinds and sources that
// must be reported; nobody else may be said to scan. Nothing is copied from there. The last line is
// `N passed, N failed`.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const PUBLIC = '../shared/captures/public';
const READ_TIMEOUT_MS = 120_000;
/** Kinds that say what is no scan. */
const NOISE = new Set(['syn_flood', 'backscatter', 'fan_out']);

const captures = JSON.parse(readFileSync(new URL('public-captures.json', import.meta.url), 'utf8'));
let passed = 0;
let failed = 0;
for (const capture of captures) {
  const problem = problemOf(capture);
  if (problem === null) passed++;
  else {
    failed++;
    console.log(`FAIL ${capture.file} (${capture.truth}): ${problem}`);
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);

function problemOf({ file, home, expect = [] }) {
  const path = join(PUBLIC, file);
  if (!existsSync(path)) return 'is not there';
  const words = ['dist/src/main.js', 'read', path, '--home', home, '--json'];
  const run = spawnSync(process.execPath, words, {
    encoding: 'utf8',
    timeout: READ_TIMEOUT_MS,
    maxBuffer: 256 * 1024 * 1024,
  });
  if (run.status !== 0) return `ended with ${run.status ?? run.signal}: ${run.stderr.slice(-200)}`;
  const findings = run.stdout
    .split('\n')
    .filter((line) => line.includes('"event_type":"finding"'))
    .map((line) => JSON.parse(line));
  const said = new Set(findings.map((event) => `${event.finding.kind} ${event.src_ip}`));
  const missing = expect.map((pair) => pair.join(' ')).filter((pair) => !said.has(pair));
  if (missing.length > 0) return `no ${missing.join(', ')}; said ${[...said].join(', ')}`;
  const scanners = new Set(expect.map(([, source]) => source));
  const wrong = findings.filter(
    ({ finding, src_ip }) => !NOISE.has(finding.kind) && !scanners.has(src_ip),
  );
  return wrong.length === 0 ? null : `said ${[...said].join(', ')}`;
}
