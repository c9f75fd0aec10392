/** Addresses as text, as bytes, and (IPv4) as an unsigned 32-bit number. */

/** `198.51.100.7` to an unsigned number. @throws Error on anything else. */
export function ipv4Number(text: string): number {
  const parts = text.split('.').map(Number);
  if (parts.length !== 4 || parts.some((part) => !(part >= 0 && part <= 255))) {
    throw new Error(`not an IPv4 address: ${text}`);
  }
  return parts.reduce((sum, part) => sum * 256 + part, 0);
}

export function ipv4Text(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');
}

/** Four bytes for IPv4 text, sixteen for IPv6 text. @throws Error when it is neither. */
export function addressBytes(text: string): Uint8Array {
  if (!text.includes(':')) {
    const address = ipv4Number(text);
    return Uint8Array.of(address >>> 24, address >>> 16, address >>> 8, address);
  }
  const [head, tail] = text.split('::') as [string, string | undefined];
  const groups = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
  const left = groups(head);
  const right = tail === undefined ? [] : groups(tail);
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length;
  const all = [...left, ...new Array<number>(Math.max(0, zeros)).fill(0), ...right];
  if (all.length !== 8 || all.some((group) => !(group >= 0 && group <= 0xffff))) {
    throw new Error(`not an IPv6 address: ${text}`);
  }
  return Uint8Array.from(all.flatMap((group) => [group >>> 8, group & 255]));
}

/** First address and number of addresses of an IPv4 block, `10.0.0.0/16`. */
export function ipv4Block(cidr: string): { first: number; count: number } {
  const [address, bits] = cidr.split('/') as [string, string | undefined];
  const count = 2 ** (32 - Number(bits ?? 32));
  const first = Math.floor(ipv4Number(address) / count) * count;
  return { first, count };
}
