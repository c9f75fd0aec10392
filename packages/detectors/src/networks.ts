/** CIDR text against the address bytes of contacts. */
import { BlockList, isIP } from 'node:net';

/**
 * A list to test against.
 * @throws RangeError naming the text that is no network
 */
export function parseNetworks(texts: readonly string[]): BlockList {
  const list = new BlockList();
  for (const text of texts) {
    const [address = '', bits] = text.split('/');
    const family = isIP(address);
    if (family === 0) throw new RangeError(`"${text}" is not a network`);
    const name = family === 4 ? 'ipv4' : 'ipv6';
    list.addSubnet(address, bits === undefined ? (family === 4 ? 32 : 128) : Number(bits), name);
  }
  return list;
}

/** Whether latin1 address bytes (4 or 16) lie in one of the networks. */
export function isInNetwork(address: string, networks: BlockList): boolean {
  if (networks.rules.length === 0) return false;
  const bytes = [...address].map((char) => char.charCodeAt(0));
  if (bytes.length === 4) return networks.check(bytes.join('.'), 'ipv4');
  const words = Array.from({ length: 8 }, (_, i) =>
    ((bytes[i * 2] << 8) | bytes[i * 2 + 1]).toString(16),
  );
  return networks.check(words.join(':'), 'ipv6');
}
