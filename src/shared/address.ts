/** Addresses as numbers, for order and for networks. Edges only: the packet side keeps bytes. */
import ipaddr from 'ipaddr.js';

export interface AddressNumber {
  family: 4 | 6;
  value: bigint;
}

/** Null when the text is no address. An IPv4-mapped IPv6 address stays IPv6. */
export function parseAddress(text: string): AddressNumber | null {
  const bytes = bytesOf(text);
  if (bytes === null) return null;
  let value = 0n;
  for (let at = 0; at < bytes.length; at += 4) {
    const word = ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8)) >>> 0;
    value = (value << 32n) | BigInt(word + bytes[at + 3]);
  }
  return { family: bytes.length === 4 ? 4 : 6, value };
}

/** Reads the text once: thousands of targets are sorted at a time. */
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
  const bytes = Array.from({ length: size }, (_, index) =>
    Number((value >> BigInt(8 * (size - 1 - index))) & 0xffn),
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
