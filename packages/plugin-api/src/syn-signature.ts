/**
 * SYN signatures in the forms people search for. The bytes are those of the batch (layout in
 * `packages/observer/src/observe/syn-signature.ts`).
 */
import type { SynFingerprint } from './finding.js';

const KINDS_AT = 15;
const NO_MSS = 0xffff;
const NO_SCALE = 0xff;
/** p0f README §5, in bit order. */
const QUIRKS = [
  'df',
  'id+',
  'id-',
  'ecn',
  '0+',
  'flow',
  'seq-',
  'ack+',
  'ack-',
  'uptr+',
  'urgf+',
  'pushf+',
  'ts1-',
  'ts2+',
  'opt+',
  'exws',
  'bad',
];
const ZERO_TIMESTAMP = 1 << 12;
const OPTION_NAMES: Readonly<Record<number, string>> = {
  1: 'nop',
  2: 'mss',
  3: 'ws',
  4: 'sok',
  5: 'sack',
  8: 'ts',
};
/** Bytes of the options with a fixed size, by kind, without end-of-list. */
const OPTION_SIZES: Readonly<Record<number, number>> = { 1: 1, 2: 4, 3: 3, 4: 2, 8: 10 };
const OPTION_END = 0;
const OPTION_TIMESTAMPS = 8;
/** Bytes of an IP and a TCP header without options. */
const HEADERS4_SIZE = 40;
const HEADERS6_SIZE = 60;
const ETHERNET_MTU = 1500;
/** p0f looks for multiples only of what could be a segment size. */
const MSS_MIN = 100;

/** The fields of a canonical signature. */
interface Fields {
  version: number;
  ttl: number;
  ipOptionsSize: number;
  /** 0 when there was none, as p0f prints it; likewise the scale. */
  mss: number;
  scale: number;
  window: number;
  hasPayload: boolean;
  quirks: number;
  eolPadSize: number;
  kinds: number[];
}

/**
 * Prints a canonical signature.
 * @returns `p0f`, the raw signature of p0f 3.09 with the initial TTL in place of "seen + distance";
 * `hash`, its FNV-1a 64; `muonfp`, where absent values are empty.
 * @throws RangeError when the bytes are no signature: fewer than 15, or than they announce.
 */
export function formatSynSignature(bytes: Uint8Array): SynFingerprint {
  const fields = parse(bytes);
  const p0f = formatP0f(fields);
  return { p0f, hash: fnv1a64(p0f), muonfp: formatMuonfp(fields, bytes) };
}

function parse(bytes: Uint8Array): Fields {
  if (bytes.length < KINDS_AT || bytes.length < KINDS_AT + (bytes[14] ?? 0)) {
    throw new RangeError(`a SYN signature of ${bytes.length} bytes is too short`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const mss = view.getUint16(3);
  const scale = view.getUint8(7);
  return {
    version: view.getUint8(0),
    ttl: view.getUint8(1),
    ipOptionsSize: view.getUint8(2),
    mss: mss === NO_MSS ? 0 : mss,
    window: view.getUint16(5),
    scale: scale === NO_SCALE ? 0 : scale,
    hasPayload: view.getUint8(8) !== 0,
    quirks: view.getUint32(9),
    eolPadSize: view.getUint8(13),
    kinds: [...bytes.subarray(KINDS_AT, KINDS_AT + view.getUint8(14))],
  };
}

function formatP0f(fields: Fields): string {
  const options = fields.kinds.map((kind) =>
    kind === OPTION_END ? `eol+${fields.eolPadSize}` : (OPTION_NAMES[kind] ?? `?${kind}`),
  );
  const quirks = QUIRKS.filter((_, bit) => (fields.quirks & (1 << bit)) !== 0);
  return [
    fields.version,
    fields.ttl,
    fields.ipOptionsSize,
    fields.mss,
    `${formatWindow(fields)},${fields.scale}`,
    options.join(','),
    quirks.join(','),
    fields.hasPayload ? '+' : '0',
  ].join(':');
}

/**
 * A window that is a multiple of a segment size, or of an MTU, is printed as one: what p0f tries,
 * in its order (observed of 3.09b: fp_tcp.c, detect_win_multi).
 */
function formatWindow(fields: Fields): string {
  const { window, mss, version } = fields;
  if (window === 0 || mss < MSS_MIN) return `${window}`;
  const hasTimestamp =
    fields.kinds.includes(OPTION_TIMESTAMPS) && (fields.quirks & ZERO_TIMESTAMP) === 0;
  const segments = [mss];
  if (hasTimestamp) segments.push(mss - 12);
  segments.push(ETHERNET_MTU - HEADERS4_SIZE, ETHERNET_MTU - HEADERS4_SIZE - 12);
  if (version === 6) segments.push(ETHERNET_MTU - HEADERS6_SIZE, ETHERNET_MTU - HEADERS6_SIZE - 12);
  for (const size of segments) if (window % size === 0) return `mss*${window / size}`;
  const packets = [mss + HEADERS4_SIZE, mss + headersSize(fields)];
  if (version === 6) packets.push(mss + HEADERS6_SIZE);
  packets.push(ETHERNET_MTU);
  for (const size of packets) if (window % size === 0) return `mtu*${window / size}`;
  return `${window}`;
}

/**
 * IP and TCP header sizes of the packet itself. Options of unknown size count as two bytes: the
 * signature does not hold their sizes.
 */
function headersSize(fields: Fields): number {
  let size = 0;
  for (const kind of fields.kinds) {
    size += kind === OPTION_END ? 1 + fields.eolPadSize : (OPTION_SIZES[kind] ?? 2);
  }
  const base = fields.version === 6 ? HEADERS6_SIZE : HEADERS4_SIZE + fields.ipOptionsSize;
  return base + Math.ceil(size / 4) * 4;
}

function formatMuonfp(fields: Fields, bytes: Uint8Array): string {
  const mss = fields.kinds.includes(2) ? `${fields.mss}` : '';
  const scale = fields.kinds.includes(3) && bytes[7] !== NO_SCALE ? `${fields.scale}` : '';
  return `${fields.window}:${fields.kinds.join('-')}:${mss}:${scale}`;
}

/** FNV-1a, 64 bits (Fowler, Noll, Vo; draft-eastlake-fnv §6), as 16 hex digits. */
function fnv1a64(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (let at = 0; at < text.length; at++) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(text.charCodeAt(at))) * 0x100000001b3n);
  }
  return hash.toString(16).padStart(16, '0');
}
