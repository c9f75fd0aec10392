import fc from 'fast-check';
import { unpack } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import { MsgpackWriter } from './msgpack.js';

const written = (write: (writer: MsgpackWriter) => void): Uint8Array => {
  const writer = new MsgpackWriter();
  write(writer);
  return writer.take();
};
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('MsgpackWriter', () => {
  it.each([
    [0, '00'],
    [0x7f, '7f'],
    [0x80, 'cc80'],
    [0xff, 'ccff'],
    [0x100, 'cd0100'],
    [0xffff, 'cdffff'],
    [0x10000, 'ce00010000'],
    [0xffffffff, 'ceffffffff'],
    [0x100000000, 'cf0000000100000000'],
    [Number.MAX_SAFE_INTEGER, 'cf001fffffffffffff'],
  ])('writes %i in its shortest form', (value, expected) => {
    expect(hex(written((writer) => writer.uint(value)))).toBe(expected);
  });

  it.each([
    [15, '9f'],
    [16, 'dc0010'],
    [0xffff, 'dcffff'],
    [0x10000, 'dd00010000'],
  ])('writes the header of an array of %i', (size, expected) => {
    expect(hex(written((writer) => writer.array(size)))).toBe(expected);
  });

  it.each([
    [0, 'c400'],
    [0xff, 'c4ff'],
    [0x100, 'c50100'],
    [0x10000, 'c600010000'],
  ])('writes the header of %i bytes', (size, expected) => {
    const bytes = written((writer) => writer.bin(new Uint8Array(size)));
    expect(hex(bytes.subarray(0, expected.length / 2))).toBe(expected);
    expect(bytes.length).toBe(expected.length / 2 + size);
  });

  it.each([0, 31, 32, 255, 256])('writes a string of %i bytes', (size) => {
    const text = 'x'.repeat(size);
    expect(unpack(written((writer) => writer.string(text)))).toBe(text);
  });

  it('writes what any reader reads', () => {
    const value = fc.oneof(
      fc.maxSafeNat(),
      fc.string({ unit: 'grapheme', maxLength: 300 }),
      fc.uint8Array({ maxLength: 9000 }),
      fc.constant(null),
    );
    fc.assert(
      fc.property(fc.array(value, { maxLength: 40 }), (values) => {
        const bytes = written((writer) => {
          writer.array(values.length);
          for (const one of values) {
            if (one === null) writer.nil();
            else if (typeof one === 'number') writer.uint(one);
            else if (typeof one === 'string') writer.string(one);
            else writer.bin(one);
          }
        });
        const read = unpack(bytes).map((one: unknown) =>
          typeof one === 'bigint' ? Number(one) : Buffer.isBuffer(one) ? new Uint8Array(one) : one,
        );
        expect(read).toEqual(values);
      }),
    );
  });

  it('starts afresh after a take', () => {
    const writer = new MsgpackWriter();
    writer.uint(1);
    const first = writer.take();
    writer.uint(2);
    expect(hex(first)).toBe('01');
    expect(hex(writer.take())).toBe('02');
  });
});
