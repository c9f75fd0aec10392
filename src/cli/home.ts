/** Which networks are protected when nobody said: for live capture only, and said aloud. */
import { networkInterfaces } from 'node:os';
import { parseNetwork } from '../shared/cidr.js';

/** RFC 1918, RFC 6598 (shared address space) and RFC 4193 (unique local IPv6). */
const PRIVATE_NETWORKS = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  'fc00::/7',
];

/**
 * The private ranges and the interface's own networks. Link-local IPv6 is left out: every host of
 * the segment has it, so it tells nobody apart.
 */
export function defaultHomeNets(interfaceName: string): string[] {
  const addresses = networkInterfaces()[interfaceName] ?? [];
  const own = addresses
    .map(({ cidr }) => parseNetwork(cidr ?? '')?.cidr)
    .filter((cidr) => cidr !== undefined && !cidr.startsWith('fe80'));
  return [...new Set([...PRIVATE_NETWORKS, ...(own as string[])])];
}
