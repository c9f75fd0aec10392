/** Networks as people write them: `198.51.100.0/24`, `2001:db8::/32`, or one bare address. */
import ipaddr from 'ipaddr.js';

/** One network in canonical text, with its bounds as bytes. */
export interface Network {
  /**
   * Canonical text: the network address, not the host address that was written, then the prefix.
   */
  cidr: string;
  family: 4 | 6;
  prefix: number;
}

/** Reads a CIDR or a bare address; null when the text is neither. Host bits are cleared. */
export function parseNetwork(text: string): Network | null {
  const [address = '', prefixText, ...rest] = text.trim().split('/');
  if (rest.length > 0 || !isAddress(address)) return null;
  const parsed = ipaddr.parse(address);
  const bits = parsed.kind() === 'ipv4' ? 32 : 128;
  if (prefixText !== undefined && !/^\d{1,3}$/.test(prefixText)) return null;
  const prefix = prefixText === undefined ? bits : Number(prefixText);
  if (prefix > bits) return null;
  return {
    cidr: `${networkAddress(parsed, prefix)}/${prefix}`,
    family: bits === 32 ? 4 : 6,
    prefix,
  };
}

/** A test for membership in any of `cidrs`, which must be valid. An empty list contains nothing. */
export function networkMatcher(cidrs: readonly string[]): (ip: string) => boolean {
  const networks = cidrs.map((cidr) => ipaddr.parseCIDR(cidr));
  return (ip) => {
    if (!ipaddr.isValid(ip)) return false;
    const address = ipaddr.parse(ip);
    return networks.some(([network, prefix]) => {
      if (network.kind() !== address.kind()) return false;
      return address.match(network as never, prefix);
    });
  };
}

/**
 * Four-part IPv4 or any IPv6 text. ipaddr.js alone would also take `10.1`, octal and hexadecimal.
 */
function isAddress(text: string): boolean {
  return (
    ipaddr.IPv4.isValidFourPartDecimal(text) || (text.includes(':') && ipaddr.IPv6.isValid(text))
  );
}

function networkAddress(address: ipaddr.IPv4 | ipaddr.IPv6, prefix: number): string {
  const bytes = address.toByteArray();
  for (let index = 0; index < bytes.length; index++) {
    const kept = Math.min(8, Math.max(0, prefix - index * 8));
    bytes[index] = (bytes[index] ?? 0) & (0xff << (8 - kept)) & 0xff;
  }
  return ipaddr.fromByteArray(bytes).toString();
}
