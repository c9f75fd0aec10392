/// Takes a capture file in pieces and delivers its frames. Twin:
/// packages/observer/src/capture/parser.ts: same frames, and the same damage with the same offset
/// and words, wherever the pieces are cut.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "capture/frame_sink.h"
#include "capture/pcap.h"
#include "capture/pcapng.h"
#include "capture/record.h"

namespace picket {

/// Why a capture could not be read to its end. Everything before `offset` has been delivered.
struct Damage {
  uint64_t offset;     ///< bytes from the start of the (uncompressed) file to the damaged record
  std::string reason;  ///< for people; the clause after "FILE, byte OFFSET:"
};

class CaptureParser {
 public:
  explicit CaptureParser(FrameSink& sink);

  /// Delivers every frame that is complete with these bytes. Frames inside the chunk are not
  /// copied; a frame cut by its end is kept, at most limits::pcapng_block_size_max bytes. Does
  /// nothing once damaged.
  void push(const uint8_t* chunk, size_t size);
  /// The file is over. Finds it damaged if it ended inside a record, and also, at the first
  /// frame, if it held frames and the decoder can read none of them for their link type.
  void end();
  const std::optional<Damage>& damage() const { return damage_; }

 private:
  enum class Format : uint8_t { unknown, pcap, pcapng };

  size_t fill(const uint8_t* chunk, size_t size);
  size_t drain(const uint8_t* chunk, size_t size);
  Record read(const uint8_t* bytes, size_t size);
  Record read_magic(const uint8_t* bytes, size_t size);
  const FrameTally& tally() const;
  void fail(std::string reason);

  PcapReader pcap_;
  PcapngReader pcapng_;
  Format format_ = Format::unknown;
  uint64_t offset_ = 0;            ///< of the record being read
  uint64_t first_unreadable_ = 0;  ///< offset of the first frame with an unreadable link type
  std::vector<uint8_t> carry_;     ///< the beginning of a record whose end has not come yet
  size_t needed_ = 0;              ///< bytes of that record needed to go on
  std::optional<Damage> damage_;
};

}  // namespace picket
