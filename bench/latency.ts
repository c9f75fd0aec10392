/**
 * How long from the packet that crosses a threshold to the finding's line, live on a veth pair:
 * `npm run bench -- latency`. Two ways to cross: a sweep, judged early, and a honeyport, judged
 * when its second ends. Both observers watch at the same time. Prints the quantiles. A round in
 * which the machine stood still for this very process says nothing about Picket: it is measured
 * again.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Laboratory, PROTECTED_NET } from '../test/support/namespaces.js';
import { scratchPath } from './contenders.js';

const TURNS = 50;
const LATENCY_MS_MAX = 1500;
const QUANTILE = 0.99;
const HONEYPORT = 31_337;
/** Last byte of the first source's address; there are two a turn. */
const SOURCE_FIRST = 100;
const SETTLE_MS = 3000;
const ROUNDS_MAX = 3;
/** A timer of this period that comes this much too late: the machine is busy with other things. */
const BEAT_MS = 20;
const STALL_MS = 100;
const OBSERVERS = ['native', 'typescript'];
const KINDS = ['address_scan', 'honeyport'];

interface Line {
  kind: string;
  source: string;
  saidMs: number;
}

const clockMs = (): number => performance.timeOrigin + performance.now();
interface Counts {
  passed: number;
  failed: number;
}

/** Runs it and prints what was measured. Returns how many figures were met and missed. */
export async function measureLatency(): Promise<Counts> {
  let counts: Counts = { passed: 0, failed: 0 };
  for (let round = 1; round <= ROUNDS_MAX; round++) {
    const stalls = new Stalls();
    counts = await measureRound(stalls);
    console.log(
      `round ${round}: the machine stood still for ${stalls.longestMs.toFixed(0)} ms at most`,
    );
    if (counts.failed === 0 || stalls.longestMs < STALL_MS) break;
  }
  console.log(`${counts.passed} passed, ${counts.failed} failed`);
  return counts;
}

/** The longest time this process was not let run, as a timer sees it. */
class Stalls {
  longestMs = 0;
  private timer: NodeJS.Timeout | undefined;

  start(): void {
    let lastMs = clockMs();
    this.timer = setInterval(() => {
      const nowMs = clockMs();
      this.longestMs = Math.max(this.longestMs, nowMs - lastMs - BEAT_MS);
      lastMs = nowMs;
    }, BEAT_MS);
  }

  stop(): void {
    clearInterval(this.timer);
  }
}

async function measureRound(stalls: Stalls): Promise<Counts> {
  const laboratory = new Laboratory();
  const children: ChildProcess[] = [];
  const lines = new Map<string, Line[]>();
  try {
    laboratory.open();
    for (let turn = 0; turn < 2 * TURNS; turn++)
      laboratory.addAddress(`203.0.113.${SOURCE_FIRST + turn}`);
    for (const observer of OBSERVERS) {
      const heard: Line[] = [];
      lines.set(observer, heard);
      children.push(await watch(laboratory, observer, heard));
    }
    stalls.start();
    const sent = await sendAll(laboratory);
    await pause(SETTLE_MS);
    stalls.stop();
    return report(sent, lines);
  } finally {
    await Promise.all(children.map(end));
    laboratory.close();
  }
}

/** `picket run` until its first `stats`; findings that start go to `heard`. */
async function watch(laboratory: Laboratory, observer: string, heard: Line[]) {
  const config = scratchPath('latency.yaml');
  writeFileSync(
    config,
    `outputs: { stats_interval_s: 1 }\ndetectors: { honeyport: { ports: [${HONEYPORT}] } }\n`,
  );
  const options = ['--home', PROTECTED_NET, '--json', '--config', config, '--observer', observer];
  options.push('--stay-root');
  const command = ['dist/src/main.js', 'run', '-i', laboratory.insideInterface, ...options];
  const child = start(laboratory.in(laboratory.inside, [process.execPath, ...command]));
  await new Promise<void>((resolve, reject) => {
    child.once('close', () => reject(new Error('picket ended before it watched')));
    eachLine(child, (line) => {
      const saidMs = clockMs();
      const event = JSON.parse(line);
      if (event.event_type === 'stats') resolve();
      if (event.finding?.state !== 'started') return;
      heard.push({ kind: event.finding.kind, source: event.src_ip, saidMs });
    });
  });
  return child;
}

interface Sent {
  kind: string;
  source: string;
  sentMs: number;
}

async function sendAll(laboratory: Laboratory): Promise<Sent[]> {
  const script = fileURLToPath(new URL('../test/support/live-sender.mjs', import.meta.url));
  const command = [process.execPath, script, ...[TURNS, HONEYPORT, SOURCE_FIRST].map(String)];
  const child = start(laboratory.in(laboratory.outside, command));
  const sent: Sent[] = [];
  eachLine(child, (line) => sent.push(JSON.parse(line)));
  const status = await new Promise((resolve) => child.once('close', resolve));
  if (status !== 0) throw new Error(`the sender ended with ${status}`);
  return sent;
}

function start([program, ...words]: string[]): ChildProcess {
  return spawn(program, words, { stdio: ['ignore', 'pipe', 'inherit'] });
}

function eachLine(child: ChildProcess, take: (line: string) => void): void {
  if (child.stdout) createInterface({ input: child.stdout }).on('line', take);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGINT');
  await ended;
}

function report(sent: Sent[], lines: ReadonlyMap<string, Line[]>): Counts {
  let passed = 0;
  let failed = 0;
  for (const [observer, heard] of lines) {
    for (const kind of KINDS) {
      const turns = sent.filter((one) => one.kind === kind);
      const latencies = turns.map(({ source, sentMs }) => {
        const line = heard.find((said) => said.kind === kind && said.source === source);
        return line === undefined ? Number.POSITIVE_INFINITY : line.saidMs - sentMs;
      });
      const worst = quantile(latencies, QUANTILE);
      const isMet = turns.length === TURNS && worst < LATENCY_MS_MAX;
      if (isMet) passed++;
      else failed++;
      console.log(
        `${isMet ? 'ok  ' : 'FAIL'} ${observer} ${kind}: ${turns.length} runs, ` +
          `median ${quantile(latencies, 0.5).toFixed(0)} ms, ` +
          `99th percentile ${worst.toFixed(0)} ms, under ${LATENCY_MS_MAX} ms wanted`,
      );
    }
  }
  return { passed, failed };
}

/** The smallest value that at least the share `q` of all are not above. */
function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? Number.POSITIVE_INFINITY;
}
