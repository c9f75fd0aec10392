/**
 * `npm run bench -- soak --minutes N`: Picket under a flood and a busy link for long, with a slow
 * scan inside. Looks every few seconds at memory, open files, threads and waiting batches; fails
 * when they grow after the first minute, or when the scan was not found. Live with root, otherwise
 * with an endless capture (`--stdin` insists on that).
 */
import { setTimeout as pause } from 'node:timers/promises';
import { mkdirSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { namespacesUnavailable } from '../../test/support/namespaces.js';
import { compileC } from '../contenders.js';
import { cleanUpAtSignals } from '../live/process.js';
import { describeCode } from '../machine.js';
import { PAGE, SOAK, writePage } from '../page.js';
import { type Load, openStream, openWire } from './loads.js';
import { soakSection, type SoakResult } from './page.js';
import { growthOf, problemsOf, type Sample, sampleOf } from './samples.js';

const SAMPLE_S = 5;
const TOLD_EVERY = 12;
const STORED_MINUTES_MIN = 10;

export async function soak(minutes: number, onStdin: boolean): Promise<{ failed: number }> {
  if (!Number.isFinite(minutes) || minutes < 3) {
    console.log('a soak takes three minutes or more');
    return { failed: 1 };
  }
  const reason = namespacesUnavailable(['nmap']) ?? compileC('live_sender', ['-lpcap']);
  if (reason !== null && !onStdin) console.log(`not live: ${reason}`);
  const before = loadavg()[0];
  const load = onStdin || reason !== null ? openStream() : await openWire(minutes);
  cleanUpAtSignals(() => load.close());
  console.log(`${minutes} minutes, ${load.about}`);
  try {
    const samples = await watch(load, minutes);
    const result = resultOf(load, minutes, samples, await end(load));
    result.load = { before, after: loadavg()[0] };
    console.log(`\n${soakSection(result)}`);
    if (minutes >= STORED_MINUTES_MIN) store(result);
    return { failed: result.problems.length };
  } finally {
    await Promise.all([load.picket, ...load.senders].map((program) => program.interrupt()));
    load.close();
  }
}

async function watch({ picket, senders }: Load, minutes: number): Promise<Sample[]> {
  const samples: Sample[] = [];
  const startedMs = performance.now();
  for (let number = 1; number * SAMPLE_S <= minutes * 60; number++) {
    await pause(startedMs + number * SAMPLE_S * 1000 - performance.now());
    const ended = [picket, ...senders].find((program) => program.hasEnded);
    if (ended) throw new Error(`${ended.child.spawnargs.join(' ')} has ended: ${ended.stderr}`);
    const sample = sampleOf(picket.child.pid ?? 0, number * SAMPLE_S);
    samples.push(sample);
    if (number % TOLD_EVERY !== 0) continue;
    const mib = (sample.rssBytes / 2 ** 20).toFixed(0);
    const { seconds, handles, threads } = sample;
    console.log(`${seconds / 60} min: ${mib} MiB, ${handles} files, ${threads} threads`);
  }
  return samples;
}

// biome-ignore lint/suspicious/noExplicitAny: events, of which few fields are read.
type Event = Record<string, any>;

/** Ends Picket first: it has then said everything. */
async function end({ picket, senders }: Load): Promise<Event[]> {
  const status = await picket.interrupt();
  await Promise.all(senders.map((program) => program.interrupt()));
  if (status !== 0) throw new Error(`picket ended with ${status}: ${picket.stderr}`);
  return picket.stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));
}

function resultOf(
  { about, scanner }: Load,
  minutes: number,
  samples: readonly Sample[],
  events: readonly Event[],
): SoakResult {
  const growth = growthOf(samples);
  const stats = events.filter((event) => event.event_type === 'stats').map((event) => event.stats);
  const { capture, transport } = stats.at(-1) as Event;
  const isFound = events.some(
    ({ finding, src_ip: source }) => finding?.kind === 'slow_scan' && source === scanner,
  );
  const waiting = stats.map(
    (one) => one.transport.batches_published - one.transport.batches_judged,
  );
  const problems = problemsOf(growth);
  if (!isFound) problems.push(`the slow scan by ${scanner} was not found`);
  return {
    ...describeCode(),
    ...{ about, minutes, growth, isFound, problems, load: { before: 0, after: 0 } },
    packets: capture.frames,
    dropped: capture.dropped,
    waitingMost: waiting.length > 1 ? Math.max(...waiting) : null,
    batches: transport.batches_judged,
    events: events.length,
  };
}

function store(result: SoakResult): void {
  mkdirSync('bench/results', { recursive: true });
  writeFileSync(SOAK, `${JSON.stringify(result, null, 2)}\n`);
  writePage();
  console.log(`written: ${SOAK}, ${PAGE}`);
}
