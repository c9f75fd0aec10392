import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Contact } from './contact.js';
import { BUCKET_US, Overflow } from './overflow.js';

const step = fc.record({
  /** Epochs come out of order now and then: late sensors. */
  bucket: fc.nat(9),
  host: fc.nat(2),
  firstPort: fc.nat(60_000),
  ports: fc.nat(40),
  slides: fc.boolean(),
});

const targetOf = (host: number): string => String.fromCharCode(198, 51, 100, host);

function contact(host: number, port: number): Contact {
  return {
    target: targetOf(host),
    protocol: 6,
    port,
    kinds: 1,
    outcome: 0,
    packets: 1,
    firstUs: 0,
    lastUs: 0,
    ttl: 0,
    tuple: 0,
    packetsBefore: 0,
    remembered: 0,
  };
}

function countsOf(overflow: Overflow) {
  return {
    targets: overflow.targets(new Set()),
    pairs: overflow.pairs([contact(7, 7)]),
    ports: overflow.ports(new Set([7])),
    deep: [0, 1, 2, 3].map((host) => overflow.portsOf(targetOf(host), [])),
  };
}

describe('Overflow', () => {
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
