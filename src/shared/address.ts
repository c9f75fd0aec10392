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
  const keyed = items.map((item) => {
    const text = addressOf(item);
    return { item, text, address: parseAddress(text) };
  });
  keyed.sort((left, right) => {
    const a = left.address;
    const b = right.address;
    if (!a || !b)
      return a ? -1 : b ? 1 : left.text < right.text ? -1 : Number(left.text !== right.text);
    if (a.family !== b.family) return a.family - b.family;
    return a.value < b.value ? -1 : Number(a.value > b.value);
  });
  return keyed.map(({ item }) => item);
}

/** Text of 4 or 16 address bytes, RFC 5952 for IPv6. */
export function addressText(bytes: Uint8Array): string {
  if (bytes.length === 4) return `${bytes[0]}.${bytes[1]}.${bytes[2]}.${bytes[3]}`;
  return ipaddr.fromByteArray([...bytes]).toString();
}
