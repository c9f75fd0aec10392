/** A fleet of real processes, for tests that kill them. */
import { setTimeout as pause } from 'node:timers/promises';
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { canonical, eventsOf, MAIN } from './picket.js';

const LEASE_MS = 1_500;
const POLL_MS = 25;
export interface Started {
  child: ChildProcess;
  stderr(): string;
  exited: Promise<number | null>;
}

export class FleetProcesses {
  readonly #started: Started[] = [];
  readonly #config: string;
  /** What every correlator of this fleet printed, one after the other. */
  readonly #said: string[] = [];

  constructor(
    readonly url: string,
    readonly folder: string,
    readonly home: string,
    settings = '',
  ) {
    this.#config = join(folder, 'picket.yaml');
    const settled = `lease_ms: ${LEASE_MS}, namespace: faults, depth_max: 64`;
    const redis = `redis: { url: "${url}", ${settled} }`;
    const text = `${redis}\nhome_nets: [${home}]\nlog: { format: text }\n${settings}\n`;
    writeFileSync(this.#config, text);
  }

  work(): Started {
    return this.start(['work']);
  }

  correlate(): Started {
    return this.start(['correlate', '--json', '--until-end'], (text) => this.#said.push(text));
  }

  /** Of a capture file, or `-` to write it to the child's standard input. */
  sense(path: string): Started {
    return this.start(['sense', '--read', path]);
  }

  /** Distinct lines said, in the order they were first said: at least once is what is promised. */
  answer(): string {
    const lines = canonical(eventsOf(this.#said.join(''))).split('\n');
    return [...new Set(lines)].join('\n');
  }

  /** Of every process how it stands and the end of what it said, for a test that has failed. */
  whatWasSaid(): string {
    const each = this.#started.map(({ child, stderr }) => {
      const { pid, exitCode, signalCode, spawnargs } = child;
      const stands = exitCode ?? signalCode ?? 'running';
      return `${pid} ${spawnargs.slice(2, 5).join(' ')}: ${stands}\n${stderr().slice(-4_096)}`;
    });
    return each.join('\n');
  }

  async end(): Promise<void> {
    for (const { child } of this.#started) child.kill('SIGCONT');
    for (const { child } of this.#started) child.kill('SIGTERM');
    await Promise.all(this.#started.map(({ exited }) => Promise.race([exited, pause(5_000)])));
    for (const { child } of this.#started) child.kill('SIGKILL');
  }

  /** Any command of this fleet; `before` are words that run it elsewhere, `ip netns exec ...`. */
  start(
    words: string[],
    onOutput: (text: string) => void = () => {},
    before: string[] = [],
  ): Started {
    const command = [process.execPath, MAIN, ...words, '--config', this.#config];
    const [program, ...rest] = [...before, ...command];
    const child = spawn(program, rest, {
      stdio: ['pipe', 'pipe', 'pipe'],
      cwd: this.folder,
    });
    let stderr = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-16_384);
    });
    child.stdout?.setEncoding('utf8').on('data', onOutput);
    child.stdin?.on('error', () => {});
    const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
    const started = { child, stderr: () => stderr, exited };
    this.#started.push(started);
    return started;
  }
}

/** Resolves when the process has said so; a process that has ended instead is an error. */
export async function said({ child, stderr }: Started, text: string): Promise<void> {
  while (!stderr().includes(text)) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`ended before it said ${JSON.stringify(text)}:\n${stderr()}`);
    await pause(POLL_MS);
  }
}

/** A capture as a slow link would bring it: `parts` pieces; `between` runs before each but one. */
export async function feed(
  { child }: Started,
  path: string,
  parts: number,
  between: (part: number) => Promise<void>,
): Promise<void> {
  const bytes = readFileSync(path);
  for (let part = 0; part < parts; part++) {
    if (part > 0) await between(part);
    const from = Math.floor((part * bytes.length) / parts);
    const to = Math.floor(((part + 1) * bytes.length) / parts);
    await new Promise((resolve) => child.stdin?.write(bytes.subarray(from, to), resolve));
  }
  child.stdin?.end();
}

/** The same lines in the same order; says only how they differ, since a line is long. */
export function expectSame(answer: string, expected: string): void {
  const lines = answer.split('\n');
  const wanted = expected.split('\n');
  const summary = (all: string[], others: string[]) =>
    all.filter((line) => !others.includes(line)).map((line) => line.slice(0, 120));
  expect({ missing: summary(wanted, lines), more: summary(lines, wanted) }).toEqual({
    missing: [],
    more: [],
  });
  expect(answer === expected, 'the same order').toBe(true);
}
