/**
 * The two parsers of capture files agree: the same frames, and the same damage at the same byte in
 * the same words, on right files, on mutated ones, and on every capture at hand. The native one
 * runs under sanitizers.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { CaptureParser } from '../packages/observer/src/capture/parser.js';
import {
  concat,
  frameOf,
  PcapngBuilder,
  pcap,
} from '../packages/observer/src/capture/testkit/build-capture.js';
import { Random } from './generate/random.js';
import { scratchFolder } from './support/scratch.js';

const CAPTURES = '../shared/captures';
const SEEDS = [1, 2, 3];
const FILES_PER_SEED = 400;
const FILES_PER_RUN = 100;
/** 0 reads the file in blocks; the others are what a stream might come in. */
const CHUNK_SIZES = [0, 1, 61, 4096];

const hasCompiler = ['g++', 'make'].every((name) => spawnSync(name, ['--version']).status === 0);
const folder = scratchFolder();
let program = '';

describe.skipIf(!hasCompiler)('native and TypeScript parser', () => {
  beforeAll(() => {
    const built = spawnSync('bash', ['native/test/build.sh', 'parse_file'], { encoding: 'utf8' });
    if (built.status !== 0) throw new Error(built.stderr);
    program = built.stdout.trim();
  }, 600_000);

  it('agree on every format', () => {
    const paths = samples().map((sample, index) => write(`sample-${index}`, sample));
    const lines = expectEqual(paths, CHUNK_SIZES);
    // Right files, so that the agreement is about frames and not about damage.
    expect(lines.filter((line) => line.split(' ').length > 2)).toEqual([]);
  });

  it.each(SEEDS)('agree on mutated files (seed %i)', (seed) => {
    const random = new Random(seed);
    const sources = samples();
    const paths = Array.from({ length: FILES_PER_SEED }, (_, index) =>
      write(`mutated-${seed}-${index}`, mutate(random, random.pick(sources))),
    );
    const reasons = new Set(
      expectEqual(paths, CHUNK_SIZES).map((line) => line.split(' ').slice(3).join(' ')),
    );
    // Many ways to be wrong were met, or the mutations do not get past the first check.
    expect(reasons.size).toBeGreaterThan(30);
  });

  it.skipIf(!existsSync(CAPTURES))(
    'agree on every capture',
    () => {
      const files = readdirSync(CAPTURES, { recursive: true, encoding: 'utf8' })
        .filter((name) => /\.(pcap|pcapng|cap)$/.test(name))
        .map((name) => join(CAPTURES, name));
      expect(files.length).toBeGreaterThan(200);
      expectEqual(files, [0, 4096]);
    },
    900_000,
  );
});

function expectEqual(paths: string[], chunkSizes: number[]): string[] {
  const expected = paths.map(parse);
  for (const size of chunkSizes) {
    for (let first = 0; first < paths.length; first += FILES_PER_RUN) {
      const files = paths.slice(first, first + FILES_PER_RUN);
      const run = spawnSync(program, [...(size > 0 ? ['-c', `${size}`] : []), ...files], {
        encoding: 'utf8',
        maxBuffer: 2 ** 26,
      });
      expect(run.stderr).toBe('');
      expect(run.status).toBe(0);
      const native = run.stdout.trimEnd().split('\n');
      files.forEach((path, index) => {
        expect(native[index], `${path}, chunks of ${size}`).toBe(expected[first + index]);
      });
    }
  }
  return expected;
}

/** As native/test/parse_file.cc prints it. */
function parse(path: string): string {
  let frames = 0;
  let hash = 0x811c9dc5;
  const addByte = (byte: number) => {
    hash = Math.imul(hash ^ byte, 0x01000193);
  };
  const add = (value: number) => {
    for (let shift = 0; shift < 32; shift += 8) addByte((value >>> shift) & 0xff);
  };
  const parser = new CaptureParser((bytes, from, captured, wire, timeUs, linkType) => {
    frames++;
    for (const value of [captured, wire, timeUs % 2 ** 32, timeUs / 2 ** 32, linkType]) add(value);
    for (const byte of bytes.subarray(from, from + captured)) addByte(byte);
  });
  parser.push(readFileSync(path));
  parser.end();
  const line = `${frames} ${(hash >>> 0).toString(16).padStart(8, '0')}`;
  return parser.damage ? `${line} ${parser.damage.offset} ${parser.damage.reason}` : line;
}

function write(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

function samples(): Uint8Array[] {
  const frames = [0, 1, 60, 300].map((size) => ({
    bytes: frameOf(size),
    wire: size + 4,
    seconds: 0xfffffffe,
    fraction: 999_999_999,
  }));
  const magics = [0xa1b2c3d4, 0xa1b23c4d, 0xa1b2cd34];
  const versions: [number, number][] = [
    [2, 4],
    [2, 3],
    [2, 2],
    [543, 0],
  ];
  const files: Uint8Array[] = [];
  for (const bigEndian of [false, true]) {
    for (const magic of magics)
      files.push(pcap(frames, { magic, bigEndian, linkType: 0x24000001 }));
    for (const version of versions) files.push(pcap(frames, { version, bigEndian }));
    files.push(pcapng(bigEndian));
  }
  return files;
}

/** Every block and every kind of clock, in two sections of different byte orders. */
function pcapng(bigEndian: boolean): Uint8Array {
  const first = new PcapngBuilder(bigEndian);
  const second = new PcapngBuilder(!bigEndian);
  const resolutions = [0, 3, 6, 9, 19, 0x80, 0x8a, 0xbf];
  const stamps = [0n, 1_700_000_000_123_456_789n, 2n ** 63n, 2n ** 64n - 1n];
  return concat(
    first.section(),
    ...resolutions.map((resolution) => first.interface(1, [first.resolution(resolution)])),
    first.interface(113, [first.offset(-5), first.option(2, frameOf(7))], 96),
    ...stamps.flatMap((stamp, index) =>
      resolutions.map((_, id) => first.enhanced(stamp, frameOf(20 + index), id)),
    ),
    first.block(5, frameOf(33)),
    first.enhanced(9n, frameOf(40), resolutions.length),
    second.section(),
    second.interface(276, [], 64),
    second.simple(frameOf(64), 90),
    second.obsolete(77_000_000n, frameOf(51)),
    second.simple(frameOf(3)),
  );
}

/** Changes a few bytes, mostly where lengths and types are; sometimes cuts or repeats a part. */
function mutate(random: Random, source: Uint8Array): Uint8Array {
  let file: Uint8Array = Uint8Array.from(source);
  const count = 1 + random.below(4);
  for (let i = 0; i < count; i++) {
    const at = random.below(file.length);
    const kind = random.below(8);
    if (kind === 0) file = file.slice(0, Math.max(1, at));
    else if (kind === 1) file = concat(file.subarray(0, at), file.subarray(random.below(at + 1)));
    else if (kind === 2) file[at] = random.below(256);
    else {
      // A 32-bit word on its boundary: that is where the fields are.
      const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
      const word = Math.min(at & ~3, file.length - 4);
      if (word < 0) continue;
      const values = [0, 1, 2, 3, 6, 12, 13, 16, 32, 0x40001, 0x1000004, 0xffffffff];
      view.setUint32(word, random.pick(values), random.below(2) === 0);
    }
  }
  return file;
}
