// The list of checks: what `npm test` runs (QUICK) and what CI adds (SLOW). An entry is a shell
// command; `count` reads passed and failed from its output (else the exit status is one check),
// `unless` gives the reason why it cannot run on this machine, `figures` matches output lines that
// are always shown.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const has = (command) => spawnSync('bash', ['-c', `command -v ${command}`]).status === 0;
const noCompiler = () => (has('g++') || has('clang++') ? null : 'no C++ compiler');
const noClang = () => (has('clang++') ? null : 'no clang++ (sanitizers and libFuzzer)');
const noAddon = () =>
  existsSync('native/build/Release/picket.node') ? null : 'the addon is not built';
const noRedis = () =>
  has('redis-server') || has('valkey-server') ? null : 'no redis-server or valkey-server';
const noDebian = () =>
  has('dpkg-deb') && process.arch === 'x64' ? null : 'not a Debian on x86-64';
const noFile = (path) => (existsSync(path) ? null : `${path} is not here`);
const first = (...reasons) => reasons.find((reason) => reason !== null) ?? null;

/** Counts of a vitest JSON report. */
function vitestCounts(text) {
  if (text === '') return null;
  const report = JSON.parse(text);
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + report.numFailedTestSuites * (report.numFailedTests === 0),
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/** Sums doctest's closing lines: `[doctest] test cases: 12 | 12 passed | 0 failed | 0 skipped`. */
function doctestCounts(text) {
  const lines = [...text.matchAll(/test cases:\s*\d+ \|\s*(\d+) passed \|\s*(\d+) failed/g)];
  if (lines.length === 0) return null;
  const sum = (group) => lines.reduce((total, line) => total + Number(line[group]), 0);
  return { passed: sum(1), failed: sum(2), skipped: 0 };
}

/** The last `N passed, N failed` of a script of ours; `, N skipped` may follow. */
function plainCounts(text) {
  const lines = [...text.matchAll(/^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?/gm)];
  const last = lines[lines.length - 1];
  if (!last) return null;
  return { passed: Number(last[1]), failed: Number(last[2]), skipped: Number(last[3] ?? 0) };
}

export const QUICK = [
  { name: 'types', command: 'tsc --noEmit -p tsconfig.json' },
  {
    name: 'lint',
    command: 'biome lint --diagnostic-level=warn --error-on-warnings .',
  },
  { name: 'architecture', command: 'node scripts/architecture.mjs' },
  { name: 'tidy', command: 'node scripts/tidy.mjs' },
  { name: 'generated files', command: 'node scripts/generate.mjs --check' },
  {
    name: 'vitest',
    command: 'vitest run --reporter=default --reporter=json --outputFile.json=.cache/vitest.json',
    report: '.cache/vitest.json',
    count: vitestCounts,
    minutes: 20,
  },
  {
    name: 'native tests',
    command: 'bash native/test/build.sh',
    unless: () => first(noCompiler(), noFile('native/test/build.sh')),
    count: doctestCounts,
    minutes: 15,
  },
];

// Not here: `npm run bench -- latency`, which depends on time, and, by hand,
// `tsx test/fleet/check-captures.ts` (every lab capture through a fleet), which takes very long.
export const SLOW = [
  {
    name: 'fallback without a compiler',
    command: 'bash scripts/check-fallback.sh',
    count: plainCounts,
    minutes: 10,
  },
  {
    name: 'captures, both observers alike',
    command: 'node scripts/check-differential.mjs',
    unless: noAddon,
    count: plainCounts,
    minutes: 20,
  },
  {
    name: 'score of the lab captures',
    command: 'node scripts/check-score.mjs',
    unless: () => noFile('../shared/tools/score'),
    count: plainCounts,
    minutes: 20,
  },
  {
    name: 'faults of a fleet',
    command:
      'vitest run --config vitest.slow.config.ts --reporter=default --reporter=json ' +
      '--outputFile.json=.cache/vitest-slow.json',
    report: '.cache/vitest-slow.json',
    env: { NO_COLOR: '1' },
    unless: noRedis,
    count: vitestCounts,
    figures: /^fault: /,
    minutes: 20,
  },
  {
    name: 'Redis 8 and Valkey 8',
    command: 'bash scripts/check-servers.sh',
    unless: noDebian,
    count: plainCounts,
    figures: /^servers: /,
    minutes: 20,
  },
  {
    name: 'public captures',
    command: 'node scripts/check-public.mjs',
    unless: () => noFile('../shared/captures/public'),
    count: plainCounts,
    minutes: 10,
  },
  {
    name: 'relief changes no finding',
    command: 'tsx test/relief/check-corpus.ts',
    unless: () => first(noCompiler(), noFile('../shared/captures')),
    count: plainCounts,
    figures: /^relief: /,
    minutes: 30,
  },
  {
    name: 'sanitizers on every capture',
    command: 'bash scripts/check-sanitizers.sh',
    unless: noCompiler,
    count: plainCounts,
    minutes: 20,
  },
  {
    name: 'fuzzers, briefly',
    command: 'bash scripts/check-fuzz.sh',
    unless: noClang,
    count: plainCounts,
    minutes: 15,
  },
];
