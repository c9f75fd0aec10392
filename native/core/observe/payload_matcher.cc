#include "observe/payload_matcher.h"

#include <algorithm>

namespace picket {

namespace {

/// Ids share 32 bits with the shapes of TLS hellos (`payloads.h`).
constexpr uint32_t ID_MAX = 0x7fff;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/// A TLS record, RFC 8446 §5.1: most payloads are, and their inside is noise.
bool is_tls(const uint8_t* payload, uint32_t size) {
  return size > 1 && payload[0] >= 20 && payload[0] <= 23 && payload[1] == 3;
}

}  // namespace

bool is_valid(const PayloadPattern& pattern) {
  const std::string& hex = pattern.hex;
  if (pattern.id > ID_MAX || hex.empty() || hex.size() % 2 != 0) return false;
  if (hex.size() / 2 > PATTERN_SIZE_MAX) return false;
  for (size_t i = 0; i < hex.size(); i += 2) {
    const bool is_any = i > 0 && hex[i] == '.' && hex[i + 1] == '.';
    if (!is_any && (hex_digit(hex[i]) < 0 || hex_digit(hex[i + 1]) < 0)) return false;
  }
  return true;
}

PayloadMatcher::PayloadMatcher(const std::vector<PayloadPattern>& patterns) {
  for (const PayloadPattern& pattern : patterns) {
    if (!is_valid(pattern)) continue;
    Patterns& table = pattern.is_udp ? udp_ : tcp_;
    Compiled compiled = compile(pattern);
    const uint8_t first = compiled.bytes[0];
    if (pattern.at == PayloadPlace::anywhere) {
      table.insides[first].push_back(std::move(compiled));
      table.opens_inside[first] = true;
      table.has_insides = true;
      continue;
    }
    std::vector<Compiled>& list = table.openings[first];
    size_t place = list.size();
    while (place > 0 && list[place - 1].bytes.size() < compiled.bytes.size()) place--;
    list.insert(list.begin() + static_cast<std::ptrdiff_t>(place), std::move(compiled));
  }
}

bool PayloadMatcher::match(const uint8_t* payload, uint32_t size, uint32_t wire_size,
                           bool is_udp) {
  opening = NO_PAYLOAD;
  inside = NO_PAYLOAD;
  if (size == 0) return false;
  const Patterns& patterns = is_udp ? udp_ : tcp_;
  for (const Compiled& pattern : patterns.openings[payload[0]]) {
    if (pattern.is_whole && wire_size != pattern.bytes.size()) continue;
    if (!fits(pattern, payload, size)) continue;
    opening = pattern.id;
    break;
  }
  if (patterns.has_insides && !is_tls(payload, size)) {
    search(patterns, payload, std::min(size, SEARCHED_SIZE));
  }
  return opening != NO_PAYLOAD || inside != NO_PAYLOAD;
}

PayloadMatcher::Compiled PayloadMatcher::compile(const PayloadPattern& pattern) {
  Compiled compiled{pattern.id, pattern.at == PayloadPlace::whole, {}, {}};
  for (size_t i = 0; i < pattern.hex.size(); i += 2) {
    const bool is_any = pattern.hex[i] == '.';
    const int value =
        is_any ? 0 : hex_digit(pattern.hex[i]) * 16 + hex_digit(pattern.hex[i + 1]);
    compiled.bytes.push_back(static_cast<uint8_t>(value));
    compiled.mask.push_back(is_any ? 0 : 0xff);
  }
  return compiled;
}

bool PayloadMatcher::fits(const Compiled& pattern, const uint8_t* bytes, uint32_t size) {
  const size_t count = pattern.bytes.size();
  if (count > size) return false;
  for (size_t i = 0; i < count; i++) {
    if (((bytes[i] ^ pattern.bytes[i]) & pattern.mask[i]) != 0) return false;
  }
  return true;
}

/// The first place wins, and there the first pattern listed.
void PayloadMatcher::search(const Patterns& patterns, const uint8_t* payload, uint32_t size) {
  for (uint32_t offset = 0; offset < size; offset++) {
    if (!patterns.opens_inside[payload[offset]]) continue;
    for (const Compiled& pattern : patterns.insides[payload[offset]]) {
      if (!fits(pattern, payload + offset, size - offset)) continue;
      inside = pattern.id;
      return;
    }
  }
}

}  // namespace picket
