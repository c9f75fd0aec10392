/// Any bytes as one frame of any link type: nothing may read past them or behave undefined.
#include <cstddef>
#include <cstdint>

#include "decode/decoder.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  static picket::Decoder decoder(64);
  static picket::Packet packet;
  static constexpr uint32_t LINK_TYPES[] = {0, 1, 9, 12, 14, 50, 101, 108, 113, 147, 228, 229, 276};
  if (size == 0) return 0;
  const uint32_t link_type = LINK_TYPES[bytes[0] % (sizeof(LINK_TYPES) / sizeof(LINK_TYPES[0]))];
  const uint32_t count = static_cast<uint32_t>(size - 1);
  decoder.decode(bytes + 1, count, count, 1'700'000'000'000'000, link_type, packet);
  return 0;
}
