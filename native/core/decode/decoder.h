/// Frames to facts: walks one frame through every layer to the innermost IP packet and its
/// transport. Twin: packages/observer/src/decode/decoder.ts.
#pragma once

#include <array>
#include <cstddef>

#include "base/link_types.h"
#include "decode/fragments.h"
#include "decode/plain.h"
#include "decode/walk.h"

namespace picket {

class Decoder {
 public:
  explicit Decoder(uint32_t fragments_max) : fragments_(fragments_max) {}

  /// Decodes one frame into `packet`: `captured` bytes of `wire` (taken as at least `captured`),
  /// time in microseconds since 1970, link type as in capture files. `packet.bytes` points into the
  /// frame, or into this decoder until its next frame. True when there is an IP packet to speak of.
  bool decode(const uint8_t* frame, uint32_t captured, uint32_t wire, int64_t time_us,
              uint32_t link_type, Packet& packet) {
    if (wire < captured) wire = captured;
    const bool is_plain = link_type == picket::link_type::ethernet &&
                          decode_plain(frame, captured, wire, time_us, packet);
    return is_plain || decode_walking(frame, captured, wire, time_us, link_type, packet);
  }

  /// The same for any frame, layer by layer, `wire` being at least `captured`. `decode` takes this
  /// way when the short one does not do.
  bool decode_walking(const uint8_t* frame, uint32_t captured, uint32_t wire, int64_t time_us,
                      uint32_t link_type, Packet& packet);

  /// Frames with each anomaly, `ANOMALY_COUNT` of them, by code.
  const uint64_t* anomaly_counts() const { return anomaly_counts_.data(); }

 private:
  Fragments fragments_;
  std::array<uint64_t, static_cast<size_t>(Anomaly::ANOMALY_COUNT)> anomaly_counts_{};
};

}  // namespace picket
