import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StateCodec } from './state-codec.js';

class Point {
  x = 0;
  label: string | null = null;
  readonly seen = new Map<string, number>();
}
class Capped {
  constructor(readonly values: number[]) {}
}
const origin = { name: 'origin' };
const codec = new StateCodec(
  [
    { name: 'Point', sample: new Point() },
    {
      name: 'Capped',
      sample: new Capped([]),
      pack: ({ values }: Capped) => values.slice(0, 2),
      unpack: (packed) => new Capped(packed as number[]),
    },
  ],
  [origin],
);
const roundTrip = (state: unknown) => codec.decode(codec.encode(state));

describe('state codec', () => {
  it('gives back classes, maps, sets, numbers and bytes', () => {
    const point = new Point();
    point.x = -0.5;
    point.seen.set('a', Number.NEGATIVE_INFINITY);
    const state = {
      point,
      set: new Set(['x', 'y']),
      counters: Float64Array.of(1, 2 ** 53),
      bytes: Uint8Array.of(1, 255),
      big: [2 ** 53 - 1, -1, 2 ** 32],
      nothing: null,
    };
    const read = roundTrip(state) as typeof state;
    expect(read).toEqual(state);
    expect(read.point).toBeInstanceOf(Point);
    expect(Object.getPrototypeOf(read.bytes)).toBe(Uint8Array.prototype);
  });

  it('keeps shared objects shared and constants the same', () => {
    const point = new Point();
    const read = roundTrip([point, point, { of: point }, origin]) as [Point, Point, { of: Point }];
    expect(read[1]).toBe(read[0]);
    expect(read[2].of).toBe(read[0]);
    expect(read[3 as never]).toBe(origin);
  });

  it('keeps keys that are no well-formed text', () => {
    const key = String.fromCharCode(6, 0xd800, 0xdfff, 0xdc00);
    const read = roundTrip(new Map([[key, 1]])) as Map<string, number>;
    expect([...read.keys()]).toEqual([key]);
  });

  it('writes of a class what it packs', () => {
    const read = roundTrip([new Capped([1, 2, 3]), new Capped([])]) as Capped[];
    expect(read[0]).toBeInstanceOf(Capped);
    expect(read[0].values).toEqual([1, 2]);
  });

  it('refuses what it was not told of', () => {
    expect(() => codec.encode(new (class Other {})())).toThrow(/unlisted Other/);
    expect(() => codec.encode([undefined])).toThrow(/undefined/);
  });

  it('refuses an instance whose fields are not those of the class now', () => {
    const older = new StateCodec([{ name: 'Point', sample: new (class Point2 {})() }]);
    class Point2 {}
    const bytes = new StateCodec([{ name: 'Point', sample: new Point2() }]).encode(new Point2());
    expect(() => codec.decode(bytes)).toThrow(RangeError);
    expect(older.decode(bytes)).toBeDefined();
    const wrong = Object.assign(new Point(), { x: 'text' });
    expect(() => roundTrip(wrong)).toThrow(/Point.x/);
  });

  it('gives back -0 as 0, which no state tells apart', () => {
    expect(roundTrip([-0, { x: -0 }])).toEqual([0, { x: 0 }]);
  });

  it('gives back any state, whatever its keys', () => {
    const key = fc.array(fc.nat(0xffff), { maxLength: 4 }).map((u) => String.fromCharCode(...u));
    // -0 comes back as 0, as the codec says.
    const number = fc.double({ noNaN: true }).map((value) => value + 0);
    const leaf = fc.oneof(key, number, fc.boolean(), fc.constant(null));
    const tree = fc.letrec((tie) => ({
      node: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc.array(tie('node'), { maxLength: 4 }),
        fc.array(fc.tuple(key, tie('node')), { maxLength: 4 }).map((pairs) => new Map(pairs)),
        fc.array(key, { maxLength: 4 }).map((keys) => new Set(keys)),
      ),
    }));
    fc.assert(
      fc.property(tree.node, (state) => {
        expect(roundTrip(state)).toEqual(state);
      }),
    );
  });

  it('reads any bytes or throws a RangeError', () => {
    const whole = codec.encode({ point: new Point(), list: [1, 'two', new Set([3])] });
    const damaged = fc.tuple(fc.nat(whole.length - 1), fc.nat(255)).map(([at, value]) => {
      const bytes = Uint8Array.from(whole);
      bytes[at] = value;
      return bytes;
    });
    fc.assert(
      fc.property(fc.oneof(damaged, fc.uint8Array()), (bytes) => {
        try {
          codec.decode(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
