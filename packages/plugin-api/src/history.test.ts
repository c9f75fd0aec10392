import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Histories, SCANNER_AT } from './history.js';

const target = (number: number) => String.fromCharCode(198, 51, number >> 8, number & 0xff);

describe('Histories', () => {
  it('calls a source whose contacts fail a scanner and one whose contacts succeed benign', () => {
    const histories = new Histories(16);
    const bad = histories.note('bad', target(1), 6, 80, false, true, 1);
    for (let i = 2; i < 6; i++) histories.note('bad', target(i), 6, 80, false, true, i);
    const good = histories.note('good', target(1), 6, 80, true, false, 1);
    for (let i = 2; i < 6; i++) histories.note('good', target(i), 6, 80, true, false, i);
    expect(histories.likelihood(bad)).toBeGreaterThan(SCANNER_AT);
    expect(histories.likelihood(good)).toBeLessThan(0);
  });

  it('counts distinct failed contacts inside a horizon', () => {
    const histories = new Histories(16);
    let record = -1;
    for (let i = 0; i < 100; i++)
      record = histories.note('s', target(i % 50), 6, 22, false, false, i * 10);
    expect(histories.summarize(record, 10_000, 1000).failed).toBe(50);
    expect(histories.summarize(record, 95, 1000).failed).toBe(9);
  });

  it('forgets what a faster detector has dealt with', () => {
    const histories = new Histories(16);
    let record = -1;
    for (let i = 0; i < 30; i++) record = histories.note('s', target(i), 6, 22, false, false, i);
    histories.noteFast(record, 20);
    expect(histories.summarize(record, 1000, 30).failed).toBe(10);
  });

  it('forgets benign sources first, keeps the scanner, and counts what it forgot', () => {
    const histories = new Histories(64);
    for (let i = 0; i < 20; i++) histories.note('scanner', target(i), 6, 445, false, true, i);
    for (let i = 0; i < 5_000; i++)
      histories.note(`visitor ${i}`, target(1), 6, 443, true, false, 20 + i);
    expect(histories.size).toBe(64);
    expect(histories.forgottenSources).toBe(5_001 - 64);
    const record = histories.find('scanner');
    expect(record).not.toBe(-1);
    expect(histories.summarize(record, 100_000, 6_000).failed).toBe(20);
  });

  it('bounds the contacts of one source', () => {
    const histories = new Histories(4, 100);
    let record = -1;
    for (let i = 0; i < 3_000; i++) record = histories.note('s', target(i), 6, 22, false, false, i);
    expect(histories.failedCount(record)).toBe(1024);
    expect(histories.forgottenContacts).toBe(3_000 - 1024);
  });

  it('finds every source it has room for, and its contacts, after it has grown', () => {
    const histories = new Histories(10_000);
    for (let i = 0; i < 10_000; i++)
      histories.note(`s ${i}`, target(i & 0xffff), 6, i & 0xffff, false, true, i);
    expect([histories.size, histories.forgottenSources]).toEqual([10_000, 0]);
    for (let i = 0; i < 10_000; i += 7) {
      const record = histories.find(`s ${i}`);
      expect(histories.summarize(record, 1, i).ports).toEqual([i & 0xffff]);
    }
  });

  it('refuses to remember nobody', () => {
    expect(() => new Histories(Number.NaN)).toThrow(RangeError);
  });

  it('goes on identically from its packed form, also while it forgets', () => {
    const step = fc.tuple(fc.nat(40), fc.nat(60), fc.boolean(), fc.boolean());
    const apply = (histories: Histories, steps: [number, number, boolean, boolean][]) =>
      steps.map(([source, to, served, silent], second) => {
        const record = histories.note(`s${source}`, target(to), 6, to, served, silent, second);
        if (silent) histories.noteRepeat(record);
        return [record, histories.likelihood(record), histories.summarize(record, 50, second)];
      });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), fc.array(step), (first, second) => {
        const whole = new Histories(16);
        apply(whole, first);
        const restored = Histories.unpack(whole.pack());
        expect(apply(restored, second)).toEqual(apply(whole, second));
        expect(restored.pack()).toEqual(whole.pack());
      }),
    );
  });

  it('refuses a packed form whose chains leave the arrays or bite their tails', () => {
    const histories = new Histories(16);
    for (let i = 0; i < 40; i++) histories.note('s', target(i), 6, i, false, false, i);
    const packed = histories.pack();
    const cyclic = { ...packed, nextBlock: Int32Array.from(packed.nextBlock).fill(1) };
    const outside = { ...packed, head: Int32Array.of(99) };
    for (const bad of [cyclic, outside, { ...packed, names: [] }, null, 5])
      expect(() => Histories.unpack(bad)).toThrow(RangeError);
  });
});
