/** Addresses as numbers, for order and for networks. Edges only: the packet side keeps bytes. */
import ipaddr from 'ipaddr.js';

export interface AddressNumber {
  family: 4 | 6;
  value: bigint;
}

/** Null when the text is no address. An IPv4-mapped IPv6 address stays IPv6. */
export function parseAddress(text: string): AddressNumber | null {
  if (!ipaddr.isValid(text)) return null;
  const bytes = ipaddr.parse(text).toByteArray();
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return { family: bytes.length === 4 ? 4 : 6, value };
}

export function formatAddress({ family, value }: AddressNumber): string {
  const size = family === 4 ? 4 : 16;
  const bytes = Array.from({ length: size }, (_, index) =>
    Number((value >> BigInt(8 * (size - 1 - index))) & 0xffn),
  );
  return ipaddr.fromByteArray(bytes).toString();
}

/** IPv4 before IPv6, then by number; text that is no address comes last, by its text. */
export function compareAddresses(left: string, right: string): number {
  if (left === right) return 0;
  const a = parseAddress(left);
  const b = parseAddress(right);
  if (!a || !b) return a ? -1 : b ? 1 : left < right ? -1 : 1;
  if (a.family !== b.family) return a.family - b.family;
  return a.value < b.value ? -1 : a.value > b.value ? 1 : 0;
}

/** Text of 4 or 16 address bytes, RFC 5952 for IPv6. */
export function addressText(bytes: Uint8Array): string {
  if (bytes.length === 4) return `${bytes[0]}.${bytes[1]}.${bytes[2]}.${bytes[3]}`;
  return ipaddr.fromByteArray([...bytes]).toString();
}
