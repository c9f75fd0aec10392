/** Addresses as numbers, for order and for networks. Edges only: the packet side keeps bytes. */
import ipaddr from 'ipaddr.js';

export interface AddressNumber {
  family: 4 | 6;
  /** IPv4 as a number, which is quicker by far; IPv6 does not fit one. */
  value: number | bigint;
}

/** Null when the text is no address. An IPv4-mapped IPv6 address stays IPv6. */
export function parseAddress(text: string): AddressNumber | null {
  const plain = plainIpv4(text);
  if (plain >= 0) return { family: 4, value: plain };
  const bytes = bytesOf(text);
  if (bytes === null) return null;
  if (bytes.length === 4)
    return { family: 4, value: bytes.reduce((value, byte) => value * 256 + byte) };
  let value = 0n;
  for (let at = 0; at < bytes.length; at += 4) {
    const word = ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8)) >>> 0;
    value = (value << 32n) | BigInt(word + bytes[at + 3]);
  }
  return { family: 6, value };
}

/**
 * IPv4 as it is nearly always written, four decimal parts without leading zeros: thousands of
 * targets are read at a time. -1 for anything else, which ipaddr.js reads or refuses.
 */
function plainIpv4(text: string): number {
  let value = 0;
  let part = 0;
  let size = 0;
  let dots = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === DOT && size > 0 && dots < 3) {
      value = value * 256 + part;
      part = 0;
      size = 0;
      dots++;
      continue;
    }
    const isLeadingZero = size > 0 && part === 0;
    if (code < ZERO || code > NINE || isLeadingZero) return -1;
    part = part * 10 + code - ZERO;
    size++;
    if (part > 255) return -1;
  }
  return dots === 3 && size > 0 ? value * 256 + part : -1;
}

const DOT = 46;
const ZERO = 48;
const NINE = 57;

function bytesOf(text: string): number[] | null {
  try {
    return (text.includes(':') ? ipaddr.IPv6.parse(text) : ipaddr.IPv4.parse(text)).toByteArray();
  } catch {
    return null;
  }
}

/** The 4 or 16 bytes of an address. @throws RangeError when the text is none. */
export function addressBytes(text: string): Uint8Array {
  const bytes = bytesOf(text);
  if (bytes === null) throw new RangeError(`${text} is no address`);
  return Uint8Array.from(bytes);
}

export function formatAddress({ family, value }: AddressNumber): string {
  const size = family === 4 ? 4 : 16;
  const whole = BigInt(value);
  const bytes = Array.from({ length: size }, (_, index) =>
    Number((whole >> BigInt(8 * (size - 1 - index))) & 0xffn),
  );
  return ipaddr.fromByteArray(bytes).toString();
}

/**
 * The items in the order of their addresses, each read once: IPv4 before IPv6, then by number; text
 * that is no address comes last, by its text. Stable.
 */
export function sortByAddress<T>(items: readonly T[], addressOf: (item: T) => string): T[] {
  const ipv4: Keyed<T, number>[] = [];
  const ipv6: Keyed<T, bigint>[] = [];
  const others: Keyed<T, string>[] = [];
  for (const item of items) {
    const text = addressOf(item);
    const key = parseAddress(text)?.value;
    if (typeof key === 'number') ipv4.push({ item, key });
    else if (typeof key === 'bigint') ipv6.push({ item, key });
    else others.push({ item, key: text });
  }
  const ordered = [
    ...sortByNumber(ipv4, ({ key }) => key),
    ...ipv6.sort(compareKeys),
    ...others.sort(compareKeys),
  ];
  return ordered.map(({ item }) => item);
}

interface Keyed<T, K> {
  item: T;
  key: K;
}

function compareKeys<K>({ key: left }: Keyed<unknown, K>, { key: right }: Keyed<unknown, K>) {
  return left < right ? -1 : Number(left > right);
}

/**
 * The items in the order of their numbers, whole ones below 2^32. Stable. Numbers alone are sorted
 * without a function of ours, so each item's place goes with its number.
 */
export function sortByNumber<T>(items: readonly T[], numberOf: (item: T) => number): T[] {
  if (items.length > PLACES) throw new RangeError(`${items.length} items are too many to sort`);
  const keys = Float64Array.from(items, (item, place) => numberOf(item) * PLACES + place);
  return Array.from(keys.sort(), (key) => items[key % PLACES]);
}

/** A number below 2^32 and a place below this are exact in one double. */
const PLACES = 2 ** 21;

/** Text of 4 or 16 address bytes, RFC 5952 for IPv6. */
export function addressText(bytes: Uint8Array): string {
  if (bytes.length === 4) return `${bytes[0]}.${bytes[1]}.${bytes[2]}.${bytes[3]}`;
  return ipaddr.fromByteArray([...bytes]).toString();
}
