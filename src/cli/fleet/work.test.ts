import { describe, expect, it } from 'vitest';
import { parseShards } from './work.js';

describe('--shards', () => {
  it('takes auto, numbers and ranges', () => {
    expect([...parseShards('auto', 4)]).toEqual([0, 1, 2, 3]);
    expect([...parseShards('0-2, 5', 8)]).toEqual([0, 1, 2, 5]);
  });

  it.each(['', 'x', '3-1', '8', '0-8', '-1'])('refuses %j', (text) => {
    expect(() => parseShards(text, 8)).toThrow(/--shards/);
  });
});
