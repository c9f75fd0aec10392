import { expect, it } from 'vitest';
import { Lately } from './lately.js';

it('keeps a peak for ten seconds, and lower values do not hide it', () => {
  const lately = new Lately();
  expect(lately.most(0)).toBe(0);
  lately.note(7, 1000);
  lately.note(3, 1900);
  lately.note(2, 5000);
  expect(lately.most(5000)).toBe(7);
  expect(lately.most(10_999)).toBe(7);
  expect(lately.most(11_000)).toBe(2);
  expect(lately.most(60_000)).toBe(0);
});
