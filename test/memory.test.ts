/**
 * Guarantee 4, scaled down: a million spoofed sources do not grow the process, and do not hide the
 * real scanner among them. `npm run bench -- flood` is the same with ten million.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { measure } from '../bench/measure.js';
import { BOTNET_DEFAULTS, writeBotnet } from './generate/botnet.js';
import { FLOOD_DEFAULTS, writeFlood } from './generate/flood.js';
import { PcapWriter } from './generate/pcap-writer.js';
import { builtObservers, type Event, eventsOf, findingsOf, MAIN } from './support/picket.js';
import { scratchFolder } from './support/scratch.js';

const scratch = scratchFolder();
const PEAK_BYTES_MAX = 512 * 2 ** 20;

function floodInput(): string {
  const path = join(scratch, 'flood.pcap');
  const writer = new PcapWriter(path);
  writeFlood(writer, { ...FLOOD_DEFAULTS, sourceCount: 1_000_000, ratePerSecond: 60_000 });
  writer.close();
  return path;
}

/** What is said of a capture, in no more than the memory there may be. */
async function weighed(capture: string, home: string, observer: string): Promise<Event[]> {
  const output = join(scratch, `${observer}.json`);
  const words = ['read', capture, '--home', home, '--json', '--observer', observer];
  const run = await measure([process.execPath, MAIN, ...words], output);
  expect(run.status, run.stderr).toBe(0);
  expect(run.peakRssBytes).toBeLessThan(PEAK_BYTES_MAX);
  return eventsOf(readFileSync(output, 'utf8'));
}

describe('a flood from a million spoofed sources', () => {
  const capture = floodInput();
  it.each(builtObservers)(
    'stays under 512 MiB and shows the scanner: %s observer',
    async (observer) => {
      const findings = findingsOf(await weighed(capture, FLOOD_DEFAULTS.home, observer));
      const scans = findings.filter((event) => event.finding.phase !== 'noise');
      expect(new Set(scans.map((event) => event.src_ip))).toEqual(
        new Set([FLOOD_DEFAULTS.scanner]),
      );
      expect(scans.map((event) => event.finding.kind)).toContain('address_scan');
      expect(findings.some((event) => event.finding.kind === 'syn_flood')).toBe(true);
    },
  );
});

/** Without a bound on what windows take, it was 930 MiB. */
describe('four thousand addresses that each scan a block', () => {
  const capture = join(scratch, 'botnet.pcap');
  const writer = new PcapWriter(capture);
  writeBotnet(writer, { ...BOTNET_DEFAULTS, ports: [22, 445] });
  writer.close();

  it.each(builtObservers)(
    'stay under 512 MiB, are all found, and what was given up is counted: %s observer',
    async (observer) => {
      const events = await weighed(capture, BOTNET_DEFAULTS.home, observer);
      const scans = findingsOf(events).filter(({ finding }) => finding.kind === 'address_scan');
      expect(new Set(scans.map((event) => event.src_ip)).size).toBe(BOTNET_DEFAULTS.sourceCount);
      const stats = events.findLast((event) => event.event_type === 'stats');
      expect(stats?.stats).toMatchObject({ detect: { windows_shrunk: expect.any(Number) } });
      expect(JSON.stringify(stats)).not.toContain('"windows_shrunk":0');
    },
    120_000,
  );
});
