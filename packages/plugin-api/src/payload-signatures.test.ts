import { describe, expect, it } from 'vitest';
import { PAYLOAD_SIGNATURES } from './payload-signatures.js';

describe('PAYLOAD_SIGNATURES', () => {
  it('gives every entry an id of its own below 2^15', () => {
    const ids = PAYLOAD_SIGNATURES.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(Math.max(...ids)).toBeLessThan(2 ** 15);
  });

  it('says the same bytes at the same place once only', () => {
    const contents = PAYLOAD_SIGNATURES.map(
      ({ transport, at, hex }) => `${transport} ${at} ${hex}`,
    );
    expect(new Set(contents).size).toBe(contents.length);
  });

  it.each(PAYLOAD_SIGNATURES)(
    '$id $name is a pattern and has a source',
    ({ hex, name, source }) => {
      expect(hex).toMatch(/^[0-9a-f]{2}([0-9a-f]{2}|\.\.)*$/);
      expect(hex.length / 2).toBeLessThanOrEqual(128);
      expect(name).not.toBe('');
      expect(source).not.toBe('');
    },
  );

  it('calls nothing short or common decisive', () => {
    const known = PAYLOAD_SIGNATURES.filter(({ weight }) => weight === 'decisive');
    for (const { hex } of known) expect(hex.replaceAll('.', '').length / 2).toBeGreaterThan(9);
    const common = ['GET / HTTP/1.0\r\n\r\n', 'OPTIONS / HTTP/1.0\r\n\r\n', 'HELP\r\n'];
    for (const text of common) {
      const hex = Buffer.from(text).toString('hex');
      expect(PAYLOAD_SIGNATURES.find((entry) => entry.hex === hex)?.weight).toBe('weak');
    }
  });
});
