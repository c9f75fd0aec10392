/**
 * Link types the decoder reads, as numbered in capture files (LINKTYPE_ values of the tcpdump.org
 * registry). Twin: `native/core/base/link_types.h`.
 */
export const LinkType = {
  null: 0,
  ethernet: 1,
  ppp: 9,
  /**
   * DLT_RAW as some writers put it into files without translating it: most systems, and OpenBSD.
   */
  rawBsd: 12,
  rawOpenbsd: 14,
  pppHdlc: 50,
  raw: 101,
  loop: 108,
  linuxSll: 113,
  ipv4: 228,
  ipv6: 229,
  linuxSll2: 276,
} as const;

const READABLE: ReadonlySet<number> = new Set(Object.values(LinkType));

/** Whether the decoder can find an IP packet in frames of this type. */
export function isReadableLinkType(linkType: number): boolean {
  return READABLE.has(linkType);
}
