/** Whether sources come from all over the world, as made-up ones do. */

/** Leading bytes of an address that tell whose it is: a /16 of IPv4, a /32 of IPv6. */
const NETWORK_BYTES_V4 = 2;
const NETWORK_BYTES_V6 = 4;
/** Sources that need be looked at, however many there are. */
export const SCATTER_SAMPLE = 256;
/** Networks for each source from which on they are scattered. */
const SHARE_MIN = 0.5;

/**
 * Whether hardly two of the addresses (latin1) share a network. Made-up ones do not; the many
 * addresses of one operator come from few. None: nothing speaks against it.
 */
export function isScattered(addresses: readonly string[]): boolean {
  const networks = new Set(
    addresses.map((at) => at.slice(0, at.length === 4 ? NETWORK_BYTES_V4 : NETWORK_BYTES_V6)),
  );
  return networks.size >= SHARE_MIN * addresses.length;
}
