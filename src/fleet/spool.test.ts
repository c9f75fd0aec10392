import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Spool } from './spool.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'picket-spool-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const batch = (number: number, size = 4): Uint8Array => new Uint8Array(size).fill(number);
function take(spool: Spool, count = Number.POSITIVE_INFINITY): number[] {
  const taken: number[] = [];
  while (taken.length < count) {
    const records = spool.peek(Math.min(3, count - taken.length));
    if (records.length === 0) break;
    taken.push(...records.map(({ bytes }) => bytes[0]));
    spool.shift(records.length);
  }
  return taken;
}

describe('spool', () => {
  it('gives back in order what it was given, and leaves nothing', () => {
    const spool = new Spool(folder, 1000);
    for (let number = 0; number < 20; number++) spool.push(number % 3, batch(number));
    expect(spool.peek(1)).toMatchObject([{ shard: 0 }]);
    expect(take(spool)).toEqual(Array.from({ length: 20 }, (_, number) => number));
    expect(spool.isEmpty).toBe(true);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('gives up the oldest when it is full, and counts them', () => {
    const spool = new Spool(folder, 240);
    for (let number = 0; number < 100; number++) spool.push(0, batch(number));
    const { spool_dropped_batches: dropped, spool_bytes: bytes } = spool.stats();
    expect(bytes).toBeLessThanOrEqual(240);
    const taken = take(spool);
    expect(taken.length + dropped).toBe(100);
    expect(taken[taken.length - 1]).toBe(99);
    expect(taken).toEqual(Array.from(taken, (_, index) => 100 - taken.length + index));
    spool.push(0, batch(1, 500));
    expect(spool.stats().spool_dropped_batches).toBe(dropped + 1);
    expect(spool.isEmpty).toBe(true);
  });

  it('is read by the next run, without the record that was being written', () => {
    const spool = new Spool(folder, 10_000);
    for (let number = 0; number < 5; number++) spool.push(2, batch(number));
    expect(take(spool, 2)).toEqual([0, 1]);
    const [file] = readdirSync(folder);
    appendFileSync(join(folder, file), Buffer.of(200, 0, 0, 0, 1, 0, 0, 0, 9));
    // What was taken of a file that was not finished comes again: it is refused as a copy.
    expect(take(new Spool(folder, 10_000))).toEqual([0, 1, 2, 3, 4]);
  });

  it('counts what the disk does not take, and goes on when it does again', () => {
    const spool = new Spool(folder, 10_000);
    spool.push(0, batch(1));
    rmSync(folder, { recursive: true });
    spool.push(0, batch(2));
    spool.pushFront([{ shard: 0, bytes: batch(0) }]);
    expect(spool.stats()).toMatchObject({ spool_dropped_batches: 2, spool_disk_errors: 2 });
    mkdirSync(folder);
    spool.push(0, batch(3));
    // The first went with its file.
    expect(take(spool)).toEqual([3]);
    expect(spool.stats()).toMatchObject({ spool_dropped_batches: 3, spool_disk_errors: 3 });
  });

  it('lets a cut record spoil nothing that is written after it', () => {
    const spool = new Spool(folder, 10_000);
    spool.push(0, batch(1));
    const [file] = readdirSync(folder);
    appendFileSync(join(folder, file), Buffer.of(200, 0, 0));
    rmSync(folder, { recursive: true });
    spool.push(0, batch(2));
    mkdirSync(folder);
    for (const number of [3, 4]) spool.push(0, batch(number));
    expect(take(spool)).toEqual([3, 4]);
  });

  it('takes what was never sent back in front', () => {
    const spool = new Spool(folder, 1000);
    for (const number of [5, 6]) spool.push(0, batch(number));
    spool.pushFront([3, 4].map((number) => ({ shard: 0, bytes: batch(number) })));
    spool.push(0, batch(7));
    expect(take(new Spool(folder, 1000))).toEqual([3, 4, 5, 6, 7]);
  });

  it('keeps order however pushes and takes meet', () => {
    const steps = fc.array(fc.oneof(fc.constant('push' as const), fc.constant('take' as const)), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(steps, (all) => {
        const spool = new Spool(mkdtempSync(join(folder, 'x')), 400);
        const expected: number[] = [];
        let pushed = 0;
        for (const step of all) {
          if (step === 'push') {
            expected.push(pushed);
            spool.push(0, batch(pushed++));
          } else {
            const dropped = spool.stats().spool_dropped_batches;
            expected.splice(0, expected.length - spool.stats().spool_batches);
            expect(take(spool, 1)[0]).toBe(expected.shift());
            expect(spool.stats().spool_dropped_batches).toBe(dropped);
          }
        }
      }),
      { numRuns: 50 },
    );
  });
});
