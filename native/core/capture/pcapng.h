/// Reads the blocks of a pcapng file. Twin: packages/observer/src/capture/pcapng.ts.
/// Source: draft-ietf-opsawg-pcapng; the obsolete packet block after draft-tuexen-opsawg-pcapng-00.
#pragma once

#include <string>
#include <vector>

#include "capture/frame_sink.h"
#include "capture/record.h"

namespace picket {

/// Time stamps of one interface: counts of a power of 10 or 2 a second, moved by whole seconds.
class PcapngClock {
 public:
  PcapngClock() = default;
  /// `resolution` is if_tsresol: the top bit says power of 2, the rest is the negative exponent.
  /// False when the count of one second does not fit in 64 bits.
  bool set_resolution(uint8_t resolution);
  void set_offset(int64_t seconds) { offset_s_ = seconds; }
  /// Microseconds since 1970, rounded down and held within 0 to 2^53 - 1.
  int64_t time_us(uint64_t stamp) const;

 private:
  uint64_t per_second_ = 1'000'000;
  int64_t offset_s_ = 0;
};

class PcapngReader {
 public:
  explicit PcapngReader(FrameSink& sink) : sink_(sink) {}

  /// Whether a file that begins with these 4 bytes is a pcapng file.
  static bool is_magic(const uint8_t* bytes);
  /// Looks at the block at `bytes`, of which `size` are present.
  Record read(const uint8_t* bytes, size_t size);
  const std::string& reason() const { return reason_; }
  const FrameTally& tally() const { return tally_; }
  /// What the next record is called in a message.
  const char* noun() const { return has_section_ ? "a block" : "its header"; }

 private:
  struct Interface {
    uint32_t link_type;
    uint32_t snap_length;  ///< 0 is unlimited
    bool readable;
    PcapngClock clock;
  };

  // Each takes a whole block of `size` bytes and returns false, with a reason, when it is damaged.
  bool read_block(uint32_t type, const uint8_t* block, uint32_t size);
  bool read_section(const uint8_t* block, uint32_t size);
  bool read_interface(const uint8_t* block, uint32_t size);
  bool read_interface_options(const uint8_t* at, uint32_t size, Interface& interface);
  bool read_enhanced_packet(const uint8_t* block, uint32_t size);
  bool read_obsolete_packet(const uint8_t* block, uint32_t size);
  bool read_simple_packet(const uint8_t* block, uint32_t size);
  bool read_stamped_packet(const uint8_t* block, uint32_t size, uint32_t interface_id);
  void deliver(const Interface& interface, const uint8_t* frame, uint32_t captured, uint32_t wire);
  bool check_captured(uint32_t captured, uint32_t present);
  bool check_size(const char* name, uint32_t size, uint32_t size_min);
  bool damaged(std::string reason);

  FrameSink& sink_;
  bool has_section_ = false;
  bool big_endian_ = false;
  std::vector<Interface> interfaces_;
  int64_t time_us_ = 0;  ///< of the last packet that carried one
  std::string reason_;
  FrameTally tally_;
};

}  // namespace picket
