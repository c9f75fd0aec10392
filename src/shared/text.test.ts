import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatCount, plural, safeJson, safeText } from './text.js';

describe('text', () => {
  it('escapes terminal commands, separators and marks that reorder text', () => {
    expect(safeText('a\u001b[31mb\u009b2J\u202ec\r\n')).toBe(
      'a\\u{1b}[31mb\\u{9b}2J\\u{202e}c\\u{d}\\u{a}',
    );
  });

  it('cuts long text to the bound, mark included', () => {
    expect(safeText('x'.repeat(300), 10)).toBe('xxxxxxx...');
  });

  it('prints any value as JSON without a character a terminal obeys, and loses nothing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const line = safeJson({ text });
        // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about.
        expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
        expect(JSON.parse(line)).toEqual({ text });
      }),
    );
  });

  it('prints counts with separators and their noun', () => {
    expect([0, 999, 1000, 12_345_678].map(formatCount)).toEqual([
      '0',
      '999',
      '1,000',
      '12,345,678',
    ]);
    expect([plural(1, 'host'), plural(2, 'host'), plural(0, 'entry', 'entries')]).toEqual([
      '1 host',
      '2 hosts',
      '0 entries',
    ]);
  });
});
