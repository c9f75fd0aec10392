/**
 * `npm run bench -- native`: what a packet costs in each stage of the C++ observer, without node,
 * beside a bare libpcap loop over the same file.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { PAYLOAD_SIGNATURES } from '../../packages/plugin-api/src/payload-signatures.js';
import { MIXED_DEFAULTS, mixedCapture } from '../../test/generate/mixed.js';
import { SCAN_DEFAULTS, scanCapture } from '../../test/generate/scan.js';
import { compile, LIBPCAP_LOOP, scratchPath } from '../contenders.js';
import { describeCode, describeMachine } from '../machine.js';
import { measure, median } from '../measure.js';
import { NATIVE, PERFORMANCE, writePage } from '../page.js';
import { countInstructions, type Instructions } from './instructions.js';
import { costTables, isMet, type NativeResults, STAGES, type StageCost } from './page.js';

const ROUNDS = 9;
const BINARY = 'native/out/bench/stages';
/** Few enough for callgrind, which takes fifty times as long. */
const COUNTED_PACKETS = 200_000;

const INPUTS = [
  {
    name: 'scan',
    home: SCAN_DEFAULTS.home,
    packets: SCAN_DEFAULTS.packetCount,
    capture: () => scanCapture(),
    small: () => scanCapture({ packetCount: COUNTED_PACKETS }),
  },
  {
    name: 'mixed',
    home: MIXED_DEFAULTS.home,
    packets: MIXED_DEFAULTS.packetCount,
    capture: () => mixedCapture(),
    small: () => mixedCapture({ packetCount: COUNTED_PACKETS }),
  },
];

/** Compiles the core as the addon does; returns why not, or null. */
function build(): string | null {
  const files = readdirSync('native/core', { recursive: true }).map(
    (file) => `native/core/${file}`,
  );
  const ending = (suffix: string): string[] => files.filter((file) => file.endsWith(suffix));
  const words = ['-std=c++20', '-g1', '-flto=auto', '-pthread', '-Inative', '-Inative/core'];
  const sources = ['native/bench/stages.cc', ...ending('.cc')];
  return compile('c++', BINARY, sources, words, [...ending('.h'), 'native/test/options_text.h']);
}

function writeSignatures(): string {
  const path = scratchPath('signatures');
  const lines = PAYLOAD_SIGNATURES.map(({ id, transport, at, hex }) =>
    [id, transport, at, hex].join(' '),
  );
  writeFileSync(path, lines.join('\n'));
  return path;
}

/** What the program prints of itself: CPU time of its thread, from the first byte on. */
function runStage(command: readonly string[]): { packets: number; ns: number } {
  const [program, ...words] = command;
  const run = spawnSync(program, words, { encoding: 'utf8' });
  if (run.status !== 0) throw new Error(`${command.join(' ')} ended with ${run.status}`);
  return JSON.parse(run.stdout);
}

async function measureInput(
  input: (typeof INPUTS)[number],
  signatures: string,
): Promise<StageCost> {
  const capture = input.capture();
  const command = (path: string, stage: string): string[] => {
    return [BINARY, path, input.home, signatures, stage];
  };
  const nsOf: Record<string, number[]> = Object.fromEntries(STAGES.map((stage) => [stage, []]));
  const wholeSeconds: number[] = [];
  const loopSeconds: number[] = [];
  // Round 0 warms the page cache; all take turns within a round.
  for (let round = 0; round <= ROUNDS; round++) {
    const stdout = scratchPath('stdout');
    const loop = await measure(LIBPCAP_LOOP.command(capture, input.home), stdout);
    const whole = await measure(command(capture, 'observe'), stdout);
    const costs = STAGES.map((stage) => runStage(command(capture, stage)));
    if (round === 0) continue;
    loopSeconds.push(loop.seconds);
    wholeSeconds.push(whole.seconds);
    STAGES.forEach((stage, index) => {
      nsOf[stage].push(costs[index].ns / costs[index].packets);
    });
  }
  const instructions = countInstructions(command(input.small(), 'observe'));
  return {
    name: input.name,
    packets: input.packets,
    loopNs: (median(loopSeconds) / input.packets) * 1e9,
    wholeNs: (median(wholeSeconds) / input.packets) * 1e9,
    ratios: loopSeconds.map((seconds, round) => seconds / wholeSeconds[round]),
    stageNs: Object.fromEntries(STAGES.map((stage) => [stage, median(nsOf[stage])])),
    instructions: instructions && perPacket(instructions, COUNTED_PACKETS),
  };
}

function perPacket(sums: Instructions, packets: number): Instructions {
  return Object.fromEntries(Object.entries(sums).map(([part, sum]) => [part, sum / packets]));
}

/** Measures, prints, and writes the pages. Fails when the limit's share was missed. */
export async function benchNative(): Promise<{ failed: number }> {
  const reason = LIBPCAP_LOOP.unavailable() ?? build();
  if (reason !== null) {
    console.error(`bench native: ${reason}. Install a compiler and libpcap-dev.`);
    return { failed: 1 };
  }
  const signatures = writeSignatures();
  const inputs: StageCost[] = [];
  for (const input of INPUTS) inputs.push(await measureInput(input, signatures));
  const results: NativeResults = {
    machine: describeMachine(),
    ...describeCode(),
    rounds: ROUNDS,
    inputs,
  };
  console.log(costTables(results));
  mkdirSync('bench/results', { recursive: true });
  writeFileSync(NATIVE, `${JSON.stringify(results, null, 2)}\n`);
  writePage();
  console.log(`\nwritten: ${NATIVE}, ${PERFORMANCE}`);
  return { failed: inputs.filter((input) => !isMet(input)).length };
}
