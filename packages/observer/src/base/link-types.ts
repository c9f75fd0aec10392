/**
 * Link types the decoder reads, as numbered in capture files (LINKTYPE_ values of the tcpdump.org
 * registry). Twin: `native/core/base/link_types.h`.
 */
export const LinkType = {
  null: 0,
  ethernet: 1,
  raw: 101,
  loop: 108,
  linuxSll: 113,
  ipv4: 228,
  ipv6: 229,
  linuxSll2: 276,
} as const;

/** DLT_RAW as some writers put it into files without translating it: 12 (most systems), 14 (OpenBSD). */
export const RAW_DLT = 12;
export const RAW_DLT_OPENBSD = 14;

const READABLE: ReadonlySet<number> = new Set([...Object.values(LinkType), RAW_DLT, RAW_DLT_OPENBSD]);

/** Whether the decoder can find an IP packet in frames of this type. */
export function isReadableLinkType(linkType: number): boolean {
  return READABLE.has(linkType);
}
