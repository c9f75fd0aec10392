import { describe, expect, it } from 'vitest';
import type { Contact } from './contact.js';
import { CONTACTS_MAX, ContactList } from './contact-list.js';
import { MINUTE_US } from './epochs.js';

const SECOND = 1_000_000;
const contact = (port: number, atUs: number): Contact => ({
  ...{ target: 'abcd', protocol: 6, port, kinds: 1, outcome: 0, packets: 1 },
  ...{ firstUs: atUs, lastUs: atUs, ttl: 0, tuple: 0, packetsBefore: 0, remembered: 0 },
});
const ports = (contacts: Iterable<Contact>) => [...contacts].map(({ port }) => port);

function listOf(count: number, stepUs: number): ContactList {
  const list = new ContactList();
  for (let port = 0; port < count; port++) list.merge(contact(port, port * stepUs));
  return list;
}

describe('ContactList', () => {
  it('makes room of what is older than a minute, or than a horizon that is shorter', () => {
    const full = () => listOf(CONTACTS_MAX, 1000);
    expect(full().merge(contact(9999, 2 * SECOND))).toBe(false);
    expect(full().makeRoom(30 * SECOND, 3600 * SECOND)).toEqual([]);
    const list = full();
    expect(ports(list.makeRoom(30 * SECOND, 10 * SECOND))).toEqual([...Array(128).keys()]);
    expect(list.merge(contact(9999, 30 * SECOND))).toBe(true);
    expect(full().makeRoom(MINUTE_US + SECOND, 3600 * SECOND)).toHaveLength(128);
  });

  it('gives up what is older than a minute, then the newest, and is short for a minute', () => {
    const nowUs = 70 * SECOND;
    const list = listOf(70, SECOND);
    const limit = 20 * (list.bytes / 70);
    const forgotten = ports(list.shrink(limit, nowUs));
    expect(forgotten).toEqual([...Array(10).keys(), ...[...Array(40).keys()].map((at) => 69 - at)]);
    expect(ports(list.byKey.values())).toEqual([...Array(20).keys()].map((at) => 10 + at));
    expect(list.merge(contact(9999, nowUs + MINUTE_US - 1))).toBe(false);
    expect(list.merge(contact(9999, nowUs + MINUTE_US))).toBe(true);
  });
});
