/// Any bytes as one frame of any link type: nothing may read past them or behave undefined, and the
/// short ways of decoding say what the long one does.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "decode/decoder.h"

using picket::decode_plain;

constexpr int64_t TIME_US = 1'700'000'000'000'000;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  static picket::Decoder decoder(64);
  static picket::Packet packet;
  static constexpr uint32_t LINK_TYPES[] = {0, 1, 9, 12, 14, 50, 101, 108, 113, 147, 228, 229, 276};
  if (size == 0) return 0;
  const uint32_t link_type = LINK_TYPES[bytes[0] % (sizeof(LINK_TYPES) / sizeof(LINK_TYPES[0]))];
  const uint32_t count = static_cast<uint32_t>(size - 1);
  picket::Packet decoded = decoder.decode(bytes + 1, count, count, TIME_US, link_type);
  decoded.shape = 0;
  if (decode_plain(bytes + 1, count, count, TIME_US, packet)) {
    static picket::Packet walked;
    decoder.decode_walking(bytes + 1, count, count, TIME_US, 1, walked);
    if (std::memcmp(&packet, &walked, sizeof packet) != 0) std::abort();
    const bool is_ethernet = link_type == 1;
    if (is_ethernet && std::memcmp(&packet, &decoded, sizeof packet) != 0) std::abort();
  }
  return 0;
}
