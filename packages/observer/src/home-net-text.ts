/**
 * CIDR text to the form both observers take. The only place of the packet side that reads address
 * text.
 */
import ipaddr from 'ipaddr.js';
import type { HomeNet } from './observe/home-nets.js';

/**
 * Parses `192.0.2.0/24`, `2001:db8::/32` or a single address. IPv4 prefixes come out as prefixes of
 * the mapped form (96 bits longer).
 * @throws RangeError naming the text when it is not a network
 */
export function parseHomeNet(text: string): HomeNet {
  const [address = '', bits, ...rest] = text.trim().split('/');
  if (
    rest.length > 0 ||
    !ipaddr.isValid(address) ||
    (bits !== undefined && !/^\d{1,3}$/.test(bits))
  ) {
    throw new RangeError(
      `"${text}" is not a network; expected CIDR such as 192.0.2.0/24 or 2001:db8::/32`,
    );
  }
  const parsed = ipaddr.parse(address);
  const v4 = parsed.kind() === 'ipv4';
  const prefix = bits === undefined ? (v4 ? 32 : 128) : Number(bits);
  if (prefix > (v4 ? 32 : 128))
    throw new RangeError(`"${text}": the prefix length is 0 to ${v4 ? 32 : 128}`);
  const bytes = parsed.toByteArray();
  const view = new DataView(
    Uint8Array.from(v4 ? [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, ...bytes] : bytes).buffer,
  );
  return {
    words: [view.getInt32(0), view.getInt32(4), view.getInt32(8), view.getInt32(12)],
    prefix: v4 ? prefix + 96 : prefix,
  };
}
