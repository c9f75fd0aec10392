/**
 * Which known payload a packet carries: one prefix by its first bytes, and one text inside its
 * first 512. The signatures come with the options; `plugin-api/src/payload-signatures.ts` lists
 * them. Twin: `payload_matcher.{h,cc}`.
 */
import type { PayloadPattern } from '../options.js';

/** Where nothing matched. */
export const NO_PAYLOAD = -1;
/** Bytes of a payload that are looked at: what tells a tool is in the request's head. */
export const SEARCHED_SIZE = 512;
export const PATTERNS_MAX = 1024;
export const PATTERN_SIZE_MAX = 128;
/** Ids share 32 bits with the shapes of TLS hellos (`payloads.ts`). */
const ID_MAX = 0x7fff;
const BYTES = 256;

interface Compiled {
  id: number;
  isWhole: boolean;
  bytes: Uint8Array;
  /** 0xff where the byte counts, 0 where any will do. */
  mask: Uint8Array;
}

/** The patterns of one transport, by their first byte. */
class Table {
  /** Longest first, so that the most telling one wins; equals as listed. */
  readonly openings: Compiled[][] = Array.from({ length: BYTES }, () => []);
  readonly insides: Compiled[][] = Array.from({ length: BYTES }, () => []);
  /** 1 where `insides` has any for a byte. */
  readonly opensInside = new Uint8Array(BYTES);
  hasInsides = false;

  add(pattern: PayloadPattern): void {
    const compiled = compile(pattern);
    const first = compiled.bytes[0];
    if (pattern.at === 'anywhere') {
      this.insides[first].push(compiled);
      this.opensInside[first] = 1;
      this.hasInsides = true;
      return;
    }
    const list = this.openings[first];
    let place = list.length;
    while (place > 0 && list[place - 1].bytes.length < compiled.bytes.length) place--;
    list.splice(place, 0, compiled);
  }
}

export class PayloadMatcher {
  /** Ids of what the last `match` found, or NO_PAYLOAD. */
  opening = NO_PAYLOAD;
  inside = NO_PAYLOAD;
  private readonly tcp = new Table();
  private readonly udp = new Table();

  /** @throws RangeError for a pattern that is none */
  constructor(patterns: readonly PayloadPattern[]) {
    if (patterns.length > PATTERNS_MAX) throw new RangeError(`over ${PATTERNS_MAX} payloads`);
    for (const pattern of patterns) {
      (pattern.transport === 'udp' ? this.udp : this.tcp).add(pattern);
    }
  }

  /** Looks at the `size` bytes from `at` on, of a payload that had `wireSize`. True when found. */
  match(bytes: Uint8Array, at: number, size: number, wireSize: number, isUdp: boolean): boolean {
    this.opening = NO_PAYLOAD;
    this.inside = NO_PAYLOAD;
    if (size === 0) return false;
    const table = isUdp ? this.udp : this.tcp;
    for (const pattern of table.openings[bytes[at]]) {
      if (pattern.isWhole && wireSize !== pattern.bytes.length) continue;
      if (!fits(pattern, bytes, at, size)) continue;
      this.opening = pattern.id;
      break;
    }
    if (table.hasInsides && !isTls(bytes, at, size)) {
      this.search(table, bytes, at, Math.min(size, SEARCHED_SIZE));
    }
    return this.opening !== NO_PAYLOAD || this.inside !== NO_PAYLOAD;
  }

  /** The first place wins, and there the first pattern listed. */
  private search(table: Table, bytes: Uint8Array, at: number, size: number): void {
    for (let offset = 0; offset < size; offset++) {
      const first = bytes[at + offset];
      if (table.opensInside[first] === 0) continue;
      for (const pattern of table.insides[first]) {
        if (!fits(pattern, bytes, at + offset, size - offset)) continue;
        this.inside = pattern.id;
        return;
      }
    }
  }
}

/** A TLS record, RFC 8446 §5.1: most payloads are, and their inside is noise. */
function isTls(bytes: Uint8Array, at: number, size: number): boolean {
  return size > 1 && bytes[at] >= 20 && bytes[at] <= 23 && bytes[at + 1] === 3;
}

function fits(pattern: Compiled, bytes: Uint8Array, at: number, size: number): boolean {
  const count = pattern.bytes.length;
  if (count > size) return false;
  for (let i = 0; i < count; i++) {
    if (((bytes[at + i] ^ pattern.bytes[i]) & pattern.mask[i]) !== 0) return false;
  }
  return true;
}

function compile({ id, at, hex }: PayloadPattern): Compiled {
  const size = hex.length / 2;
  if (!Number.isInteger(id) || id < 0 || id > ID_MAX) throw new RangeError(`payload id ${id}`);
  if (!/^[0-9a-f]{2}([0-9a-f]{2}|\.\.)*$/.test(hex) || size > PATTERN_SIZE_MAX) {
    throw new RangeError(`payload ${id}: '${hex}' is no pattern`);
  }
  const bytes = new Uint8Array(size);
  const mask = new Uint8Array(size);
  for (let i = 0; i < size; i++) {
    const pair = hex.slice(i * 2, i * 2 + 2);
    if (pair === '..') continue;
    bytes[i] = Number.parseInt(pair, 16);
    mask[i] = 0xff;
  }
  return { id, isWhole: at === 'whole', bytes, mask };
}
