import { describe, expect, it } from 'vitest';
import { MsgpackReader } from './msgpack-reader.js';

const textOf = (...bytes: number[]): string =>
  new MsgpackReader(Uint8Array.of(0xa0 | bytes.length, ...bytes)).string(8);

describe('MsgpackReader', () => {
  it('refuses text that is not UTF-8, and reads the next as if it had not been', () => {
    expect(() => textOf(0x61, 0xc3)).toThrow('text is not UTF-8');
    expect(textOf(0x61)).toBe('a');
    expect(textOf(0xc3, 0xa9)).toBe('é');
  });
});
