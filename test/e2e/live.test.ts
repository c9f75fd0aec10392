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
} from '../support/namespaces.js';
import { builtObservers, type Event, findingsOf } from '../support/picket.js';
import { scratchFolder } from '../support/scratch.js';
import { WAIT_MS_MAX } from '../support/command.js';
import { Watcher } from '../support/watcher.js';

const TARGET = `198.51.100.${LIVE_FIRST}`;

const scratch = scratchFolder();
// On CI a machine that cannot run these tests is broken, so there they fail rather than be skipped.
const reason = process.env.CI ? null : namespacesUnavailable(['nmap', 'masscan']);

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

  async function watch(observer: string, rings = 1, more = ''): Promise<Watcher> {
    const config = join(scratch, 'live.yaml');
    writeFileSync(
      config,
      `outputs: { stats_interval_s: 1, loss_alarm: { intervals: 1 } }\n` +
        `capture: { rings: ${rings}${more} }\n`,
    );
    watcher = new Watcher(laboratory, observer, config);
    return watcher.ready();
  }

  /** Sixteen quiet seconds of pings, too few to be a scan. */
  function pingSweep(): ChildProcess {
    const bounds = ['--max-retries', '0', '--max-rate', '4'];
    const command = ['nmap', '-n', '-sn', '-PE', ...bounds, '198.51.100.0/26'];
    const [program, ...words] = laboratory.in(laboratory.outside, command);
    return spawn(program, words, { stdio: 'ignore' });
  }

  const statOf = (event: Event, name: string): number =>
    event.event_type === 'stats' ? (event.stats.capture[name] ?? 0) : 0;

  const isFinding = (kind: string) => (event: Event) =>
    event.event_type === 'finding' &&
    event.finding.kind === kind &&
    event.src_ip === OUTSIDE_ADDRESS;

  it.each(builtObservers)('nmap is seen while it scans: %s observer', async (observer) => {
    const live = await watch(observer);
    scan(['nmap', '-n', '-Pn', '-sS', '--top-ports', '150', '--max-rate', '400', TARGET]);
    await live.untilEvent('port_scan', isFinding('port_scan'));
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
    // Its reader sleeps in libpcap until something comes, and it does not end before that wakes.
    const pings = pingSweep();
    scan(['masscan', '198.51.100.0/25', '-p445', ...sending, ...bounds]);
    pings.kill();
    await live.untilEvent('address_scan', isFinding('address_scan'));
    expect(await live.interrupt(), live.stderr).toBe(0);
  });

  it.runIf(builtObservers.includes('native'))(
    'two rings see half of the ports each, and together the scan',
    async () => {
      const live = await watch('native', 2);
      scan(['nmap', '-n', '-Pn', '-sS', '--top-ports', '150', '--max-rate', '400', TARGET]);
      await live.untilEvent('port_scan', isFinding('port_scan'));
      expect(await live.interrupt(), live.stderr).toBe(0);
      const ended = findingsOf(live.events).filter(({ finding }) => finding.kind === 'port_scan');
      expect(ended.at(-1)?.finding.count).toBe(150);
    },
  );

  it.each(builtObservers)('tells how capture keeps up: %s observer', async (observer) => {
    const live = await watch(observer);
    const pings = pingSweep();
    await live.untilEvent('rate', (event) => statOf(event, 'packets_per_s') > 0);
    await live.untilEvent('time per packet', (event) => statOf(event, 'busy_ns_per_packet') > 0);
    pings.kill();
    const last = live.events.findLast((event) => event.event_type === 'stats');
    const capture = last?.stats?.capture ?? {};
    const isNative = observer === 'native';
    expect(capture.lag_us).toBeLessThan(10_000_000);
    expect('ring_used_percent' in capture).toBe(isNative);
    expect('lost_percent' in capture).toBe(isNative);
    expect(await live.interrupt(), live.stderr).toBe(0);
  });

  it.runIf(builtObservers.includes('native'))(
    'a loss that lasts is said when it begins and ends, and so do findings of that time',
    async () => {
      const live = await watch('native', 1, ', buffer_mib: 1');
      // Nobody takes anything out of the ring: 25,600 probes are four times what it holds.
      live.child.kill('SIGSTOP');
      const sending = ['--adapter', laboratory.outsideInterface, '--adapter-ip', OUTSIDE_ADDRESS];
      const bounds = ['--rate', '20000', '--wait', '1', '--router-mac', laboratory.insideMac()];
      const pings = pingSweep();
      scan(['masscan', '198.51.100.0/25', '-p1-200', ...sending, ...bounds]);
      pings.kill();
      live.child.kill('SIGCONT');
      const isLoss = (state: string) => (event: Event) =>
        event.event_type === 'operational' && event.operational.state === state;
      await live.untilEvent('loss', isLoss('started'));
      await live.untilEvent('end of the loss', isLoss('ended'));
      expect(await live.interrupt(), live.stderr).toBe(0);
      const { operational } = live.events.find(isLoss('ended')) as Event;
      expect(operational.kernel_dropped).toBeGreaterThan(1000);
      const dropped = Math.max(...live.events.map((event) => statOf(event, 'dropped')));
      expect(operational.kernel_dropped).toBe(dropped);
      const ended = findingsOf(live.events).filter(({ finding }) => finding.state === 'ended');
      expect(ended.map(({ finding }) => finding.coverage?.dropped)).toContain(dropped);
      expect(live.stderr).toContain('packets keep being lost');
    },
  );

  it.each(builtObservers)(
    'an interface that was taken down is watched again when it is back: %s observer',
    async (observer) => {
      const live = await watch(observer);
      laboratory.setInside('down');
      const isInterrupted = (event: Event) => statOf(event, 'capture_interruptions') === 1;
      await live.untilEvent('interruption', isInterrupted);
      const seenBefore = Math.max(...live.events.map((event) => statOf(event, 'frames')));
      laboratory.setInside('up');
      const pings = pingSweep();
      await live.untilEvent('frame', (event) => statOf(event, 'frames') > seenBefore);
      pings.kill();
      scan(['nmap', '-n', '-Pn', '-sS', '--top-ports', '150', '--max-rate', '400', TARGET]);
      await live.untilEvent('port_scan', isFinding('port_scan'));
      expect(live.stderr).toContain(laboratory.insideInterface);
      expect(await live.interrupt(), live.stderr).toBe(0);
    },
  );
});
