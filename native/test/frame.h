/// Builds frames for the decoder's tests, inside out, from hexadecimal text and numbers.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

namespace picket::test {

using Bytes = std::vector<uint8_t>;

inline uint8_t nibble(char digit) {
  return static_cast<uint8_t>(digit <= '9' ? digit - '0' : digit - 'a' + 10);
}

/// Bytes of lower-case hexadecimal text; spaces do not count.
inline Bytes hex(std::string_view text) {
  Bytes bytes;
  int high = -1;
  for (const char digit : text) {
    if (digit == ' ') continue;
    if (high < 0) {
      high = nibble(digit);
      continue;
    }
    bytes.push_back(static_cast<uint8_t>(high << 4 | nibble(digit)));
    high = -1;
  }
  return bytes;
}

inline Bytes concat(std::initializer_list<Bytes> parts) {
  Bytes all;
  for (const Bytes& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

inline Bytes be16(uint32_t value) {
  return {static_cast<uint8_t>(value >> 8), static_cast<uint8_t>(value)};
}

/// The Internet checksum in its plainest form, so that it checks the decoder's.
inline uint32_t internet_checksum(const Bytes& bytes) {
  uint32_t sum = 0;
  for (size_t at = 0; at < bytes.size(); at++) sum += bytes[at] << (at % 2 == 0 ? 8 : 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return 0xffff - sum;
}

/// 203.0.113.7 to 198.51.100.9, TTL 60, right lengths and checksum.
inline Bytes ipv4(uint8_t protocol, const Bytes& payload, uint32_t fragment = 0, uint32_t id = 7) {
  Bytes header = concat({hex("4500"), be16(static_cast<uint32_t>(20 + payload.size())), be16(id),
                         be16(fragment), {60, protocol}, hex("0000 cb007107 c6336409")});
  const Bytes sum = be16(internet_checksum(header));
  header[10] = sum[0];
  header[11] = sum[1];
  return concat({header, payload});
}

/// The segment with the checksum that is right inside `ipv4`.
inline Bytes with_checksum(Bytes segment) {
  segment[16] = segment[17] = 0;
  const Bytes pseudo = concat({hex("cb007107 c6336409 0006"),
                               be16(static_cast<uint32_t>(segment.size())), segment});
  const Bytes sum = be16(internet_checksum(pseudo));
  segment[16] = sum[0];
  segment[17] = sum[1];
  return segment;
}

/// A SYN from port 40000 to `port` with MSS 1460, window 1024; right checksum inside `ipv4`.
inline Bytes tcp_syn(uint32_t port, const Bytes& payload = {}) {
  return with_checksum(concat({be16(40000), be16(port),
                               hex("01020304 00000000 6002 0400 0000 0000"), hex("020405b4"),
                               payload}));
}

inline Bytes ethernet(uint32_t type, const Bytes& payload) {
  return concat({hex("020000000001 020000000002"), be16(type), payload});
}

}  // namespace picket::test
