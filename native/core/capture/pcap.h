/// Reads the records of a pcap file. Twin: packages/observer/src/capture/pcap.ts.
/// Source: draft-ietf-opsawg-pcap; the modified format after Alexey Kuznetzov's libpcap patch.
#pragma once

#include <string>

#include "capture/frame_sink.h"
#include "capture/record.h"

namespace picket {

class PcapReader {
 public:
  explicit PcapReader(FrameSink& sink) : sink_(sink) {}

  /// Whether a file that begins with these 4 bytes is a pcap file.
  static bool is_magic(const uint8_t* bytes);
  /// Looks at the record at `bytes`, of which `size` are present: the file's header first, then
  /// packets.
  Record read(const uint8_t* bytes, size_t size);
  /// Delivers the whole, ordinary packets that `bytes` begin with, and returns their size: what is
  /// left is `read`'s. Takes none before the file's header.
  size_t read_packets(const uint8_t* bytes, size_t size);
  const std::string& reason() const { return reason_; }
  const FrameTally& tally() const { return tally_; }
  /// What the next record is called in a message.
  const char* noun() const { return has_header_ ? "a packet record" : "its header"; }

 private:
  /// Order of the two lengths of a packet record: versions before 2.3 wrote the wire's first, and
  /// 2.3 either.
  enum class LengthOrder : uint8_t { captured_first, wire_first, smaller_is_captured };

  Record read_header(const uint8_t* bytes, size_t size);
  Record damaged(std::string reason);

  FrameSink& sink_;
  bool has_header_ = false;
  bool big_endian_ = false;
  bool nanoseconds_ = false;
  LengthOrder length_order_ = LengthOrder::captured_first;
  uint32_t record_header_size_ = 16;
  uint32_t link_type_ = 0;
  bool readable_ = false;
  /// Packet records have nothing about them that `read` would have to look at.
  bool is_ordinary_ = false;
  std::string reason_;
  FrameTally tally_;
};

}  // namespace picket
