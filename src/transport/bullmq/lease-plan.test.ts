import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Member, planLeases } from './lease-plan.js';

const ALL = Array.from({ length: 16 }, (_, index) => String(index));
const free = new Map<string, string | null>(ALL.map((id) => [id, null]));
const loadsOf = (plan: Map<string, string>): Map<string, number> => {
  const loads = new Map<string, number>();
  for (const id of plan.values()) loads.set(id, (loads.get(id) ?? 0) + 1);
  return loads;
};
const anyone = (...ids: string[]): Member[] => ids.map((id) => ({ id, partitions: ALL }));

describe('lease plan', () => {
  it('gives everything to the only worker', () => {
    expect(loadsOf(planLeases(anyone('a'), free))).toEqual(new Map([['a', 16]]));
  });

  it('moves no more leases to a newcomer than it needs', () => {
    const owners = planLeases(anyone('a'), free);
    const plan = planLeases(anyone('a', 'b'), owners);
    expect(loadsOf(plan)).toEqual(
      new Map([
        ['a', 8],
        ['b', 8],
      ]),
    );
    const again = planLeases(anyone('a', 'b'), plan);
    expect(again).toEqual(plan);
  });

  it('gives a dead owner’s leases to the living', () => {
    const owners = planLeases(anyone('a', 'b'), free);
    const plan = planLeases(anyone('b'), owners);
    expect([...plan.values()].every((id) => id === 'b')).toBe(true);
  });

  it('balances, asks only the willing and leaves nothing, whoever is there', () => {
    const members = fc.uniqueArray(fc.integer({ min: 0, max: 12 }), { minLength: 1 });
    const owners = fc.array(fc.option(fc.integer({ min: 0, max: 15 })), {
      minLength: 16,
      maxLength: 16,
    });
    fc.assert(
      fc.property(members, owners, (ids, held) => {
        const before = new Map(ALL.map((id, index) => [id, held[index]?.toString() ?? null]));
        const plan = planLeases(anyone(...ids.map(String)), before);
        expect(plan.size).toBe(16);
        const loads = ids.map((id) => loadsOf(plan).get(String(id)) ?? 0);
        expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('keeps to what each is willing to hold', () => {
    const plan = planLeases(
      [
        { id: 'a', partitions: ['0', '1'] },
        { id: 'b', partitions: ['1', '2'] },
      ],
      free,
    );
    expect(plan.size).toBe(3);
    expect(plan.get('0')).toBe('a');
    expect(plan.get('2')).toBe('b');
  });
});
