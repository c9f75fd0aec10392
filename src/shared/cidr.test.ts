import { describe, expect, it } from 'vitest';
import { networkMatcher, parseNetwork } from './cidr.js';

describe('parseNetwork', () => {
  it.each([
    ['198.51.100.9/24', '198.51.100.0/24'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['203.0.113.7', '203.0.113.7/32'],
    ['2001:db8:ffff::1/33', '2001:db8:8000::/33'],
    ['::1', '::1/128'],
  ])('reads %s as %s', (text, cidr) => {
    expect(parseNetwork(text)?.cidr).toBe(cidr);
  });

  it.each([
    '',
    '10.1/16',
    '0x0a.0.0.1',
    '198.51.100.0/33',
    '198.51.100.0/-1',
    '198.51.100.0/24/1',
    '2001:db8::/129',
    'example.org',
    '198.51.100.0/',
  ])('refuses %j', (text) => {
    expect(parseNetwork(text)).toBeNull();
  });
});

describe('networkMatcher', () => {
  it('contains the edges of each network and nothing beside', () => {
    const contains = networkMatcher(['198.51.100.0/25', '2001:db8::/64']);
    expect(['198.51.100.0', '198.51.100.127', '2001:db8::ffff'].every(contains)).toBe(true);
    expect(['198.51.100.128', '198.51.99.255', '2001:db8:0:1::', 'x'].some(contains)).toBe(false);
  });
});
