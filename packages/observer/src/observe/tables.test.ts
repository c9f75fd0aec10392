/** The tables under the observer, each at and over its capacity. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HLL_REGISTERS, NO_SIGNATURE } from '../../../plugin-api/src/batch-layout.js';
import { Sketch } from '../../../plugin-api/src/sketch.js';
import { finish, HASH_SEED, mix } from '../base/hash.js';
import { Packet, TcpFlags, Transport } from '../decode/packet.js';
import { parseHomeNet } from '../home-net-text.js';
import { AddressIndex, keyedHash, NONE, PROBES_MAX } from './address-index.js';
import { AddressSets } from './address-sets.js';
import { Contacts } from './contacts.js';
import { FlowState, Flows } from './flows.js';
import { HomeNets } from './home-nets.js';
import { Signatures } from './signatures.js';
import { NO_SKETCH, REFUSED_SKETCH, Sketches } from './sketches.js';

const MAPPED = 0xffff;
const find = (index: AddressIndex, key: number, address: number): number =>
  index.find(keyedHash(key, 0, 0, MAPPED, address), key, 0, 0, MAPPED, address);
const add = (index: AddressIndex, key: number, address: number): number =>
  index.add(keyedHash(key, 0, 0, MAPPED, address), key, 0, 0, MAPPED, address);

describe('AddressIndex', () => {
  it('finds what was added, and nothing else, until it is cleared', () => {
    const entry = fc.tuple(fc.integer({ min: -2, max: 2 }), fc.integer({ min: -9, max: 9 }));
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 60 }), (entries) => {
        const index = new AddressIndex(64);
        const known = new Map<string, number>();
        for (const [key, address] of entries) {
          const expected = known.get(`${key} ${address}`) ?? NONE;
          expect(find(index, key, address)).toBe(expected);
          if (expected === NONE) known.set(`${key} ${address}`, add(index, key, address));
        }
        expect([...known.values()]).toEqual([...known.keys()].map((_, number) => number));
        index.clear();
        for (const [key, address] of entries) expect(find(index, key, address)).toBe(NONE);
      }),
    );
  });

  it.each([0, 1, 3, 64])('takes %i entries and refuses the next', (capacity) => {
    const index = new AddressIndex(capacity);
    for (let address = 0; address < capacity; address++)
      expect(add(index, 0, address)).toBe(address);
    expect(add(index, 0, -1)).toBe(NONE);
    expect(find(index, 0, -1)).toBe(NONE);
    expect(index.refused).toBe(1);
  });

  it('refuses who crafts addresses to collide, and still finds the others', () => {
    const index = new AddressIndex(4096);
    for (let i = 0; i < PROBES_MAX; i++) expect(index.add(7, 0, 0, 0, MAPPED, i)).toBe(i);
    expect(index.add(7, 0, 0, 0, MAPPED, -5)).toBe(NONE);
    expect(index.find(7, 0, 0, 0, MAPPED, -5)).toBe(NONE);
    expect(index.find(7, 0, 0, 0, MAPPED, PROBES_MAX - 1)).toBe(PROBES_MAX - 1);
    expect(add(index, 0, 1)).toBe(PROBES_MAX);
  });

  it('reaches its capacity with addresses in a row', () => {
    const index = new AddressIndex(65_536);
    for (let i = 0; i < 65_536; i++) add(index, 0, (10 << 24) + i);
    expect(index.refused).toBe(0);
  });
});

describe('AddressSets', () => {
  it('keeps the sets of two owners apart, each in order', () => {
    const sets = new AddressSets(16);
    const last = [NONE, NONE];
    for (let i = 0; i < 6; i++) {
      const owner = i % 2;
      last[owner] = sets.append(99, owner, 0, 0, MAPPED, i, i >> 1, last[owner]);
    }
    expect(sets.find(99, 0, 0, 0, MAPPED, 1)).toBe(NONE);
    expect(sets.find(99, 1, 0, 0, MAPPED, 1)).toBe(1);
    expect([0, sets.next[0], sets.next[2], sets.next[4]]).toEqual([0, 2, 4, NONE]);
    expect(sets.ordinal[4]).toBe(2);
  });
});

describe('Contacts', () => {
  it('takes as many as it holds', () => {
    const contacts = new Contacts(8);
    for (let port = 0; port < 8; port++) expect(contacts.add(1, port, 0)).toBe(port);
    expect(contacts.add(1, 8, 0)).toBe(NONE);
    expect(contacts.find(1, 7)).toBe(7);
    expect(contacts.find(2, 7)).toBe(NONE);
    expect(contacts.refused).toBe(1);
  });
});

describe('Flows', () => {
  const NOW = 1e15;
  const seek = (flows: Flows, from: number, to: number, protocol = 6, key = 0): void =>
    flows.seek(0, 0, MAPPED, from, 1000, 0, 0, MAPPED, to, 80, protocol, key);
  const seekBack = (flows: Flows, from: number, to: number): void =>
    flows.seek(0, 0, MAPPED, from, 80, 0, 0, MAPPED, to, 1000, 6, 0);

  it('finds a conversation from either side, and says which side it is', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer(), (one, two) => {
        const flows = new Flows(64);
        seek(flows, one, two);
        const low = flows.sourceLow;
        const put = flows.put(NOW, FlowState.inbound);
        seekBack(flows, two, one);
        expect(flows.find(NOW)).toBe(put);
        expect(flows.sourceLow).toBe(!low);
      }),
    );
  });

  it('keeps protocols and tunnels apart', () => {
    const flows = new Flows(64);
    seek(flows, 1, 2);
    flows.put(NOW, FlowState.inbound);
    for (const [protocol, key] of [
      [17, 0],
      [6, 1],
    ]) {
      seek(flows, 1, 2, protocol, key);
      expect(flows.find(NOW)).toBe(NONE);
    }
  });

  it.each([
    ['TCP after an hour', 6, 3_600_000_000],
    ['others after two minutes', 17, 120_000_000],
  ])('forgets %s of silence', (_, protocol, timeoutUs) => {
    const flows = new Flows(64);
    seek(flows, 1, 2, protocol);
    const flow = flows.put(NOW, FlowState.inbound);
    expect(flows.find(NOW + timeoutUs)).toBe(flow);
    expect(flows.find(NOW + 2 * timeoutUs)).toBe(flow);
    expect(flows.find(NOW + 3 * timeoutUs + 1)).toBe(NONE);
    expect(flows.find(NOW)).toBe(NONE);
  });

  it('gives up the oldest of a full set, and counts it', () => {
    const flows = new Flows(4);
    for (const target of [1, 2, 3, 4]) {
      seek(flows, 9, target);
      flows.put(NOW + target, FlowState.inbound);
    }
    expect(flows.evicted).toBe(0);
    seek(flows, 9, 1);
    flows.find(NOW + 10);
    seek(flows, 9, 5);
    flows.put(NOW + 11, FlowState.inbound);
    expect(flows.evicted).toBe(1);
    const found = [1, 2, 3, 4, 5].filter((target) => {
      seek(flows, 9, target);
      return flows.find(NOW + 12) !== NONE;
    });
    expect(found).toEqual([1, 3, 4, 5]);
  });

  it('puts a conversation in the place it has', () => {
    const flows = new Flows(4);
    for (const target of [1, 2, 3, 4]) {
      seek(flows, 9, target);
      flows.put(NOW, FlowState.inbound);
    }
    seek(flows, 9, 3);
    const flow = flows.find(NOW);
    flows.responderNext[flow] = 77;
    expect(flows.put(NOW, FlowState.outbound)).toBe(flow);
    expect(flows.responderNext[flow]).toBe(0);
    expect(flows.evicted).toBe(0);
  });
});

describe('Sketches', () => {
  it.each([1, 10, 100, 1000, 10_000, 200_000])(
    'estimates %i elements within four standard errors',
    (count) => {
      const sketches = new Sketches(1);
      const sketch = sketches.take();
      for (let i = 0; i < count; i++) sketches.add(sketch, finish(mix(HASH_SEED, i)));
      const merged = new Sketch();
      merged.merge(sketches.bytes(sketch));
      const errorMax = Math.max(4 * (1.04 / Math.sqrt(HLL_REGISTERS)) * count, 0.5);
      expect(Math.abs(merged.estimate() - count)).toBeLessThan(errorMax);
    },
  );

  it('writes the registers that the judging side would', () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { maxLength: 200 }), (hashes) => {
        const sketches = new Sketches(2);
        sketches.take();
        const sketch = sketches.take();
        const other = new Sketch();
        for (const hash of [...hashes, 0, -1, 1 << 21]) {
          sketches.add(sketch, hash);
          other.add(hash);
        }
        expect(Buffer.from(sketches.bytes(sketch)).equals(other.registers)).toBe(true);
        expect(sketches.bytes(0).every((register) => register === 0)).toBe(true);
      }),
    );
  });

  it('refuses beyond its capacity, and hands out clean ones after a clear', () => {
    const sketches = new Sketches(1);
    sketches.add(sketches.take(), 12_345);
    expect(sketches.take()).toBe(REFUSED_SKETCH);
    expect(sketches.refused).toBe(1);
    for (const none of [NO_SKETCH, REFUSED_SKETCH]) sketches.add(none, 1);
    sketches.clear();
    expect(sketches.bytes(sketches.take()).every((register) => register === 0)).toBe(true);
  });
});

describe('Signatures', () => {
  const packet = (tcpWindow: number): Packet =>
    Object.assign(new Packet(), {
      ipVersion: 4,
      transport: Transport.tcp,
      tcpFlags: TcpFlags.syn,
      ttl: 50,
      tcpWindow,
    });

  it('numbers distinct ones and hands out their bytes', () => {
    const signatures = new Signatures(8);
    expect([1, 2, 1, 1, 2].map((window) => signatures.of(packet(window)))).toEqual([0, 1, 0, 0, 1]);
    expect(signatures.bytes(0)).not.toEqual(signatures.bytes(1));
    signatures.clear();
    expect(signatures.of(packet(2))).toBe(0);
  });

  it('counts a SYN without one when the pool is full, and still knows the others', () => {
    const signatures = new Signatures(2);
    expect([1, 2, 3, 3, 2].map((window) => signatures.of(packet(window)))).toEqual([
      0,
      1,
      NO_SIGNATURE,
      NO_SIGNATURE,
      1,
    ]);
    expect(signatures.refused).toBe(2);
  });
});

describe('HomeNets', () => {
  const nets = new HomeNets(['192.0.2.0/24', '2001:db8::/33', '203.0.113.7'].map(parseHomeNet));
  it.each([
    ['192.0.2.255', true],
    ['192.0.3.0', false],
    ['203.0.113.7', true],
    ['203.0.113.6', false],
    ['2001:db8:7fff::1', true],
    ['2001:db8:8000::1', false],
    ['::1', false],
  ])('%s: %s', (address, expected) => {
    expect(nets.contains(...parseHomeNet(address).words)).toBe(expected);
  });

  it('may be everything, or nothing', () => {
    expect(new HomeNets([parseHomeNet('::/0')]).contains(1, 2, 3, 4)).toBe(true);
    expect(new HomeNets([]).contains(0, 0, MAPPED, 1)).toBe(false);
  });
});
