import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PORT_PAGE_SIZE, PortPage } from './batch-layout.js';
import { bitOfService, pageOfService, PortSet, type PortsOfPage } from './port-set.js';

const TCP = 6 << 16;

const service = fc.oneof(
  fc.tuple(fc.constantFrom(6, 17, 132), fc.integer({ min: 0, max: 0xffff })),
  fc.tuple(fc.constantFrom(1, 58), fc.integer({ min: 0, max: 0xff })),
  fc.tuple(fc.integer({ min: 0, max: 0xff }), fc.constant(0)),
);
const services = fc.array(
  service.map(([protocol, port]) => (protocol << 16) | port),
  { maxLength: 450, size: 'max' },
);

/** As an observer writes it: ports one by one, or `asBitmap`. */
function written(all: readonly number[], asBitmap: boolean): PortsOfPage[] {
  const bits = new Map<number, number[]>();
  for (const one of all)
    bits.set(pageOfService(one), [...(bits.get(pageOfService(one)) ?? []), bitOfService(one)]);
  return [...bits].map(([page, set]) => {
    const bitmap = new Uint8Array(PORT_PAGE_SIZE);
    for (const bit of set) bitmap[bit >>> 3] |= 1 << (bit & 7);
    const ports = Uint8Array.from(set.flatMap((bit) => [bit & 0xff, bit >>> 8]));
    return { page, bytes: asBitmap ? bitmap : ports };
  });
}

describe('PortSet', () => {
  it('knows every service from every other', () => {
    fc.assert(
      fc.property(service, service, (one, other) => {
        const [a, b] = [one, other].map(([protocol, port]) => (protocol << 16) | port);
        const isSame = pageOfService(a) === pageOfService(b) && bitOfService(a) === bitOfService(b);
        expect(isSame).toBe(a === b);
      }),
    );
  });

  it('counts what a set of numbers does, whichever way it is told', () => {
    fc.assert(
      fc.property(
        services,
        services,
        services,
        fc.boolean(),
        (added, merged, absorbed, asBitmap) => {
          const set = new PortSet();
          const other = new PortSet();
          for (const one of absorbed) other.add(one);
          for (const one of added) set.add(one);
          for (let times = 0; times < 2; times++) {
            set.merge(written(merged, asBitmap));
            set.absorb(other);
          }
          expect(set.size).toBe(new Set([...added, ...merged, ...absorbed]).size);
          expect(other.size).toBe(new Set(absorbed).size);
          expect(new Set(set.services())).toEqual(new Set([...added, ...merged, ...absorbed]));
          expect(set.services()).toHaveLength(set.size);
        },
      ),
    );
  });

  it('holds all ports of a protocol, and is empty again after a clear', () => {
    const set = new PortSet();
    set.merge([{ page: PortPage.tcp, bytes: new Uint8Array(PORT_PAGE_SIZE).fill(0xff) }]);
    set.add(TCP | 443);
    expect(set.size).toBe(65_536);
    set.clear();
    expect(set.size).toBe(0);
    set.add(TCP | 443);
    expect(set.size).toBe(1);
  });
});
