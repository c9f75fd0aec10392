/// Frames to facts: walks one frame through every layer to the innermost IP packet and its
/// transport. Twin: packages/observer/src/decode/decoder.ts.
#pragma once

#include <array>
#include <cstddef>

#include "base/link_types.h"
#include "decode/fragments.h"
#include "decode/plain.h"
#include "decode/repeated_syn.h"
#include "decode/walk.h"

namespace picket {

class Decoder {
 public:
  explicit Decoder(uint32_t fragments_max) : fragments_(fragments_max) {}

  /// Decodes one frame: `captured` bytes of `wire` (taken as at least `captured`), time in
  /// microseconds since 1970, link type as in capture files. The facts are this decoder's until its
  /// next frame, and `bytes` of them points into the frame, or into this decoder. `ip_version` 0:
  /// there is no IP packet to speak of.
  const Packet& decode(const uint8_t* frame, uint32_t captured, uint32_t wire, int64_t time_us,
                       uint32_t link_type) {
    if (wire < captured) wire = captured;
    if (link_type == picket::link_type::ethernet) {
      const Packet* again = repeated_.decode(frame, captured, wire, time_us);
      if (again != nullptr) return *again;
      if (decode_plain(frame, captured, wire, time_us, packet_)) {
        repeated_.learn(frame, packet_);
        return packet_;
      }
    }
    decode_walking(frame, captured, wire, time_us, link_type, packet_);
    return packet_;
  }

  /// The same for any frame, layer by layer, `wire` being at least `captured`. `decode` takes this
  /// way when neither short one does.
  void decode_walking(const uint8_t* frame, uint32_t captured, uint32_t wire, int64_t time_us,
                      uint32_t link_type, Packet& packet);

  /// Frames with each anomaly, `ANOMALY_COUNT` of them, by code.
  const uint64_t* anomaly_counts() const { return anomaly_counts_.data(); }

 private:
  Packet packet_{};
  RepeatedSyns repeated_;
  Fragments fragments_;
  std::array<uint64_t, static_cast<size_t>(Anomaly::ANOMALY_COUNT)> anomaly_counts_{};
};

}  // namespace picket
