/**
 * The one hash of the packet side: MurmurHash3 x86_32 over 32-bit words (Appleby, public domain
 * algorithm), without its length term since every use has a fixed word count. Native and TypeScript
 * must agree to the bit: table order, sketches and shards all follow from it.
 * Both the observer and the windows need it. Twin: `native/core/base/hash.h`.
 */

/**
 * Seed of every hash unless the configuration sets another: the same in all sensors, or sketches
 * cannot merge.
 */
export const HASH_SEED = 0x5069636b; // "Pick"

/** Folds one 32-bit word into the running hash. Both int32. */
export function mix(hash: number, word: number): number {
  let k = Math.imul(word, 0xcc9e2d51);
  k = (k << 15) | (k >>> 17);
  k = Math.imul(k, 0x1b873593);
  let h = hash ^ k;
  h = (h << 13) | (h >>> 19);
  return (Math.imul(h, 5) + 0xe6546b64) | 0;
}

/** Final avalanche: every input bit reaches every output bit. Returns int32. */
export function finish(hash: number): number {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
}
