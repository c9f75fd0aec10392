/** Guarantee 4: a flood hides no scan of the server that it floods. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PcapWriter } from './generate/pcap-writer.js';
import { SMOKE_SCREEN_DEFAULTS, writeSmokeScreen } from './generate/smoke-screen.js';
import { builtObservers, findingsOf, runPicket } from './support/picket.js';
import { scratchFolder } from './support/scratch.js';

const scratch = scratchFolder();

describe('a scan whose every probe goes where a flood goes', () => {
  const capture = join(scratch, 'smoke-screen.pcap');
  const writer = new PcapWriter(capture);
  const { target, scanner, ports } = SMOKE_SCREEN_DEFAULTS;
  writeSmokeScreen(writer, SMOKE_SCREEN_DEFAULTS);
  writer.close();

  it.each(builtObservers)('is found, and it alone: %s observer', (observer) => {
    const run = runPicket([
      'read',
      capture,
      '--home',
      `${target}/32`,
      '--json',
      '--observer',
      observer,
    ]);
    expect(run.status, run.stderr).toBe(0);
    const scans = findingsOf(run.events).filter(({ finding }) => finding.phase !== 'noise');
    expect(new Set(scans.map((event) => event.src_ip))).toEqual(new Set([scanner]));
    const found = scans.filter(({ finding }) => finding.kind === 'port_scan');
    expect(found.map((event) => event.dest_ip)).toContain(target);
    // In each of five seconds the first probe is taken for one of the flood.
    expect(found.every(({ finding }) => (finding.coverage?.singles_folded ?? 0) >= 5)).toBe(true);
    const counts = found.map(({ finding }) => finding.count);
    expect(Math.max(...counts)).toBeGreaterThanOrEqual(ports - 5);
    expect(Math.max(...counts)).toBeLessThanOrEqual(ports);
  });
});
