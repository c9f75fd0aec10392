// Reads captures with both observers through the built command and compares what is printed, byte
// for byte, and the exit status. A crash, a hang or a status that says "bug" fails too.
//   node scripts/check-differential.mjs [DIR...]     default: the corpus beside the repository
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const DIRECTORIES = ['test/captures', '../shared/captures'];
const CAPTURE = /\.(pcap|pcapng|cap|dmp|trace)(\.gz)?$/i;
/** For captures without a truth file beside them. */
const HOME_DEFAULT = '10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,198.18.0.0/15,fc00::/7,2001:db8::/32';
const READ_TIMEOUT_MS = 120_000;
/** done, wrong usage (not a capture), damaged input: src/shared/errors.ts. */
const STATUSES = [0, 2, 3];

const given = process.argv.slice(2);
let passed = 0;
let failed = 0;
for (const path of (given.length > 0 ? given : DIRECTORIES).flatMap(capturesIn)) {
  const problem = compare(path);
  if (problem === null) passed++;
  else {
    failed++;
    console.log(`FAIL ${path}: ${problem}`);
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);

function capturesIn(directory) {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { recursive: true })
    .map((name) => join(directory, String(name)))
    .filter((path) => CAPTURE.test(path))
    .sort();
}

function compare(path) {
  const [native, typescript] = ['native', 'typescript'].map((observer) => read(path, observer));
  for (const [name, run] of Object.entries({ native, typescript })) {
    if (run.error) return `${name}: ${run.error.message}`;
    if (!STATUSES.includes(run.status)) return `${name}: ended with ${run.status ?? run.signal}`;
  }
  if (native.status !== typescript.status) {
    return `status ${native.status} native, ${typescript.status} TypeScript`;
  }
  return native.stdout === typescript.stdout
    ? null
    : `output differs ${difference(native, typescript)}`;
}

function read(path, observer) {
  const command = ['dist/src/main.js', 'read', path, '--home', homeOf(path), '--json'];
  return spawnSync(process.execPath, [...command, '--observer', observer], {
    encoding: 'utf8',
    timeout: READ_TIMEOUT_MS,
    maxBuffer: 256 * 1024 * 1024,
  });
}

function homeOf(path) {
  const truth = path.replace(CAPTURE, '.truth.json');
  return existsSync(truth) ? JSON.parse(readFileSync(truth, 'utf8')).home.join(',') : HOME_DEFAULT;
}

function difference(native, typescript) {
  const left = native.stdout.split('\n');
  const right = typescript.stdout.split('\n');
  const index = left.findIndex((line, at) => line !== right[at]);
  let column = 0;
  while (left[index]?.[column] === right[index]?.[column]) column++;
  const excerpt = (line) => (line ?? '').slice(Math.max(0, column - 40), column + 40);
  return `in line ${index + 1}: ...${excerpt(left[index])}... and ...${excerpt(right[index])}...`;
}
