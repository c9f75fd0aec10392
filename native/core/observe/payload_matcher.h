/// Which known payload a packet carries: one prefix by its first bytes, and one text inside its
/// first 512. The signatures come with the options. Twin:
/// packages/observer/src/observe/payload-matcher.ts.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "options.h"

namespace picket {

/// Where nothing matched.
constexpr uint32_t NO_PAYLOAD = UINT32_MAX;
/// Bytes of a payload that are looked at: what tells a tool is in the request's head.
constexpr uint32_t SEARCHED_SIZE = 512;
constexpr size_t PATTERNS_MAX = 1024;
constexpr size_t PATTERN_SIZE_MAX = 128;

/// Whether a pattern is one: see `PayloadPattern`.
bool is_valid(const PayloadPattern& pattern);

class PayloadMatcher {
 public:
  /// Patterns that are none are left out: whoever takes options in has refused them.
  explicit PayloadMatcher(const std::vector<PayloadPattern>& patterns);

  /// Looks at the first `size` bytes of a payload that had `wire_size`. True when found.
  bool match(const uint8_t* payload, uint32_t size, uint32_t wire_size, bool is_udp);

  /// Ids of what the last `match` found, or NO_PAYLOAD.
  uint32_t opening = NO_PAYLOAD;
  uint32_t inside = NO_PAYLOAD;

 private:
  struct Compiled {
    uint32_t id;
    bool is_whole;
    std::vector<uint8_t> bytes;
    std::vector<uint8_t> mask;  ///< 0xff where the byte counts, 0 where any will do
  };
  using ByFirstByte = std::array<std::vector<Compiled>, 256>;
  /// The patterns of one transport.
  struct Patterns {
    ByFirstByte openings;  ///< longest first, so that the most telling one wins; equals as listed
    ByFirstByte insides;
    std::array<bool, 256> opens_inside{};  ///< whether `insides` has any for a byte
    bool has_insides = false;
  };

  static Compiled compile(const PayloadPattern& pattern);
  static bool fits(const Compiled& pattern, const uint8_t* bytes, uint32_t size);
  void search(const Patterns& patterns, const uint8_t* payload, uint32_t size);

  Patterns tcp_;
  Patterns udp_;
};

}  // namespace picket
