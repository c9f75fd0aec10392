import { spawnSync } from 'node:child_process';
import { constants, gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { CompressionDamage, compressionOf, decompress } from './decompress.js';

/** Of a kind that compresses about by half, so that the stream has many blocks. */
const plain = Buffer.from(
  Array.from({ length: 300_000 }, (_, i) => (Math.imul(i, 2654435761) >>> 13) & 0x1f),
);
const hasZstd = spawnSync('zstd', ['--version']).status === 0;
const zstd = hasZstd
  ? spawnSync('zstd', ['-c'], { input: plain, maxBuffer: 2 ** 24 }).stdout
  : plain;

async function* chunksOf(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function collect(compressed: Uint8Array, size = 7919) {
  const compression = compressionOf(compressed);
  if (!compression) throw new Error('not compressed');
  const chunks: Uint8Array[] = [];
  let failure: unknown;
  try {
    for await (const chunk of decompress(compression, chunksOf(compressed, size))) {
      chunks.push(Uint8Array.from(chunk));
    }
  } catch (error) {
    failure = error;
  }
  return { bytes: Buffer.concat(chunks), failure };
}

const kinds: [string, Buffer][] = [['gzip', gzipSync(plain)]];
if (hasZstd) kinds.push(['zstd', zstd]);

describe.each(kinds)('%s', (_, compressed) => {
  it.each([1000, 65_536, 10_000_000])('decompresses chunks of %i bytes', async (size) => {
    const { bytes, failure } = await collect(compressed, size);
    expect(failure).toBeUndefined();
    expect(bytes.equals(plain)).toBe(true);
  });

  it('decompresses several streams after one another', async () => {
    const { bytes, failure } = await collect(Buffer.concat([compressed, compressed]));
    expect(failure).toBeUndefined();
    expect(bytes.equals(Buffer.concat([plain, plain]))).toBe(true);
  });

  it('says that it was cut, after everything before the cut', async () => {
    const { bytes, failure } = await collect(compressed.subarray(0, compressed.length - 100));
    expect(failure).toBeInstanceOf(CompressionDamage);
    expect(bytes.length).toBeGreaterThan(plain.length * 0.5);
    expect(bytes.equals(plain.subarray(0, bytes.length))).toBe(true);
  });

  it('says that it is wrong inside', async () => {
    const wrong = Buffer.from(compressed);
    const middle = Math.floor(wrong.length / 2);
    wrong.fill(0xff, middle, middle + 64);
    const { bytes, failure } = await collect(wrong);
    expect(failure).toBeInstanceOf(CompressionDamage);
    expect(bytes.length).toBeGreaterThan(0);
  });

  it('can be left before its end', async () => {
    const kind = compressionOf(compressed) ?? 'gzip';
    for await (const chunk of decompress(kind, chunksOf(compressed, 100))) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
  });
});

it('tells compression by the first bytes', () => {
  expect(compressionOf(Uint8Array.of(0x1f, 0x8b))).toBe('gzip');
  expect(compressionOf(Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd))).toBe('zstd');
  expect(compressionOf(Uint8Array.of(0xd4, 0xc3, 0xb2, 0xa1))).toBeUndefined();
  expect(compressionOf(new Uint8Array())).toBeUndefined();
});

it('delivers what zlib itself can make of a gzip stream that was cut', async () => {
  const compressed = gzipSync(plain);
  const half = compressed.subarray(0, compressed.length / 2);
  const { bytes } = await collect(half, 1000);
  const expected = gunzipSync(half, { finishFlush: constants.Z_SYNC_FLUSH });
  expect(bytes.equals(expected)).toBe(true);
});
