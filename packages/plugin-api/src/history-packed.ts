/** The form of `Histories` in a checkpoint. */

/** Sixteen contacts of three words each. */
export const BLOCK_WORDS = 48;
/** Contacts remembered of one source. */
export const ENTRIES_MAX = 1024;
/** Above every setting. */
const SOURCES_MAX = 1 << 24;
const NONE = -1;

/** Arrays are `[used]`, but for `nextBlock` (`[usedBlocks]`) and `blocks` (48 words each). */
export interface PackedHistories {
  sourcesMax: number;
  blocksMax: number;
  names: (string | null)[];
  llr: Float32Array;
  lastS: Uint32Array;
  fastS: Uint32Array;
  repeats: Uint32Array;
  head: Int32Array;
  count: Uint16Array;
  flags: Uint8Array;
  nextBlock: Int32Array;
  blocks: Int32Array;
  freeBlock: number;
  hand: number;
  free: number[];
  forgotten: [sources: number, contacts: number];
}

/**
 * Chains must stay inside the arrays and be chains: a checkpoint comes back from a server.
 * @throws RangeError
 */
export function checkPacked(packed: unknown): PackedHistories {
  const p = packed as PackedHistories;
  const used = Array.isArray(p?.names) ? p.names.length : -1;
  const blocks = p?.nextBlock instanceof Int32Array ? p.nextBlock.length : -1;
  const isNumber = (value: number, max: number): boolean =>
    Number.isInteger(value) && value >= NONE && value <= max;
  const isWhole =
    isNumber(p?.sourcesMax, SOURCES_MAX) &&
    isNumber(p.blocksMax, 2 * SOURCES_MAX) &&
    used >= 0 &&
    used <= p.sourcesMax &&
    p.names.every((name) => name === null || typeof name === 'string') &&
    blocks >= 0 &&
    blocks <= p.blocksMax &&
    p.llr instanceof Float32Array &&
    [p.lastS, p.fastS, p.repeats].every((array) => array instanceof Uint32Array) &&
    p.count instanceof Uint16Array &&
    p.flags instanceof Uint8Array &&
    p.head instanceof Int32Array &&
    p.blocks instanceof Int32Array &&
    [p.llr, p.lastS, p.fastS, p.repeats, p.count, p.flags, p.head].every(
      ({ length }) => length === used,
    ) &&
    p.blocks.length === blocks * BLOCK_WORDS &&
    p.head.every((block) => isNumber(block, blocks - 1)) &&
    p.nextBlock.every((block) => isNumber(block, blocks - 1)) &&
    p.count.every((count) => count <= ENTRIES_MAX) &&
    isNumber(p.freeBlock, blocks - 1) &&
    areChains([...p.head, ...p.nextBlock, p.freeBlock]) &&
    isNumber(p.hand, used) &&
    Array.isArray(p.free) &&
    p.free.every((record) => isNumber(record, used - 1)) &&
    Array.isArray(p.forgotten) &&
    p.forgotten.every((count) => Number.isSafeInteger(count));
  if (!isWhole) throw new RangeError('histories of another form');
  return p;
}

/** No block is followed or begun with twice: then no chain can bite its tail. */
function areChains(blocks: number[]): boolean {
  const used = blocks.filter((block) => block !== NONE);
  return new Set(used).size === used.length;
}
