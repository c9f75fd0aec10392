import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limits } from '../base/limits.js';
import { CaptureParser } from './parser.js';
import {
  concat,
  frameOf,
  PcapngBuilder,
  pcap,
  pcapHeader,
  pcapRecord,
} from './testkit/build-capture.js';
import { collect } from './testkit/collect.js';

const MICRO = 0xa1b2c3d4;
const NANO = 0xa1b23c4d;
const MODIFIED = 0xa1b2cd34;

describe('pcap', () => {
  it.each([false, true])('reads both byte orders (big endian: %s)', (bigEndian) => {
    const bytes = frameOf(60);
    const { frames, damage } = collect(pcap([{ bytes, wire: 1500 }], { bigEndian }));
    expect(damage).toBeUndefined();
    expect(frames).toEqual([{ bytes, captured: 60, wire: 1500, timeUs: 1_000_002, linkType: 1 }]);
  });

  it('rounds nanoseconds down', () => {
    const { frames } = collect(pcap([{ seconds: 7, fraction: 999_999_999 }], { magic: NANO }));
    expect(frames[0]?.timeUs).toBe(7_999_999);
  });

  it('reads seconds beyond 2038', () => {
    const { frames } = collect(pcap([{ seconds: 0xffffffff, fraction: 5 }]));
    expect(frames[0]?.timeUs).toBe(0xffffffff * 1_000_000 + 5);
  });

  it.each([false, true])('reads the modified format (big endian: %s)', (bigEndian) => {
    const settings = { magic: MODIFIED, bigEndian };
    const { frames, damage } = collect(
      pcap([{ bytes: frameOf(9) }, { bytes: frameOf(4) }], settings),
    );
    expect(damage).toBeUndefined();
    expect(frames.map((frame) => frame.bytes)).toEqual([frameOf(9), frameOf(4)]);
  });

  it('reads versions before 2.3, whose lengths are the other way round', () => {
    const { frames } = collect(pcap([{ wire: 900 }], { version: [2, 2] }));
    expect(frames[0]).toMatchObject({ captured: 60, wire: 900 });
  });

  it('takes the smaller length of version 2.3 as the captured one', () => {
    const swapped = pcapRecord({ captured: 900, wire: 60 });
    const straight = pcapRecord({ captured: 60, wire: 900 });
    const { frames } = collect(concat(pcapHeader({ version: [2, 3] }), swapped, straight));
    expect(frames.map(({ captured, wire }) => [captured, wire])).toEqual([
      [60, 900],
      [60, 900],
    ]);
  });

  it('masks the check-sequence bits off the link type', () => {
    const { frames } = collect(pcap([{}], { linkType: 0x24000001 }));
    expect(frames[0]?.linkType).toBe(1);
  });

  it('never says fewer bytes were on the wire than were captured', () => {
    const { frames } = collect(pcap([{ wire: 3 }]));
    expect(frames[0]).toMatchObject({ captured: 60, wire: 60 });
  });

  it('delivers a frame of the largest size, across chunks', () => {
    const { frames, damage } = collect(
      pcap([{ bytes: new Uint8Array(limits.frameSizeMax) }]),
      65_536,
    );
    expect(damage).toBeUndefined();
    expect(frames[0]?.captured).toBe(limits.frameSizeMax);
  });

  it('finds an impossible length, at the offset of its record, after what came before', () => {
    const file = concat(pcap([{}]), pcapRecord({ captured: limits.frameSizeMax + 1 }));
    const { frames, damage } = collect(file);
    expect(frames).toHaveLength(1);
    expect(damage).toEqual({
      offset: 24 + 76,
      reason: 'a packet record claims 262145 bytes, more than any frame has (262144)',
    });
  });

  it('finds a version it cannot read', () => {
    expect(collect(pcap([{}], { version: [1, 4] })).damage).toEqual({
      offset: 0,
      reason: 'pcap version 1.4 is not one that can be read (2.0 to 2.4)',
    });
  });
});

describe('pcapng', () => {
  const ng = new PcapngBuilder();
  const start = [ng.section(), ng.interface()];

  it.each([false, true])('reads packet blocks of all three kinds (big endian: %s)', (bigEndian) => {
    const b = new PcapngBuilder(bigEndian);
    const blocks = [
      b.enhanced(5n, frameOf(61)),
      b.simple(frameOf(62)),
      b.obsolete(9n, frameOf(63)),
    ];
    const { frames, damage } = collect(concat(b.section(), b.interface(), ...blocks));
    expect(damage).toBeUndefined();
    expect(frames.map(({ captured, timeUs }) => [captured, timeUs])).toEqual([
      [61, 5],
      [62, 5],
      [63, 9],
    ]);
  });

  it('cuts a simple packet at the snap length', () => {
    const file = concat(ng.section(), ng.interface(1, [], 40), ng.simple(frameOf(40), 99));
    expect(collect(file).frames).toMatchObject([{ captured: 40, wire: 99, timeUs: 0 }]);
  });

  it('skips blocks it does not know', () => {
    const file = concat(...start, ng.block(0xbad, frameOf(33)), ng.enhanced(1n, frameOf(60)));
    expect(collect(file)).toMatchObject({ frames: [{ timeUs: 1 }], damage: undefined });
  });

  it('reads sections of different byte orders, each with its own interfaces', () => {
    const big = new PcapngBuilder(true);
    const first = concat(ng.section(), ng.interface(1), ng.enhanced(1n, frameOf(60)));
    const second = concat(big.section(), big.interface(113), big.enhanced(2n, frameOf(60)));
    const { frames } = collect(concat(first, second));
    expect(frames.map(({ timeUs, linkType }) => [timeUs, linkType])).toEqual([
      [1, 1],
      [2, 113],
    ]);
  });

  it.each([
    ['microseconds', [ng.resolution(6)], 1_700_000_000_123_456n, 1_700_000_000_123_456],
    ['nanoseconds', [ng.resolution(9)], 1_700_000_000_123_456_789n, 1_700_000_000_123_456],
    ['milliseconds', [ng.resolution(3)], 1_700_000_000_123n, 1_700_000_000_123_000],
    ['2^-10 seconds', [ng.resolution(0x8a)], 1024n * 5n + 512n, 5_500_000],
    ['seconds, after an offset', [ng.resolution(0), ng.offset(100)], 7n, 107_000_000],
    ['an offset before 1970', [ng.offset(-10)], 3_000_000n, 0],
    ['a time beyond what a number holds', [], 2n ** 64n - 1n, Number.MAX_SAFE_INTEGER],
    ['the same in nanoseconds', [ng.resolution(9)], 2n ** 64n - 1n, Number.MAX_SAFE_INTEGER],
  ])('reads time stamps: %s', (_, options, stamp, timeUs) => {
    const file = concat(ng.section(), ng.interface(1, options), ng.enhanced(stamp, frameOf(60)));
    expect(collect(file).frames[0]?.timeUs).toBe(timeUs);
  });

  it.each([
    [
      'an interface not described',
      [ng.enhanced(1n, frameOf(4), 3)],
      'a packet names interface 3, but its section has described 1',
    ],
    [
      'a frame that overruns its block',
      [ng.enhanced(1n, frameOf(60), 0, 64)],
      'a packet block claims 64 bytes, but has room for 60',
    ],
    [
      'sizes that disagree',
      [ng.block(5, frameOf(4), [16, 20])],
      "a block's two sizes disagree: 16 before it, 20 after it",
    ],
    [
      'a size below the header',
      [ng.block(5, frameOf(4), [8, 8])],
      'a block claims 8 bytes, fewer than its own header has (12)',
    ],
    [
      'an odd size',
      [ng.block(5, frameOf(4), [15, 15])],
      'a block claims 15 bytes, which is not a multiple of 4',
    ],
    [
      'a huge size',
      [ng.block(5, frameOf(4), [0x7ffffffc, 16])],
      'a block claims 2147483644 bytes, more than any block has (16777216)',
    ],
    [
      'a packet block without its header',
      [ng.block(6, frameOf(8))],
      'a packet block has 20 bytes, fewer than its own header has (32)',
    ],
    [
      'a resolution too fine',
      [ng.interface(1, [ng.resolution(20)])],
      "an interface's time resolution cannot be read",
    ],
    [
      'an offset of the wrong size',
      [ng.interface(1, [ng.option(14, frameOf(4))])],
      "an interface's time offset cannot be read",
    ],
    [
      'an option beyond its block',
      [ng.interface(1, [ng.option(2, frameOf(4), 99)])],
      'an option of an interface description runs past its block',
    ],
    [
      'too many interfaces',
      Array.from({ length: 256 }, () => ng.interface()),
      'a section describes more than 256 interfaces',
    ],
    [
      'a section of version 2',
      [ng.section(2)],
      'pcapng version 2.0 is not one that can be read (1.x)',
    ],
    ['a section without byte order', [ng.section(1, 0)], 'a section header has no byte-order mark'],
  ])('finds %s', (_, blocks, reason) => {
    const before = concat(...start, ng.enhanced(1n, frameOf(60)));
    const { frames, damage } = collect(concat(before, ...blocks));
    const last = blocks[blocks.length - 1]?.length ?? 0;
    const offset = before.length + concat(...blocks).length - last;
    expect(frames).toHaveLength(1);
    expect(damage).toEqual({ offset, reason });
  });

  it('finds a packet before any interface', () => {
    expect(collect(concat(ng.section(), ng.simple(frameOf(60)))).damage).toEqual({
      offset: 28,
      reason: 'a packet names interface 0, but its section has described 0',
    });
  });
});

describe('a file that cannot be read', () => {
  it('finds an empty file, and one of another kind', () => {
    expect(collect(new Uint8Array()).damage).toEqual({ offset: 0, reason: 'the file is empty' });
    expect(collect(Buffer.from('{"a":1}')).damage).toEqual({
      offset: 0,
      reason: 'it begins with 7b 22 61 22, which is neither pcap nor pcapng',
    });
    expect(collect(Uint8Array.of(0xd4, 0xc3)).damage).toEqual({
      offset: 0,
      reason: 'it begins with d4 c3 and ends there: neither pcap nor pcapng',
    });
  });

  it('finds a file whose every frame has an unknown link type, after delivering them', () => {
    const { frames, damage } = collect(pcap([{}, {}], { linkType: 239 }));
    expect(frames.map((frame) => frame.linkType)).toEqual([239, 239]);
    expect(damage).toEqual({
      offset: 24,
      reason: 'no frame can be read: link type 239 is not supported (2 frames)',
    });
  });

  it('takes a file in which some frames have an unknown link type', () => {
    const ng = new PcapngBuilder();
    const frames = [ng.enhanced(1n, frameOf(60), 0), ng.enhanced(2n, frameOf(60), 1)];
    const file = concat(ng.section(), ng.interface(239), ng.interface(1), ...frames);
    expect(collect(file)).toMatchObject({ frames: [{}, {}], damage: undefined });
  });

  it('finds a file cut anywhere, and delivers every frame before the cut', () => {
    const file = pcap([{}, { bytes: frameOf(70) }]);
    const ends = [24, 24 + 76, 24 + 76 + 86];
    for (let size = 4; size < file.length; size++) {
      const { frames, damage } = collect(file.subarray(0, size));
      const whole = ends.filter((end) => end <= size);
      expect(frames).toHaveLength(Math.max(0, whole.length - 1));
      if (ends.includes(size)) expect(damage).toBeUndefined();
      else expect(damage?.offset).toBe(whole[whole.length - 1] ?? 0);
    }
  });

  it('says how much of the last record is there', () => {
    const file = pcap([{}]);
    expect(collect(file.subarray(0, -1)).damage?.reason).toBe(
      'the file ends inside a packet record: 75 of 76 bytes are there',
    );
    expect(collect(file.subarray(0, 30)).damage?.reason).toBe(
      'the file ends inside a packet record: 6 of 16 bytes are there',
    );
    expect(collect(file.subarray(0, 20)).damage?.reason).toBe(
      'the file ends inside its header: 20 of 24 bytes are there',
    );
  });

  it('takes nothing more once damaged', () => {
    const frames: number[] = [];
    const parser = new CaptureParser((_bytes, _from, captured) => frames.push(captured));
    parser.push(concat(pcapHeader(), pcapRecord({ captured: 0xffffffff })));
    const { damage } = parser;
    parser.push(pcap([{}]));
    parser.end();
    expect(frames).toEqual([]);
    expect(parser.damage).toBe(damage);
  });
});

describe('chunks and mutations', () => {
  const ng = new PcapngBuilder(true);
  const samples = [
    pcap([{}, { bytes: frameOf(1) }, { bytes: frameOf(0) }, { bytes: frameOf(300) }]),
    pcap([{ bytes: frameOf(90), wire: 100 }, {}], { magic: MODIFIED, bigEndian: true }),
    pcap([{}, {}], { magic: MICRO, version: [2, 3] }),
    concat(
      ng.section(),
      ng.interface(1, [ng.resolution(9), ng.offset(3)]),
      ng.enhanced(10n ** 18n, frameOf(61)),
      ng.block(4, frameOf(40)),
      ng.simple(frameOf(63)),
      new PcapngBuilder().section(),
      new PcapngBuilder().interface(276),
      new PcapngBuilder().obsolete(77n, frameOf(64)),
    ),
  ];

  it('reads the same wherever a file is cut into chunks', () => {
    for (const sample of samples) {
      const whole = collect(sample);
      expect(whole.damage).toBeUndefined();
      for (const size of [1, 2, 3, 5, 7, 16, 17, 31, 64, 100]) {
        expect(collect(sample, size)).toEqual(whole);
      }
    }
  });

  it('reads the same wherever a damaged file is cut, and never past its end', () => {
    const mutation = fc.record({ at: fc.nat(), value: fc.nat(255), drop: fc.nat(3) });
    const property = fc.property(
      fc.nat(samples.length - 1),
      fc.array(mutation, { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 1, max: 80 }),
      (index, mutations, chunkSize) => {
        let file = (samples[index] as Uint8Array).slice();
        for (const { at, value, drop } of mutations) {
          if (drop === 0 && file.length > 8) file = file.slice(0, file.length - (at % 8));
          else file[at % file.length] = value;
        }
        const whole = collect(file);
        expect(collect(file, chunkSize)).toEqual(whole);
        for (const { bytes, captured, wire, timeUs } of whole.frames) {
          expect(bytes).toHaveLength(captured);
          expect(wire).toBeGreaterThanOrEqual(captured);
          expect(Number.isSafeInteger(timeUs) && timeUs >= 0).toBe(true);
        }
        if (whole.damage) expect(whole.damage.offset).toBeLessThanOrEqual(file.length);
      },
    );
    fc.assert(property, { seed: 20, numRuns: 3000 });
  });
});
