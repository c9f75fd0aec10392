/** Real scanners against a real interface: findings are printed while they scan. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  Laboratory,
  LIVE_FIRST,
  namespacesUnavailable,
  OUTSIDE_ADDRESS,
  PROTECTED_NET,
} from '../support/namespaces.js';
import { builtObservers, type Event, eventsOf, findingsOf, MAIN } from '../support/picket.js';
import { scratchFolder } from '../support/scratch.js';

/** Long enough for a loaded machine; the tests end as soon as they saw what they wait for. */
const WAIT_MS_MAX = 50_000;
const TARGET = `198.51.100.${LIVE_FIRST}`;

const scratch = scratchFolder();
// On CI a machine that cannot run these tests is broken, so there they fail rather than be skipped.
const reason = process.env.CI ? null : namespacesUnavailable();

/** `picket run` in the laboratory, and what it has said so far. */
class Watcher {
  stdout = '';
  stderr = '';
  private readonly child: ChildProcess;
  private readonly ended: Promise<number | null>;

  constructor(laboratory: Laboratory, observer: string) {
    const config = join(scratch, 'live.yaml');
    writeFileSync(config, 'outputs: { stats_interval_s: 1 }\n');
    const options = ['--home', PROTECTED_NET, '--json', '--config', config, '--observer', observer];
    const command = [process.execPath, MAIN, 'run', '-i', laboratory.insideInterface, ...options];
    const [program, ...words] = laboratory.in(laboratory.inside, command);
    this.child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.ended = new Promise((resolve) => this.child.on('close', resolve));
  }

  /** Complete lines only: the last one may be on its way. */
  get events(): Event[] {
    return eventsOf(this.stdout.slice(0, this.stdout.lastIndexOf('\n') + 1));
  }

  /** Waits until an event satisfies `wanted`. @throws Error with what was said instead. */
  async until(what: string, wanted: (event: Event) => boolean): Promise<void> {
    const deadlineMs = Date.now() + WAIT_MS_MAX;
    while (!this.events.some(wanted)) {
      if (Date.now() > deadlineMs || this.child.exitCode !== null) {
        throw new Error(`no ${what}; standard error:\n${this.stderr}\noutput:\n${this.stdout}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** As Ctrl-C does. Returns the exit status. */
  async interrupt(): Promise<number | null> {
    this.child.kill('SIGINT');
    return this.ended;
  }

  async end(): Promise<void> {
    if (this.child.exitCode === null) this.child.kill('SIGKILL');
    await this.ended;
  }
}

describe.skipIf(reason)(`live${reason ? ` (skipped: ${reason})` : ''}`, () => {
  const laboratory = new Laboratory();
  let watcher: Watcher | null = null;

  beforeAll(() => laboratory.open());
  afterEach(async () => watcher?.end());
  afterAll(() => laboratory.close());

  /** Runs a scanner outside, bounded in rate and count by its own options. */
  function scan(command: string[]): void {
    const [program, ...words] = laboratory.in(laboratory.outside, command);
    const run = spawnSync(program, words, { encoding: 'utf8', timeout: WAIT_MS_MAX });
    expect(run.status, `${command.join(' ')}: ${run.stderr}`).toBe(0);
  }

  async function watch(observer: string): Promise<Watcher> {
    watcher = new Watcher(laboratory, observer);
    await watcher.until('first stats event', (event) => event.event_type === 'stats');
    return watcher;
  }

  const isFinding = (kind: string) => (event: Event) =>
    event.event_type === 'finding' &&
    event.finding.kind === kind &&
    event.src_ip === OUTSIDE_ADDRESS;

  it.each(builtObservers)('nmap is seen while it scans: %s observer', async (observer) => {
    const live = await watch(observer);
    scan(['nmap', '-n', '-Pn', '-sS', '--top-ports', '150', '--max-rate', '400', TARGET]);
    await live.until('port_scan', isFinding('port_scan'));
    expect(await live.interrupt(), live.stderr).toBe(0);
    expect(findingsOf(live.events).every((event) => event.src_ip === OUTSIDE_ADDRESS)).toBe(true);
    expect(live.events.at(-1)?.event_type).toBe('stats');
    const incidents = live.events.filter((event) => event.event_type === 'incident');
    expect(incidents.at(-1)?.incident.actors.map(({ ip }) => ip)).toEqual([OUTSIDE_ADDRESS]);
  });

  it.each(builtObservers)('masscan is seen while it scans: %s observer', async (observer) => {
    const live = await watch(observer);
    const sending = ['--adapter', laboratory.outsideInterface, '--adapter-ip', OUTSIDE_ADDRESS];
    const bounds = ['--rate', '100', '--wait', '1', '--router-mac', laboratory.insideMac()];
    scan(['masscan', '198.51.100.0/25', '-p445', ...sending, ...bounds]);
    await live.until('address_scan', isFinding('address_scan'));
    expect(await live.interrupt(), live.stderr).toBe(0);
  });
});
