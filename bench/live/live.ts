/**
 * `npm run bench -- live`: who loses packets, and how many, on a wire of one's own. Needs root, for
 * network namespaces and packet sockets; touches no other network. Every run is bounded in time and
 * count by the sender, and what was started is ended whatever happens.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { mkdirSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { MIXED_DEFAULTS, mixedCapture } from '../../test/generate/mixed.js';
import { namespacesUnavailable } from '../../test/support/namespaces.js';
import { benchProgram, compileC } from '../contenders.js';
import { describeCode, describeMachine } from '../machine.js';
import { median } from '../measure.js';
import { LIVE, PAGE, writePage } from '../page.js';
import { type Heard, LISTENERS, type Listener, RING_LOOP } from './listeners.js';
import {
  type LiveCounts,
  type LiveResults,
  type LiveRow,
  liveTable,
  type LiveTrial,
} from './page.js';
import { cleanUpAtSignals, Program } from './process.js';
import { Wire } from './wire.js';

const ROUNDS = 3;
const SECONDS = 3;
const SENDER_CORE = 0;
const SETTLE_MS = 300;
const LIMIT_SHARE_MIN = 0.95;
/** Of what the sender can: tried in turn until the bare loop drops nothing. */
const STEADY_SHARES = [0.75, 0.6, 0.45, 0.3, 0.15];

interface Traffic {
  name: string;
  about: string;
  frames(): string;
  home: string;
  scanner: string;
}

const TRAFFICS: readonly Traffic[] = [
  {
    name: 'syn',
    about: 'SYNs of 60 bytes from one source to a /16 on 16 ports.',
    frames: () => 'syn',
    home: '198.18.0.0/16',
    scanner: '203.0.113.66',
  },
  {
    name: 'mixed',
    about: 'The busy link of the trial *mixed*, its million packets again and again.',
    frames: () => mixedCapture(),
    home: MIXED_DEFAULTS.home,
    scanner: MIXED_DEFAULTS.scanners[0],
  },
];

interface Turn extends Heard {
  sent: number;
  /** Of sending. */
  seconds: number;
}

/** Runs it all, prints the tables, writes the page. Returns how many requirements were missed. */
export async function benchLive(leftOut: readonly string[]): Promise<{ failed: number }> {
  const reason =
    namespacesUnavailable(['taskset', 'sysctl']) ?? compileC('live_sender', ['-lpcap']);
  if (reason !== null) {
    console.log(`live cannot be measured here: ${reason}`);
    return { failed: 1 };
  }
  const before = loadavg()[0];
  const wire = new Wire();
  const trials: LiveTrial[] = [];
  cleanUpAtSignals(() => wire.close());
  try {
    wire.open();
    for (const traffic of TRAFFICS) {
      const trial = await runTraffic(wire, traffic, leftOut);
      trials.push(trial);
      console.log(`\n${trial.name}: ${trial.about}\n\n${liveTable(trial)}\n`);
      for (const { text, met } of trial.requirements)
        console.log(`${met ? 'met   ' : 'MISSED'} ${text}`);
    }
  } finally {
    wire.close();
  }
  store(trials, { before, after: loadavg()[0] });
  const judged = trials.flatMap(({ requirements }) => requirements);
  return { failed: judged.filter(({ met }) => !met).length };
}

async function runTraffic(
  wire: Wire,
  traffic: Traffic,
  leftOut: readonly string[],
): Promise<LiveTrial> {
  const reasons = new Map(
    LISTENERS.map(({ name, unavailable }) => [
      name,
      leftOut.includes(name) ? 'left out of this run' : unavailable(),
    ]),
  );
  const listening = LISTENERS.filter(({ name }) => reasons.get(name) === null);
  const full = await takeRounds(wire, listening, traffic, 0);
  const limit = full.get(RING_LOOP.name) ?? [];
  const steadyRate = await rateOf(wire, traffic, median(limit.map(({ sent }) => sent / SECONDS)));
  const asked = listening.filter(({ role }) => role !== 'peer');
  const steady = await takeRounds(wire, asked, traffic, steadyRate);
  const rows = LISTENERS.map((listener): LiveRow => {
    const { name, role, about } = listener;
    const row: LiveRow = { listener: name, role, about, problems: [] };
    const turns = full.get(name) ?? [];
    const reason = reasons.get(name);
    if (reason) return { ...row, unavailable: reason };
    row.problems = [...new Set(turns.flatMap(({ problems }) => problems))];
    row.full = sumUp(turns);
    const steadyTurns = steady.get(name);
    if (steadyTurns) row.steady = sumUp(steadyTurns);
    return row;
  });
  return {
    ...{ name: traffic.name, about: traffic.about, steadyRate, rows },
    requirements: requirementsOf(traffic.name, rows),
  };
}

/** The listeners take turns, so that a busy moment of the machine meets all of them. */
async function takeRounds(
  wire: Wire,
  listeners: readonly Listener[],
  traffic: Traffic,
  rate: number,
): Promise<Map<string, Turn[]>> {
  const turns = new Map<string, Turn[]>(listeners.map(({ name }) => [name, []]));
  for (let round = 0; round < ROUNDS; round++)
    for (const listener of listeners)
      turns.get(listener.name)?.push(await takeTurn(wire, listener, traffic, rate));
  return turns;
}

/** Frames a second of which the bare loop drops none, and that the sender need not strain for. */
async function rateOf(wire: Wire, traffic: Traffic, fullRate: number): Promise<number> {
  for (const share of STEADY_SHARES) {
    const rate = Math.round(share * fullRate);
    if ((await takeTurn(wire, RING_LOOP, traffic, rate)).dropped === 0) return rate;
  }
  throw new Error('even the bare loop drops packets at any rate: the machine is too busy');
}

async function takeTurn(
  wire: Wire,
  listener: Listener,
  traffic: Traffic,
  rate: number,
): Promise<Turn> {
  const program = new Program(
    wire.atReceiver(listener.command(wire.receiveInterface, traffic.home)),
  );
  try {
    await program.until(listener.isReady);
    await pause(SETTLE_MS);
    const words = [wire.sendInterface, traffic.frames(), String(rate), String(SECONDS)];
    const pinned = ['taskset', '-c', String(SENDER_CORE), benchProgram('live_sender'), ...words];
    const sender = new Program(wire.atSender(pinned));
    const status = await sender.ended();
    if (status !== 0) throw new Error(`the sender ended with ${status}: ${sender.stderr}`);
    await pause(SETTLE_MS);
    await program.interrupt();
    const { sent, seconds } = JSON.parse(sender.stdout);
    return { sent, seconds, ...listener.heard(program, traffic.scanner) };
  } finally {
    await program.interrupt();
  }
}

function sumUp(turns: readonly Turn[]): LiveCounts {
  const middle = (of: (turn: Turn) => number): number => median(turns.map(of));
  const [{ nsPerPacket, lagMs }] = turns;
  return {
    sent: middle(({ sent }) => sent),
    received: middle(({ received }) => received),
    dropped: middle(({ dropped }) => dropped),
    rate: middle(({ received, seconds }) => received / seconds),
    share: middle(({ received, sent }) => received / sent),
    ...(nsPerPacket !== undefined && { nsPerPacket: middle((turn) => turn.nsPerPacket ?? 0) }),
    ...(lagMs !== undefined && { lagMs: middle((turn) => turn.lagMs ?? 0) }),
  };
}

function requirementsOf(traffic: string, rows: readonly LiveRow[]): LiveTrial['requirements'] {
  const limit = rows.find(({ role }) => role === 'limit')?.full?.share ?? 0;
  return rows
    .filter(({ role }) => role === 'product')
    .flatMap(({ listener, full, steady, problems }) => [
      {
        text: `${traffic}: ${listener} drops nothing at the rate at which the bare loop does not`,
        met: steady !== undefined && steady.dropped === 0 && problems.length === 0,
      },
      {
        text:
          `${traffic}: of what the sender can, ${listener} receives at least ` +
          `${LIMIT_SHARE_MIN} of the share that the bare loop does`,
        met: full !== undefined && full.share >= LIMIT_SHARE_MIN * limit && problems.length === 0,
      },
    ]);
}

function store(trials: LiveTrial[], load: LiveResults['load']): void {
  const { cpu: machine, cores } = describeMachine();
  const results: LiveResults = {
    ...describeCode(),
    ...{ machine, cores },
    ...{ load, rounds: ROUNDS, seconds: SECONDS, trials },
  };
  mkdirSync('bench/results', { recursive: true });
  writeFileSync(LIVE, `${JSON.stringify(results, null, 2)}\n`);
  writePage();
  console.log(`\nwritten: ${LIVE}, ${PAGE}`);
}
