/// The one hash of the packet side: MurmurHash3 x86_32 over 32-bit words (Appleby, public domain
/// algorithm), without its length term since every use has a fixed word count. Native and
/// TypeScript must agree to the bit: table order, sketches and shards all follow from it. Twin:
/// packages/observer/src/base/hash.ts.
#pragma once

#include <cstdint>

namespace picket {

/// Seed of every hash unless the configuration sets another: the same in all sensors, or sketches
/// cannot merge.
constexpr uint32_t HASH_SEED = 0x5069636b;  // "Pick"

/// Folds one 32-bit word into the running hash.
constexpr uint32_t mix(uint32_t hash, uint32_t word) {
  uint32_t k = word * 0xcc9e2d51u;
  k = (k << 15) | (k >> 17);
  k *= 0x1b873593u;
  uint32_t h = hash ^ k;
  h = (h << 13) | (h >> 19);
  return h * 5 + 0xe6546b64u;
}

/// Final avalanche: every input bit reaches every output bit.
constexpr uint32_t finish(uint32_t hash) {
  uint32_t h = hash ^ (hash >> 16);
  h *= 0x85ebca6bu;
  h ^= h >> 13;
  h *= 0xc2b2ae35u;
  return h ^ (h >> 16);
}

}  // namespace picket
