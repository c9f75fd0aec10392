/**
 * Relief changes no finding of any capture: what it lets through is read with the built command
 * beside the whole capture, and every finding and incident is the same to the last byte, but for
 * what `coverage` counts. With `--from SHARE` each capture is read from that share of its packets
 * on, as by a sensor that starts in the middle of things.
 * `npx tsx test/relief/check-corpus.ts [--from 0.5] [DIR...]`; the corpus beside the repository
 * unless told. The last line is `N passed, N failed`.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { runPicket } from '../support/picket.js';
import {
  buildFilter,
  canonicalJudgement,
  type Filtered,
  filterCapture,
  relieve,
  relievedWords,
} from '../support/relief.js';

const DIRECTORIES = ['test/captures', '../shared/captures/lab', '../shared/captures/public'];
const PUBLIC = '../shared/captures/public';
const CAPTURE = /\.(pcap|pcapng|cap|dmp|trace)(\.gz)?$/i;
/** Of captures beside which nothing says what is protected, and of those that ship with Picket. */
const HOME_DEFAULT = '10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,198.18.0.0/15,fc00::/7,2001:db8::/32';
const HOME_SHIPPED = '198.51.100.0/24,198.18.4.0/22,2001:db8:100::/64,fd01::/64';

const EVERYTHING = 'len >= 0';

/** Networks by capture, as `check-public.mjs` has them. */
const known = new Map<string, string>(
  JSON.parse(readFileSync('scripts/public-captures.json', 'utf8')).map(
    ({ file, home }: { file: string; home: string }) => [file, home],
  ),
);

function capturesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, String(name)))
    .filter((path) => CAPTURE.test(path))
    .sort();
}

function homeOf(path: string): string {
  const truth = path.replace(CAPTURE, '.truth.json');
  if (existsSync(truth)) return JSON.parse(readFileSync(truth, 'utf8')).home.join(',');
  if (path.startsWith('test/')) return HOME_SHIPPED;
  return known.get(relative(PUBLIC, path)) ?? HOME_DEFAULT;
}

class Check {
  readonly #program = buildFilter();
  readonly #folder = mkdtempSync(join(tmpdir(), 'picket-relief-'));
  readonly total = { frames: 0, bytes: 0, keptFrames: 0, keptBytes: 0 };
  /** Captures of which relief left anything. */
  relieved = 0;

  constructor(readonly from: number) {}

  /** What is wrong, or null. */
  problemOf(path: string): string | null {
    const home = homeOf(path);
    const whole = this.#plain(path);
    const kept = join(this.#folder, 'kept.pcapng');
    const counts = relieve(this.#program, whole, kept, home.split(','));
    this.#add(counts);
    // The same packets give the same answer.
    if (counts.frames === counts.keptFrames) return null;
    this.relieved++;
    const read = (file: string, more: string[]) => {
      const run = runPicket(['read', file, '--home', home, '--json', ...more]);
      return { status: run.status, said: canonicalJudgement(run.events).split('\n') };
    };
    const all = read(whole, []);
    const relieved = read(kept, relievedWords(this.#folder));
    if (all.status !== (counts.isDamaged ? 3 : 0) || relieved.status !== 0) {
      return `ended with ${all.status}, relieved with ${relieved.status}`;
    }
    const index = all.said.findIndex((line, at) => line !== relieved.said[at]);
    if (index < 0 && all.said.length === relieved.said.length) return null;
    return `all:      ${all.said[index]}\n     relieved: ${relieved.said[index]}`;
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** The capture as a plain file, from the share on that was asked for. */
  #plain(path: string): string {
    let whole = path;
    if (path.endsWith('.gz')) {
      whole = join(this.#folder, 'whole.pcap');
      writeFileSync(whole, gunzipSync(readFileSync(path)));
    }
    if (this.from === 0) return whole;
    const rest = join(this.#folder, 'rest.pcapng');
    const { frames } = filterCapture(this.#program, EVERYTHING, whole, rest);
    const skippedCount = Math.floor(frames * this.from);
    filterCapture(this.#program, EVERYTHING, whole, rest, skippedCount);
    return rest;
  }

  #add(counts: Filtered): void {
    for (const name of ['frames', 'bytes', 'keptFrames', 'keptBytes'] as const) {
      this.total[name] += counts[name];
    }
  }
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { from: { type: 'string', default: '0' } },
});
const check = new Check(Number(values.from));
let passed = 0;
let failed = 0;
try {
  for (const path of (positionals.length > 0 ? positionals : DIRECTORIES).flatMap(capturesIn)) {
    const problem = check.problemOf(path);
    if (problem === null) passed++;
    else failed++;
    if (problem !== null) console.log(`FAIL ${path}: ${problem}`);
  }
} finally {
  check.close();
}
const { frames, bytes, keptFrames, keptBytes } = check.total;
const share = (kept: number, all: number): string => `${((100 * kept) / all).toFixed(1)} %`;
console.log(
  `relief: ${check.relieved} captures differ; ${share(keptFrames, frames)} of packets and ` +
    `${share(keptBytes, bytes)} of bytes let through`,
);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);
