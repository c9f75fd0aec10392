import { describe, expect, it } from 'vitest';
import { decodeBatch, SourceCounter } from '../../packages/plugin-api/src/index.js';
import { batchesOf } from '../../test/support/batches.js';
import { probeBatches } from '../../test/support/probe-batches.js';
import { addressBytes } from '../shared/address.js';
import { CONTACTS_TOLD_MAX, sightingsOf } from './sightings.js';

const HOME = ['198.51.100.0/24', '2001:db8:100::/64'];
const START_US = 1_795_000_000_250_000;
const seenIn = (batches: Uint8Array[], source: string) =>
  batches.flatMap((bytes) => sightingsOf(bytes, addressBytes(source)));

describe('a sighting', () => {
  it.each([
    ['203.0.113.9', '198.51.100.7'],
    ['2001:db8:bad::9', '2001:db8:100::7'],
  ])('of %s, which sent one packet', (source, destination) => {
    const batches = probeBatches([{ source, destination, port: 22, timeUs: START_US }], HOME);
    expect(batches.some((bytes) => decodeBatch(bytes).singles.length > 0)).toBe(true);
    expect(seenIn(batches, source)).toEqual([
      {
        epoch: '2026-11-18T11:06:40.000000+0000',
        final: true,
        tunnel: 0,
        first_seen: '2026-11-18T11:06:40.250000+0000',
        last_seen: '2026-11-18T11:06:40.250000+0000',
        probes: { syn: 1 },
        ...{ targets: 1, exact: true, contacts_left_out: 0 },
        contacts: [
          {
            dest_ip: destination,
            proto: 'tcp',
            port: 22,
            probes: ['syn'],
            outcomes: [],
            packets: 1,
          },
        ],
      },
    ]);
    expect(seenIn(batches, destination)).toEqual([]);
    expect(seenIn(batches, '203.0.113.90')).toEqual([]);
  });

  it('of a source with more contacts than are told says how many', () => {
    const count = CONTACTS_TOLD_MAX + 50;
    const probes = Array.from({ length: count }, (_, index) => {
      const destination = `198.51.100.${1 + (index % 4)}`;
      return { source: '203.0.113.9', destination, port: 1 + index, timeUs: START_US };
    });
    const whole = seenIn(probeBatches(probes, HOME), '203.0.113.9').filter(({ final }) => final);
    expect(whole).toHaveLength(1);
    expect(whole[0]).toMatchObject({ targets: 4, probes: { syn: count }, contacts_left_out: 50 });
    expect(whole[0].contacts).toHaveLength(CONTACTS_TOLD_MAX);
  });

  it('tells what every batch of a capture tells of a scanner', () => {
    const batches = batchesOf('test/captures/pipeline.pcap.gz', ['198.51.100.0/24']);
    const scanner = '203.0.113.120';
    const seen = seenIn(
      batches.map(({ bytes }) => bytes),
      scanner,
    );
    const sought = Buffer.from(addressBytes(scanner));
    const sources = batches
      .map(({ bytes }) => decodeBatch(bytes))
      .flatMap((batch) => batch.sources.filter(({ address }) => sought.equals(address)));
    expect(seen.length).toBeGreaterThan(15);
    const syns = seen.reduce((sum, { probes }) => sum + (probes.syn ?? 0), 0);
    // It was alone in an epoch once or twice: then it is a single.
    const counted = sources.reduce((sum, { counters }) => sum + counters[SourceCounter.syn], 0);
    expect(syns).toBeGreaterThanOrEqual(counted);
    expect(syns - counted).toBeLessThan(20);
    const outcomes = new Set(seen.flatMap(({ contacts }) => contacts.flatMap((c) => c.outcomes)));
    expect([...outcomes]).toEqual(expect.arrayContaining(['open', 'closed', 'target_data']));
  });

  it('of what is no batch is an error', () => {
    const bytes = Uint8Array.of(1, 2, 203, 0, 113, 9);
    expect(() => sightingsOf(bytes, addressBytes('203.0.113.9'))).toThrow(RangeError);
  });
});
