/** IP protocol numbers by name, as findings print them (IANA's registry, lower case). */
const NAMES: Readonly<Record<number, string>> = {
  1: 'icmp',
  2: 'igmp',
  4: 'ipip',
  6: 'tcp',
  17: 'udp',
  41: 'ipv6',
  47: 'gre',
  50: 'esp',
  51: 'ah',
  58: 'ipv6-icmp',
  89: 'ospf',
  132: 'sctp',
  136: 'udplite',
};

/** The name, or the number as text. */
export function protocolName(number: number): string {
  return NAMES[number] ?? String(number);
}
