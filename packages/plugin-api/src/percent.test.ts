import { expect, it } from 'vitest';
import { percentOf } from './percent.js';

it.each([
  [0, 0],
  [0.0001, 1],
  [0.714, 71],
  [0.716, 72],
  [0.9999, 99],
  [1, 100],
])('%f is said as %i %%', (part, percent) => expect(percentOf(part)).toBe(percent));
