import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SourceObservation } from './batch.js';
import type { Contact } from './contact.js';
import { BUCKET_US, Overflow } from './overflow.js';
import { Sketch } from './sketch.js';

const step = fc.record({
  /** Epochs come out of order now and then: late sensors. */
  bucket: fc.nat(9),
  host: fc.nat(2),
  firstPort: fc.nat(60_000),
  ports: fc.nat(40),
  slides: fc.boolean(),
});

const targetOf = (host: number): string => String.fromCharCode(198, 51, 100, host);

function contact(host: number, port: number, lastUs = 0): Contact {
  return {
    target: targetOf(host),
    protocol: 6,
    port,
    kinds: 1,
    outcome: 0,
    packets: 1,
    firstUs: 0,
    lastUs,
    ttl: 0,
    tuple: 0,
    packetsBefore: 0,
    remembered: 0,
  };
}

function countsOf(overflow: Overflow) {
  return {
    targets: overflow.targets(new Set(), 0),
    pairs: overflow.pairs([contact(7, 7)], 0),
    ports: overflow.ports(new Set([7]), 0),
    deep: [0, 1, 2, 3].map((host) => overflow.portsOf(targetOf(host), [], 0)),
  };
}

/** What an observer says whose lists were full; the first target's ports are all told. */
function observation(fields: Partial<SourceObservation>): SourceObservation {
  const none = { targetSketch: null, pairSketch: null, ports: null, deep: [], lastUs: 0 };
  return { ...none, ...fields } as SourceObservation;
}

const ports = (count: number) => [
  { page: 0, bytes: Uint8Array.from({ length: count * 2 }, (_, at) => (at % 2 ? 1 : at / 2)) },
];
const NAMES = [targetOf(0), targetOf(1)];

describe('Overflow', () => {
  it('counts ports exactly, of a target and of all', () => {
    const overflow = new Overflow();
    const observed = { ports: ports(100), deep: [{ targetIndex: 0, ports: ports(100) }] };
    for (const at of [0, BUCKET_US]) overflow.merge(observation(observed), NAMES, at);
    overflow.add(contact(0, 60_000), true, BUCKET_US);
    expect(overflow.portsOf(targetOf(0), [contact(0, 7)], 0)).toEqual({ count: 102, exact: true });
    expect(overflow.ports(new Set([(6 << 16) | 9]), 0)).toEqual({ count: 102, exact: true });
  });

  it('counts targets and pairs exactly while it has room for the ports of each target', () => {
    const overflow = new Overflow();
    overflow.merge(observation({ deep: [{ targetIndex: 0, ports: ports(100) }] }), NAMES, 0);
    overflow.addTargets(new Set([targetOf(0)]), 0);
    overflow.add(contact(1, 80), false, BUCKET_US);
    const listed = [contact(0, 7), contact(1, 80), contact(9, 22)];
    expect(overflow.targets(new Set([targetOf(9)]), 0)).toEqual({ count: 3, exact: true });
    expect(overflow.pairs(listed, 0)).toEqual({ count: 103, exact: true });
    for (let host = 2; host <= 64; host++) overflow.add(contact(host, 80), false, BUCKET_US);
    expect(overflow.targets(new Set(), 0).exact).toBe(true);
    expect(overflow.pairs([], 0).exact).toBe(true);
    overflow.add(contact(65, 80), false, BUCKET_US);
    expect(overflow.targets(new Set(), 0).exact).toBe(false);
    expect(overflow.pairs([], 0).exact).toBe(false);
    overflow.slide(8 * BUCKET_US + 1);
    expect(overflow.targets(new Set([targetOf(9)]), BUCKET_US)).toEqual({ count: 1, exact: true });
  });

  it.each<[string, Partial<SourceObservation>, boolean]>([
    ['its own ports are all told', { deep: [{ targetIndex: 0, ports: ports(3) }] }, true],
    ['its own ports found no room', { deep: [{ targetIndex: 0, ports: [] }] }, false],
    ['those of another found no room', { deep: [{ targetIndex: 1, ports: [] }] }, true],
    ['the targets found no room', { targetSketch: new Sketch().registers }, false],
  ])('says of a target whether %s', (_, fields, exact) => {
    const overflow = new Overflow();
    overflow.merge(observation(fields), NAMES, 0);
    expect(overflow.portsOf(targetOf(0), [], 0).exact).toBe(exact);
  });

  it('says of which targets it has no room for ports', () => {
    const overflow = new Overflow();
    for (let host = 0; host <= 64; host++) overflow.add(contact(host, 80), false, 0);
    expect(overflow.portsOf(targetOf(63), [], 0).exact).toBe(true);
    expect(overflow.portsOf(targetOf(64), [], 0).exact).toBe(false);
    expect(overflow.ports(new Set(), 0).exact).toBe(true);
  });

  it('calls no count exact while the minute reaches into what is gone', () => {
    const overflow = new Overflow();
    overflow.add(contact(0, 80, BUCKET_US / 2), true, 0);
    overflow.add(contact(0, 443, 6 * BUCKET_US), true, 6 * BUCKET_US);
    const at = (nowUs: number) => {
      overflow.slide(nowUs);
      return overflow.portsOf(targetOf(0), [], nowUs - 6 * BUCKET_US);
    };
    expect(at(6 * BUCKET_US)).toEqual({ count: 2, exact: true });
    expect(at(6 * BUCKET_US + 1)).toEqual({ count: 1, exact: false });
    expect(at(6.5 * BUCKET_US)).toEqual({ count: 1, exact: false });
    expect(at(6.5 * BUCKET_US + 1)).toEqual({ count: 1, exact: true });
  });

  it('says the same however often it was asked before', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const asked = new Overflow();
        const unasked = new Overflow();
        let latest = 0;
        for (const { bucket, host, firstPort, ports, slides } of steps) {
          latest = Math.max(latest, bucket);
          for (const overflow of [asked, unasked]) {
            for (let port = firstPort; port < firstPort + ports; port++)
              overflow.add(contact(host, port), false, bucket * BUCKET_US);
            if (slides) overflow.slide(latest * BUCKET_US);
          }
          countsOf(asked);
        }
        expect(countsOf(asked)).toEqual(countsOf(unasked));
      }),
      { numRuns: 60 },
    );
  });
});
