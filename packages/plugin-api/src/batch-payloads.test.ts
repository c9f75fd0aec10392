import { pack } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import { decodeBatch } from './batch.js';
import {
  CoverageField,
  FIND_SIZE,
  FINDS_PER_SOURCE_MAX,
  HIT_SIZE,
  HITS_PER_SOURCE_MAX,
  LAYOUT_VERSION,
  SAMPLE_SIZE_MAX,
  SAMPLES_PER_SOURCE_MAX,
  SourceCounter,
} from './batch-layout.js';

type Sample = [targetIndex: number, port: number, bytes: Buffer];

const zeros = (table: object) => new Array<number>(Object.keys(table).length).fill(0);

/** A hit of the target with this index. */
function hit(targetIndex: number): Buffer {
  const record = Buffer.alloc(HIT_SIZE);
  record.writeUInt16LE(targetIndex, 4);
  return record;
}

/** A batch of one source with one target. */
function batch(hits: Buffer, samples: Sample[], finds = Buffer.alloc(0)): Uint8Array {
  const source = [
    ...[0, Buffer.of(203, 0, 113, 9), 0, 0, zeros(SourceCounter), []],
    ...[Buffer.of(198, 51, 100, 1), Buffer.alloc(0), null, null, null, [], 0, 0, 0, 0, 0, 0],
    ...[hits, samples, finds, 3],
  ];
  const head = [LAYOUT_VERSION, 'sensor', 0, 1, 0, 1, 0, 1_000_000, zeros(CoverageField), []];
  return pack([...head, [source], Buffer.alloc(0), [], []]);
}

describe('decodeBatch, finds', () => {
  it('reads whole records, a bounded number of them', () => {
    const [source] = decodeBatch(batch(hit(0), [], Buffer.alloc(2 * FIND_SIZE))).sources;
    expect(source.finds).toHaveLength(2 * FIND_SIZE);
    expect(source.findsMissed).toBe(3);
    for (const size of [FIND_SIZE - 1, (FINDS_PER_SOURCE_MAX + 1) * FIND_SIZE])
      expect(() => decodeBatch(batch(hit(0), [], Buffer.alloc(size)))).toThrow(RangeError);
  });
});

describe('decodeBatch, payloads', () => {
  it('reads hits and samples', () => {
    const [source] = decodeBatch(batch(hit(0), [[0, 443, Buffer.from('hello')]])).sources;
    expect(source.hits).toHaveLength(HIT_SIZE);
    expect(source.samples).toHaveLength(1);
    expect(source.samples[0]).toMatchObject({ targetIndex: 0, port: 443 });
    expect(Buffer.from(source.samples[0].bytes).toString()).toBe('hello');
  });

  const manySamples = new Array<Sample>(SAMPLES_PER_SOURCE_MAX + 1).fill([0, 1, Buffer.alloc(1)]);
  const manyHits = Buffer.alloc((HITS_PER_SOURCE_MAX + 1) * HIT_SIZE);
  it.each<[string, Buffer, Sample[]]>([
    ['hits that are not whole records', Buffer.alloc(HIT_SIZE + 1), []],
    ['a hit that names no target', hit(1), []],
    ['too many hits', manyHits, []],
    ['a sample that names no target', hit(0), [[1, 1, Buffer.alloc(1)]]],
    ['a port beyond 16 bits', hit(0), [[0, 0x10000, Buffer.alloc(1)]]],
    ['a sample that is too long', hit(0), [[0, 1, Buffer.alloc(SAMPLE_SIZE_MAX + 1)]]],
    ['too many samples', hit(0), manySamples],
  ])('refuses %s', (_, hits, samples) => {
    expect(() => decodeBatch(batch(hits, samples))).toThrow(RangeError);
  });
});
