/** Relief on a real interface: the kernel leaves exactly what the same filter leaves of a file. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { MIXED_DEFAULTS, writeMixed } from '../generate/mixed.js';
import { PcapWriter } from '../generate/pcap-writer.js';
import { Command, WAIT_MS_MAX } from '../support/command.js';
import { Laboratory, namespacesUnavailable } from '../support/namespaces.js';
import { builtObservers, type Event, eventsOf } from '../support/picket.js';
import { buildFilter, reliefUnavailable, relieve } from '../support/relief.js';
import { scratchFolder } from '../support/scratch.js';

const PACKETS = 20_000;
const RATE = 5000;
/** Of two scanners: 200 probes each. */
const SCAN_SHARE = 0.02;
/** What two namespaces say to each other by themselves: ARP, IPv6 neighbours, multicast. */
const OWN_FRAMES_MAX = 60;

const scratch = scratchFolder();
const reason = process.env.CI
  ? null
  : (reliefUnavailable() ?? namespacesUnavailable(['tcpreplay']));

describe.skipIf(reason)(`relief, live${reason ? ` (skipped: ${reason})` : ''}`, () => {
  const laboratory = new Laboratory();
  const capture = join(scratch, 'mixed.pcap');
  let keptFrames = 0;
  let picket: Command | null = null;

  beforeAll(() => {
    const writer = new PcapWriter(capture);
    writeMixed(writer, { ...MIXED_DEFAULTS, packetCount: PACKETS, scanShare: SCAN_SHARE });
    writer.close();
    const kept = join(scratch, 'kept.pcapng');
    keptFrames = relieve(buildFilter(), capture, kept, [MIXED_DEFAULTS.home]).keptFrames;
    expect(keptFrames).toBeLessThan(0.6 * PACKETS);
    laboratory.open();
  }, 600_000);
  afterEach(async () => picket?.end());
  afterAll(() => laboratory.close());

  it.each(builtObservers)(
    'leaves the bulk in the kernel and says so: %s observer',
    async (name) => {
      const config = join(scratch, 'relief.yaml');
      writeFileSync(config, 'outputs: { stats_interval_s: 1 }\ncapture: { relief: true }\n');
      const words = ['run', '-i', laboratory.insideInterface, '--home', MIXED_DEFAULTS.home];
      const live = new Command(
        [...words, '--json', '--config', config, '--observer', name, '--stay-root'],
        { before: laboratory.in(laboratory.inside, []) },
      );
      picket = live;
      const events = () => eventsOf(live.stdout.slice(0, live.stdout.lastIndexOf('\n') + 1));
      const last = () => events().findLast((event) => event.event_type === 'stats')?.stats.capture;
      await live.until('first stats event', () => last() !== undefined);

      const sending = ['tcpreplay', '-i', laboratory.outsideInterface, `--pps=${RATE}`, capture];
      const [program, ...rest] = laboratory.in(laboratory.outside, sending);
      const sent = spawnSync(program, rest, { encoding: 'utf8', timeout: WAIT_MS_MAX });
      expect(sent.status, sent.stderr).toBe(0);

      const isFound = (kind: string, source: string) => (event: Event) =>
        event.event_type === 'finding' && event.finding.kind === kind && event.src_ip === source;
      const [sweeper, prober] = MIXED_DEFAULTS.scanners;
      await live.until('address_scan', () => events().some(isFound('address_scan', sweeper)));
      await live.until('port_scan', () => events().some(isFound('port_scan', prober)));
      expect(await live.interrupt(), live.stderr).toBe(0);
      const { frames = 0, dropped = 0, capture_relief } = last() ?? {};
      expect(capture_relief).toBe(1);
      expect(frames).toBeLessThan(keptFrames + OWN_FRAMES_MAX);
      // The TypeScript observer cannot tell what a busy machine lost.
      if (name === 'native') expect(frames + dropped).toBeGreaterThanOrEqual(keptFrames);
    },
  );
});
