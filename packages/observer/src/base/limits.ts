/**
 * Every bound of the packet side, with its reason. Capacities that an operator may want to change
 * are defaults here and come in through `ObserverTables`; the rest is fixed. Twin:
 * `native/core/base/limits.h`.
 */
export const limits = {
  /** Encapsulation layers walked before giving up: Suricata's max-layers; deeper is an attack. */
  decodeDepthMax: 16,
  /** IPv6 extension headers of one packet. RFC 8504 §5.3 lets a host drop at 8 or more. */
  ipv6ExtensionsMax: 8,
  /**
   * Bytes of a datagram kept while its transport header is split over fragments: 60 bytes of TCP
   * header and the first payload bytes tools are told by.
   */
  fragmentBufferSize: 256,
  /** Unfinished datagrams kept. Nmap -f has at most a few hundred probes in flight. */
  fragmentsMax: 4096,
  /**
   * Age at which an unfinished datagram is forgotten, packet time: Linux keeps 30 s, a scan needs
   * far less.
   */
  fragmentTimeoutUs: 5_000_000,
  /** Largest frame accepted from a file: libpcap's MAXIMUM_SNAPLEN. */
  frameSizeMax: 262_144,
  /** Largest pcapng block accepted: libpcap's bound. */
  pcapngBlockSizeMax: 16 * 1024 * 1024,
  /** Interfaces of one pcapng section. */
  pcapngInterfacesMax: 256,
} as const;
