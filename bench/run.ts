/**
 * `npm run bench [-- NAME...] [-- --rounds N]`: runs the trials, prints a table for each, and, with
 * five rounds or more, puts them into bench/results/latest.json and docs/benchmarks.md.
 * `--without PROGRAM` leaves a slow one out, and its row says so.
 * `-- live` measures who loses packets on a wire instead, `-- latency` live latency, `-- native`
 * what a packet costs in each stage, `-- relief` what `capture.relief` saves, `-- soak
 * [--minutes N]` whether anything grows, `-- transport` what passes through Redis; `-- suricata`
 * compares answers. Exit status 1 when a required figure was missed or an answer was wrong.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { Random } from '../test/generate/random.js';
import { type Contender, scratchPath } from './contenders.js';
import { measureLatency } from './latency.js';
import { benchLive } from './live/live.js';
import { describeCode, describeMachine } from './machine.js';
import { measure, median, type Run } from './measure.js';
import { benchNative } from './native/native.js';
import { PAGE, RESULTS, writePage } from './page.js';
import { measureRelief } from './relief/relief.js';
import { type Results, type Row, tableOf, type TrialResult } from './results.js';
import { soak } from './soak/soak.js';
import { compareWithSuricata } from './suricata.js';
import { benchTransport } from './transport/transport.js';
import { onePacket, type Requirement, TRIALS, type Trial } from './trials.js';

const ROUNDS_DEFAULT = 5;

/** Problems with one run: its exit status and, for Picket, its findings. */
function problemsOf(trial: Trial, contender: Contender, run: Run, stdoutPath: string): string[] {
  if (run.status !== 0) return [`exit ${run.status}: ${run.stderr.trim().split('\n').pop()}`];
  if (contender.role !== 'product') return [];
  const events = readFileSync(stdoutPath, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));
  return trial.expect
    .filter(
      ({ kind, source }) =>
        !events.some((event) => event.finding?.kind === kind && event.src_ip === source),
    )
    .map(({ kind, source }) => `no ${kind} from ${source}`);
}

/**
 * Round 0 warms the page cache and is not counted. Within a round the contenders take turns, in an
 * order of its own: what a heavy one leaves behind must not always meet the same one.
 */
async function runTrial(
  trial: Trial,
  roundCount: number,
  leftOut: readonly string[],
): Promise<TrialResult> {
  const capture = trial.capture();
  const rows = trial.contenders.map((contender) =>
    emptyRow(contender, leftOut.includes(contender.name)),
  );
  for (let round = 0; round <= roundCount; round++) {
    for (const [index, contender] of shuffled([...trial.contenders.entries()], round)) {
      const row = rows[index];
      if (row.unavailable || row.problems.length > 0) continue;
      const stdoutPath = scratchPath('stdout');
      const run = await measure(contender.command(capture, trial.home), stdoutPath);
      row.problems = problemsOf(trial, contender, run, stdoutPath);
      if (round === 0 && row.problems.length === 0) continue;
      row.seconds.push(run.seconds);
      if (contender.role === 'product') {
        const start = await measure(contender.command(onePacket(), trial.home), stdoutPath);
        row.startSeconds.push(start.seconds);
      }
      row.peakRssBytes = Math.max(row.peakRssBytes, run.peakRssBytes);
    }
  }
  const { name, about, packetCount } = trial;
  addRates(rows, packetCount);
  const requirements = trial.requirements
    .filter(({ peer }) => !peer || rows.some((row) => isMeasured(row, peer.name)))
    .map((requirement) => judge(requirement, rows));
  const code = describeCode();
  return { name, about, ...code, rounds: roundCount, packetCount, rows, requirements };
}

/** The same order for the same seed. */
function shuffled<T>(items: readonly T[], seed: number): T[] {
  const random = new Random(seed);
  const order = [...items];
  for (let last = order.length - 1; last > 0; last--) {
    const other = random.below(last + 1);
    [order[last], order[other]] = [order[other], order[last]];
  }
  return order;
}

function emptyRow(contender: Contender, isLeftOut: boolean): Row {
  const { name, role, about } = contender;
  const reason = isLeftOut ? 'left out of this run' : contender.unavailable();
  return {
    contender: name,
    role,
    about,
    ...(reason === null ? {} : { unavailable: reason }),
    seconds: [],
    startSeconds: [],
    medianSeconds: 0,
    packetsPerSecond: 0,
    peakRssBytes: 0,
    problems: [],
  };
}

const isMeasured = (row: Row, name: string): boolean =>
  row.contender === name && row.seconds.length > 0;

function addRates(rows: Row[], packetCount: number): void {
  const measured = rows.filter((row) => row.seconds.length > 0);
  for (const row of measured) {
    row.medianSeconds = median(row.seconds);
    row.packetsPerSecond = packetCount / row.medianSeconds;
  }
  const limit = measured.find((row) => row.role === 'limit');
  if (!limit) return;
  for (const row of measured) {
    row.ratio = row.packetsPerSecond / limit.packetsPerSecond;
    if (row.startSeconds.length === 0) continue;
    row.startedRatio = limit.medianSeconds / (row.medianSeconds - median(row.startSeconds));
  }
}

function judge(requirement: Requirement, rows: Row[]): { text: string; met: boolean } {
  const { contender, ratioMin, startedRatioMin, peer } = requirement;
  const { packetsPerSecondMin, peakRssMibMax } = requirement;
  const row = rows.find((candidate) => candidate.contender === contender);
  const counts = row !== undefined && row.seconds.length > 0 && row.problems.length === 0;
  const ofLimit = (share: number): string =>
    `${contender} reaches at least ${share} of the limit's packet rate`;
  if (ratioMin !== undefined) {
    return { text: ofLimit(ratioMin), met: counts && (row.ratio ?? 0) >= ratioMin };
  }
  if (startedRatioMin !== undefined) {
    const met = counts && (row.startedRatio ?? 0) >= startedRatioMin;
    return { text: `${ofLimit(startedRatioMin)} once started`, met };
  }
  if (peer !== undefined) {
    const other = rows.find((candidate) => candidate.contender === peer.name);
    const rate = peer.timesMin * (other?.packetsPerSecond ?? Infinity);
    const times = peer.timesMin === 1 ? 'more than the' : `${peer.timesMin} times the`;
    const text = `${contender} has ${times} packet rate of ${peer.name}`;
    return { text, met: counts && row.packetsPerSecond >= rate };
  }
  if (packetsPerSecondMin !== undefined) {
    const millions = packetsPerSecondMin / 1e6;
    const text = `${contender} reads at least ${millions} million packets per second`;
    return { text, met: counts && row.packetsPerSecond >= packetsPerSecondMin };
  }
  const bytesMax = (peakRssMibMax ?? 0) * 2 ** 20;
  const met = counts && row.peakRssBytes > 0 && row.peakRssBytes < bytesMax;
  return { text: `${contender} stays under ${peakRssMibMax} MiB`, met };
}

/** These trials in place of their last results, of which those of another machine are dropped. */
function withLast(trials: readonly TrialResult[]): Results {
  const machine = describeMachine();
  const last: Results | null = existsSync(RESULTS)
    ? JSON.parse(readFileSync(RESULTS, 'utf8'))
    : null;
  const kept = isDeepStrictEqual(last?.machine, machine) ? (last?.trials ?? []) : [];
  const known = new Map([...kept, ...trials].map((trial) => [trial.name, trial]));
  return { machine, trials: TRIALS.flatMap(({ name }) => known.get(name) ?? []) };
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: String(ROUNDS_DEFAULT) },
    minutes: { type: 'string', default: '20' },
    stdin: { type: 'boolean', default: false },
    without: { type: 'string', multiple: true, default: [] },
  },
});
/** Comparisons and measurements of another shape than a trial, each run alone by its name. */
const APART: Record<string, () => Promise<{ failed: number }>> = {
  latency: measureLatency,
  native: benchNative,
  live: () => benchLive(values.without),
  soak: () => soak(Number(values.minutes), values.stdin),
  relief: measureRelief,
  suricata: compareWithSuricata,
  transport: benchTransport,
};
const apart = APART[positionals[0] ?? ''];
if (apart !== undefined) process.exit((await apart()).failed === 0 ? 0 : 1);
const chosen = TRIALS.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
const roundCount = Number(values.rounds);
if (chosen.length === 0 || !Number.isInteger(roundCount) || roundCount < 1) {
  const names = [...TRIALS.map(({ name }) => name), ...Object.keys(APART)].join('|');
  console.error(`usage: npm run bench -- [${names}] [--rounds N] [--without PROGRAM]`);
  process.exit(2);
}
const trials: TrialResult[] = [];
for (const trial of chosen) {
  console.log(`\n${trial.name}: ${trial.about}\n`);
  const result = await runTrial(trial, roundCount, values.without);
  trials.push(result);
  console.log(tableOf(result));
  for (const { text, met } of result.requirements)
    console.log(`${met ? 'met   ' : 'MISSED'} ${text}`);
}
if (roundCount >= ROUNDS_DEFAULT) {
  const results = withLast(trials);
  mkdirSync('bench/results', { recursive: true });
  writeFileSync(RESULTS, `${JSON.stringify(results, null, 2)}\n`);
  writePage();
  console.log(`\nwritten: ${RESULTS}, ${PAGE}`);
}
const isClean = trials.every(
  ({ rows, requirements }) =>
    rows.every((row) => row.problems.length === 0) && requirements.every(({ met }) => met),
);
process.exitCode = isClean ? 0 : 1;
