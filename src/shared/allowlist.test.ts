import { expect, test } from 'vitest';
import { Allowlist } from './allowlist.js';

const atUs = (time: string): number => Date.parse(time) * 1000;
const NOW_US = atUs('2026-11-24T12:00:00Z');

test('an entry holds until the end of its last day, by packet time', () => {
  const allowlist = new Allowlist([{ cidr: '198.51.100.0/24', expires: '2026-11-24' }]);
  expect(allowlist.contains('198.51.100.7', atUs('2026-11-24T23:59:59.999Z'))).toBe(true);
  expect(allowlist.contains('198.51.100.7', atUs('2026-11-25T00:00:00Z'))).toBe(false);
  expect(allowlist.contains('198.51.101.7', NOW_US)).toBe(false);
});

test('an expired entry takes nothing from another about the same address', () => {
  const allowlist = new Allowlist([
    { cidr: '198.51.100.7/32', expires: '2026-11-01' },
    { cidr: '198.51.100.0/24' },
  ]);
  expect(allowlist.contains('198.51.100.7', NOW_US)).toBe(true);
});

test('what replaces it is in force at once', () => {
  const allowlist = new Allowlist([{ cidr: '198.51.100.0/24' }, { cidr: '2001:db8::/32' }]);
  const change = allowlist.replace([{ cidr: '2001:db8::/32' }, { cidr: '203.0.113.0/24' }]);
  expect(change).toEqual({ added: 1, removed: 1 });
  expect(allowlist.contains('198.51.100.7', NOW_US)).toBe(false);
  expect(allowlist.contains('203.0.113.7', NOW_US)).toBe(true);
});
