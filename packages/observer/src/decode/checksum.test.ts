import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32c, crc32cZeros, judge16, sum16 } from './checksum.js';
import { Checksum } from './packet.js';
import { bytes, internetChecksum } from './testkit/build-frame.js';

describe('sum16', () => {
  it('gives the example of RFC 1071 §3', () => {
    expect(sum16(bytes('0001f203f4f5f6f7'), 0, 8)).toBe(0xddf2);
  });

  it('agrees with the plain sum at any offset and size', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(9), fc.nat(9), (all, start, skip) => {
        const data = all.subarray(Math.min(start, all.length));
        const at = Math.min(skip, data.length);
        const plain = 0xffff - internetChecksum(data.slice(at));
        expect(sum16(data, at, data.length)).toBe(plain);
      }),
      { seed: 7, numRuns: 2000 },
    );
  });

  it('folds in time on the largest frame', () => {
    expect(sum16(new Uint8Array(262_144).fill(0xff), 0, 262_144)).toBe(0xffff);
  });
});

describe('judge16', () => {
  it('takes right before offload, and offload before --badsum', () => {
    expect(judge16(0x1234, 0xffff, 0x1234)).toBe(Checksum.right);
    expect(judge16(0x1234, 0x5555, 0x1234)).toBe(Checksum.offload);
  });
});

describe('crc32c', () => {
  it('gives the check value of the polynomial', () => {
    expect(~crc32c(-1, Buffer.from('123456789'), 0, 9) >>> 0).toBe(0xe3069283);
  });

  it('takes zeros as bytes of zero', () => {
    const zeros = new Uint8Array(5);
    expect(crc32cZeros(-1, 5)).toBe(crc32c(-1, zeros, 0, 5));
  });
});
