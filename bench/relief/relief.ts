/**
 * What `capture.relief` saves: `npm run bench -- relief`. The share of a busy link that still comes
 * up, the processor time of both observers with and without, from the file and, as root, live on a
 * veth pair. Answers that differ are a failure.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { dirname } from 'node:path';
import { MIXED_DEFAULTS, mixedCapture } from '../../test/generate/mixed.js';
import { Command } from '../../test/support/command.js';
import { Laboratory, namespacesUnavailable } from '../../test/support/namespaces.js';
import { builtObservers, canonical, eventsOf, MAIN } from '../../test/support/picket.js';
import {
  buildFilter,
  type Filtered,
  filterCapture,
  reliefUnavailable,
} from '../../test/support/relief.js';
import { withRelief } from '../../src/capture/relief.js';
import { scratchPath } from '../contenders.js';
import { median } from '../measure.js';
import { RELIEF, writePage } from '../page.js';
import { cpuSecondsOf } from '../transport/children.js';
import { type FileRow, type KeptRow, type LiveRow, reliefTables } from './page.js';

const ROUNDS = 3;
/** As fast as the capture says, and as fast as the sender can. */
const RATES = [MIXED_DEFAULTS.ratePerSecond, 0];
/** After the last packet: blocks are handed over, statistics said. */
const SETTLE_MS = 2500;
const HOME = [MIXED_DEFAULTS.home];

export async function measureRelief(): Promise<{ failed: number }> {
  const missing = reliefUnavailable();
  if (missing !== null) throw new Error(`relief cannot be measured here: ${missing}`);
  const before = loadavg()[0] ?? 0;
  const capture = mixedCapture();
  const kept = scratchPath('kept.pcapng');
  const shares = keptShares(capture, kept);
  const files: FileRow[] = [];
  let failed = 0;
  for (const observer of builtObservers) {
    const row = await readBoth(observer, capture, kept);
    if (row === null) failed++;
    else files.push(row);
  }
  const reason = namespacesUnavailable(['tcpreplay']);
  const results = {
    date: new Date().toISOString().slice(0, 10),
    commit: execFileSync('git', ['rev-parse', '--short=10', 'HEAD'], { encoding: 'utf8' }).trim(),
    rounds: ROUNDS,
    packetCount: MIXED_DEFAULTS.packetCount,
    kept: shares,
    files,
    live: reason === null ? await measureLive(capture) : [],
    ...(reason !== null && { unavailable: reason }),
    busy: { before, after: loadavg()[0] ?? 0 },
  };
  console.log(reliefTables(results));
  if (failed === 0) {
    mkdirSync(dirname(RELIEF), { recursive: true });
    writeFileSync(RELIEF, `${JSON.stringify(results, null, 2)}\n`);
    writePage();
  }
  return { failed };
}

/** By each rule alone and by both; what both let through is left in `kept`. */
function keptShares(capture: string, kept: string): KeptRow[] {
  const program = buildFilter();
  const segments = filterCapture(program, withRelief('', []), capture, kept);
  const both = filterCapture(program, withRelief('', HOME), capture, kept);
  const { frames, bytes } = both;
  const own = {
    ...{ frames, keptFrames: frames + both.keptFrames - segments.keptFrames },
    ...{ bytes, keptBytes: bytes + both.keptBytes - segments.keptBytes },
  };
  const row = (rule: string, counts: Omit<Filtered, 'isDamaged'>): KeptRow => ({
    rule,
    packets: counts.keptFrames / counts.frames,
    bytes: counts.keptBytes / counts.bytes,
  });
  return [
    row('full segments', segments),
    row('acknowledgements of protected hosts', own),
    row('both', both),
  ];
}

/** The two take turns. Null when they do not say the same. */
async function readBoth(observer: string, capture: string, kept: string): Promise<FileRow | null> {
  const all: number[] = [];
  const relieved: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const whole = await read(observer, capture);
    const part = await read(observer, kept);
    if (whole.said === '' || whole.said !== part.said) {
      console.log(`FAIL ${observer}: other findings, or none`);
      return null;
    }
    all.push(whole.cpuSeconds);
    relieved.push(part.cpuSeconds);
  }
  return { observer, allSeconds: median(all), keptSeconds: median(relieved) };
}

async function read(observer: string, path: string) {
  const words = ['read', path, '--home', HOME.join(','), '--json', '--observer', observer];
  const { cpuSeconds, stdout } = await timed([process.execPath, MAIN, ...words]);
  return { cpuSeconds, said: canonical(eventsOf(stdout)) };
}

/** Runs a command; bash knows the processor time of it and of all that it waited for. */
async function timed(command: string[]): Promise<{ cpuSeconds: number; stdout: string }> {
  const script = 'TIMEFORMAT="%U %S"; time "$@" 2>/dev/null';
  const child = spawn('bash', ['-c', script, 'bash', ...command], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let times = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    times += text;
  });
  const status = await new Promise((resolve) => child.once('close', resolve));
  if (status !== 0) throw new Error(`${command.join(' ')} ended with ${status}`);
  const [user = 0, system = 0] = times.trim().split(' ').map(Number);
  return { cpuSeconds: user + system, stdout };
}

async function measureLive(capture: string): Promise<LiveRow[]> {
  const rows: LiveRow[] = [];
  for (const rate of RATES) {
    for (const observer of builtObservers) {
      for (const relief of [false, true]) rows.push(await watch(capture, observer, rate, relief));
    }
  }
  return rows;
}

async function watch(
  capture: string,
  observer: string,
  rate: number,
  relief: boolean,
): Promise<LiveRow> {
  const laboratory = new Laboratory();
  const config = scratchPath('relief.yaml');
  writeFileSync(config, `outputs: { stats_interval_s: 1 }\ncapture: { relief: ${relief} }\n`);
  const words = ['run', '-i', laboratory.insideInterface, '--home', HOME.join(','), '--json'];
  laboratory.open();
  const picket = new Command(
    [...words, '--config', config, '--observer', observer, '--stay-root'],
    { before: laboratory.in(laboratory.inside, []) },
  );
  try {
    const stats = () =>
      eventsOf(picket.stdout.slice(0, picket.stdout.lastIndexOf('\n') + 1))
        .filter(({ event_type }) => event_type === 'stats')
        .map((event) => event.stats.capture);
    await picket.until('first stats event', () => stats().length > 0);
    const startSeconds = cpuOf(picket.child.pid ?? 0);
    const speed = rate === 0 ? ['--topspeed'] : [`--pps=${rate}`];
    const sending = ['tcpreplay', '-i', laboratory.outsideInterface, ...speed, capture];
    const sender = await timed(laboratory.in(laboratory.outside, sending));
    await pause(SETTLE_MS);
    const picketSeconds = cpuOf(picket.child.pid ?? 0) - startSeconds;
    await picket.interrupt();
    const { frames = 0, capture_kernel_dropped, capture_losses_unknown } = stats().at(-1) ?? {};
    const sent = /Rated: .*?, ([\d.]+) pps/.exec(sender.stdout)?.[1];
    return {
      ...{ observer, rate, relief, sentPerSecond: Number(sent), picketSeconds, frames },
      senderSeconds: sender.cpuSeconds,
      dropped: capture_losses_unknown === 1 ? null : (capture_kernel_dropped ?? 0),
    };
  } finally {
    await picket.end();
    laboratory.close();
  }
}

/** Of a process and of those it started, seconds. */
function cpuOf(pid: number): number {
  const words = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
  const children = words.filter((word) => word !== '').map(Number);
  return [pid, ...children].reduce((sum, process) => sum + cpuSecondsOf(process), 0);
}
