import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SequenceGate, type Sequenced } from './sequence-gate.js';

const item = (sequence: number, previous = sequence - 1, source = 'a'): Sequenced => ({
  source,
  sequence,
  previous,
});
const passed = (gate: SequenceGate<Sequenced>, items: Sequenced[]): number[] =>
  items.flatMap((one) => [...gate.admit(one)].map(({ sequence }) => sequence));

describe('sequence gate', () => {
  it('passes a source in order and refuses copies', () => {
    const gate = new SequenceGate<Sequenced>();
    expect(passed(gate, [item(0), item(1), item(1), item(0), item(2)])).toEqual([0, 1, 2]);
    expect(gate.counters).toEqual({ duplicates: 2, gaps: 0 });
  });

  it('holds what came too early until what was before it comes', () => {
    const gate = new SequenceGate<Sequenced>();
    expect(passed(gate, [item(2), item(1)])).toEqual([]);
    expect(gate.heldCount).toBe(2);
    expect(passed(gate, [item(0)])).toEqual([0, 1, 2]);
    expect(gate.heldCount).toBe(0);
  });

  it('does not wait for what its publisher gave up', () => {
    const gate = new SequenceGate<Sequenced>();
    expect(passed(gate, [item(0), item(5, 0), item(6)])).toEqual([0, 5, 6]);
    expect(gate.counters.gaps).toBe(0);
  });

  it('goes on without what never came, and counts it', () => {
    const gate = new SequenceGate<Sequenced>();
    expect(passed(gate, [item(0), item(3), item(2)])).toEqual([0]);
    expect([...gate.giveUpWaiting()].map(({ sequence }) => sequence)).toEqual([2, 3]);
    expect(gate.counters).toEqual({ duplicates: 0, gaps: 1 });
    expect(passed(gate, [item(1)])).toEqual([]);
  });

  it('goes on from remembered positions', () => {
    const before = new SequenceGate<Sequenced>();
    passed(before, [item(0), item(1), item(0, -1, 'b')]);
    const gate = new SequenceGate<Sequenced>(before.positions());
    expect(passed(gate, [item(1), item(0, -1, 'b'), item(2)])).toEqual([2]);
  });

  it('passes everything once and in order, however it is shuffled and repeated', () => {
    const arrivals = fc
      .record({ count: fc.integer({ min: 1, max: 30 }), seed: fc.array(fc.nat(1000)) })
      .chain(({ count, seed }) => {
        const copies = seed.map((value) => value % count);
        const all = [...Array.from({ length: count }, (_, index) => index), ...copies];
        return fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length });
      });
    fc.assert(
      fc.property(arrivals, (order) => {
        const gate = new SequenceGate<Sequenced>();
        const count = new Set(order).size;
        expect(
          passed(
            gate,
            order.map((sequence) => item(sequence)),
          ),
        ).toEqual(Array.from({ length: count }, (_, index) => index));
        expect(gate.heldCount).toBe(0);
      }),
    );
  });
});
