#include "capture/pcapng.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "base/link_types.h"

namespace picket {
namespace {

constexpr uint32_t BLOCK_SECTION = 0x0a0d0d0a;
constexpr uint32_t BLOCK_INTERFACE = 1;
constexpr uint32_t BLOCK_OBSOLETE_PACKET = 2;
constexpr uint32_t BLOCK_SIMPLE_PACKET = 3;
constexpr uint32_t BLOCK_ENHANCED_PACKET = 6;
constexpr uint32_t BYTE_ORDER_MAGIC = 0x1a2b3c4d;

/// Every block: 0 type u32 | 4 size u32 | body | size u32 again.
constexpr uint32_t BLOCK_HEADER_SIZE = 8;
constexpr uint32_t BLOCK_TRAILER_SIZE = 4;
constexpr uint32_t BLOCK_SIZE_MIN = BLOCK_HEADER_SIZE + BLOCK_TRAILER_SIZE;
constexpr uint32_t SECTION_SIZE_MIN = 28;
constexpr uint32_t INTERFACE_SIZE_MIN = 20;
constexpr uint32_t STAMPED_HEADER_SIZE = 28;
constexpr uint32_t SIMPLE_HEADER_SIZE = 12;

constexpr uint16_t OPTION_END = 0;
constexpr uint16_t OPTION_TIME_RESOLUTION = 9;
constexpr uint16_t OPTION_TIME_OFFSET = 14;

/// The largest integer a JavaScript number holds exactly; the year 2255 in microseconds.
constexpr int64_t TIME_US_MAX = (int64_t{1} << 53) - 1;

}  // namespace

bool PcapngClock::set_resolution(uint8_t resolution) {
  const uint32_t exponent = resolution & 0x7f;
  if (resolution & 0x80) {
    if (exponent > 63) return false;
    per_second_ = uint64_t{1} << exponent;
    return true;
  }
  if (exponent > 19) return false;
  per_second_ = 1;
  for (uint32_t i = 0; i < exponent; i++) per_second_ *= 10;
  return true;
}

int64_t PcapngClock::time_us(uint64_t stamp) const {
  if (offset_s_ == 0 && per_second_ == 1'000'000) {
    return stamp > uint64_t{TIME_US_MAX} ? TIME_US_MAX : static_cast<int64_t>(stamp);
  }
  const auto scaled = static_cast<unsigned __int128>(stamp) * 1'000'000 / per_second_;
  const __int128 time =
      static_cast<__int128>(scaled) + static_cast<__int128>(offset_s_) * 1'000'000;
  if (time < 0) return 0;
  return time > TIME_US_MAX ? TIME_US_MAX : static_cast<int64_t>(time);
}

bool PcapngReader::is_magic(const uint8_t* bytes) {
  return read_u32(bytes, false) == BLOCK_SECTION;
}

bool PcapngReader::damaged(std::string reason) {
  reason_ = std::move(reason);
  return false;
}

Record PcapngReader::read(const uint8_t* bytes, size_t size) {
  constexpr Record DAMAGED = {Record::State::damaged, 0};
  if (size < BLOCK_SIZE_MIN) return {Record::State::partial, BLOCK_SIZE_MIN};
  uint32_t type = read_u32(bytes, big_endian_);
  if (type == BLOCK_SECTION) {
    // A section's own byte order holds from here on; its type reads the same in both.
    big_endian_ = read_u32(bytes + 8, true) == BYTE_ORDER_MAGIC;
    if (read_u32(bytes + 8, big_endian_) != BYTE_ORDER_MAGIC) {
      damaged("a section header has no byte-order mark");
      return DAMAGED;
    }
  }
  const uint32_t block_size = read_u32(bytes + 4, big_endian_);
  if (block_size < BLOCK_SIZE_MIN) {
    damaged("a block claims " + std::to_string(block_size) +
            " bytes, fewer than its own header has (" + std::to_string(BLOCK_SIZE_MIN) + ")");
    return DAMAGED;
  }
  if (block_size > limits::pcapng_block_size_max) {
    damaged("a block claims " + std::to_string(block_size) + " bytes, more than any block has (" +
            std::to_string(limits::pcapng_block_size_max) + ")");
    return DAMAGED;
  }
  if (block_size % 4 != 0) {
    damaged("a block claims " + std::to_string(block_size) +
            " bytes, which is not a multiple of 4");
    return DAMAGED;
  }
  if (size < block_size) return {Record::State::partial, block_size};
  const uint32_t trailer = read_u32(bytes + block_size - BLOCK_TRAILER_SIZE, big_endian_);
  if (trailer != block_size) {
    damaged("a block's two sizes disagree: " + std::to_string(block_size) + " before it, " +
            std::to_string(trailer) + " after it");
    return DAMAGED;
  }
  if (!read_block(type, bytes, block_size)) return DAMAGED;
  return {Record::State::whole, block_size};
}

bool PcapngReader::read_block(uint32_t type, const uint8_t* block, uint32_t size) {
  switch (type) {
    case BLOCK_SECTION:
      return read_section(block, size);
    case BLOCK_INTERFACE:
      return read_interface(block, size);
    case BLOCK_ENHANCED_PACKET:
      return read_enhanced_packet(block, size);
    case BLOCK_SIMPLE_PACKET:
      return read_simple_packet(block, size);
    case BLOCK_OBSOLETE_PACKET:
      return read_obsolete_packet(block, size);
    default:
      return true;  // Names, statistics, secrets, custom: nothing to observe.
  }
}

bool PcapngReader::check_size(const char* name, uint32_t size, uint32_t size_min) {
  if (size >= size_min) return true;
  return damaged(std::string(name) + " has " + std::to_string(size) +
                 " bytes, fewer than its own header has (" + std::to_string(size_min) + ")");
}

/// Section header block: 8 byte-order mark u32 | 12 major u16 | 14 minor u16 | 16 section size
/// u64 (unused, since writers leave it unset and it would have to be distrusted anyway) |
/// options.
bool PcapngReader::read_section(const uint8_t* block, uint32_t size) {
  if (!check_size("a section header", size, SECTION_SIZE_MIN)) return false;
  const uint16_t major = read_u16(block + 12, big_endian_);
  const uint16_t minor = read_u16(block + 14, big_endian_);
  if (major != 1) {
    return damaged("pcapng version " + std::to_string(major) + "." + std::to_string(minor) +
                   " is not one that can be read (1.x)");
  }
  interfaces_.clear();
  has_section_ = true;
  return true;
}

/// Interface description block: 8 link type u16 | 10 reserved | 12 snap length u32 | options.
bool PcapngReader::read_interface(const uint8_t* block, uint32_t size) {
  if (!check_size("an interface description", size, INTERFACE_SIZE_MIN)) return false;
  if (interfaces_.size() == limits::pcapng_interfaces_max) {
    return damaged("a section describes more than " +
                   std::to_string(limits::pcapng_interfaces_max) + " interfaces");
  }
  const uint32_t link_type = read_u16(block + 8, big_endian_);
  Interface interface = {
      link_type, read_u32(block + 12, big_endian_), is_readable_link_type(link_type), {}};
  if (!read_interface_options(block + 16, size - INTERFACE_SIZE_MIN, interface)) return false;
  interfaces_.push_back(interface);
  return true;
}

/// Options: code u16 | size u16 | value, padded to 4 bytes. `size` is that of all options.
bool PcapngReader::read_interface_options(const uint8_t* at, uint32_t size, Interface& interface) {
  while (size >= 4) {
    const uint16_t code = read_u16(at, big_endian_);
    const uint32_t value_size = read_u16(at + 2, big_endian_);
    if (code == OPTION_END) return true;
    at += 4;
    size -= 4;
    if (value_size > size)
      return damaged("an option of an interface description runs past its block");
    if (code == OPTION_TIME_RESOLUTION) {
      if (value_size != 1 || !interface.clock.set_resolution(at[0])) {
        return damaged("an interface's time resolution cannot be read");
      }
    } else if (code == OPTION_TIME_OFFSET) {
      if (value_size != 8) return damaged("an interface's time offset cannot be read");
      interface.clock.set_offset(static_cast<int64_t>(read_u64(at, big_endian_)));
    }
    const uint32_t padded = std::min((value_size + 3) & ~uint32_t{3}, size);
    at += padded;
    size -= padded;
  }
  return true;
}

/// Enhanced packet block: 8 interface u32, then as any stamped packet.
bool PcapngReader::read_enhanced_packet(const uint8_t* block, uint32_t size) {
  if (!check_size("a packet block", size, STAMPED_HEADER_SIZE + BLOCK_TRAILER_SIZE)) return false;
  return read_stamped_packet(block, size, read_u32(block + 8, big_endian_));
}

/// Obsolete packet block: 8 interface u16 | 10 drops u16 | then as any stamped packet.
bool PcapngReader::read_obsolete_packet(const uint8_t* block, uint32_t size) {
  if (!check_size("a packet block", size, STAMPED_HEADER_SIZE + BLOCK_TRAILER_SIZE)) return false;
  return read_stamped_packet(block, size, read_u16(block + 8, big_endian_));
}

/// From 12: time stamp u32 high, u32 low | 20 captured u32 | 24 wire u32 | 28 frame | options.
bool PcapngReader::read_stamped_packet(const uint8_t* block, uint32_t size, uint32_t interface_id) {
  if (interface_id >= interfaces_.size()) {
    return damaged("a packet names interface " + std::to_string(interface_id) +
                   ", but its section has described " + std::to_string(interfaces_.size()));
  }
  const uint64_t high = read_u32(block + 12, big_endian_);
  const uint64_t low = read_u32(block + 16, big_endian_);
  const uint32_t captured = read_u32(block + 20, big_endian_);
  if (!check_captured(captured, size - STAMPED_HEADER_SIZE - BLOCK_TRAILER_SIZE)) return false;
  const Interface& interface = interfaces_[interface_id];
  time_us_ = interface.clock.time_us(high << 32 | low);
  deliver(interface, block + STAMPED_HEADER_SIZE, captured, read_u32(block + 24, big_endian_));
  return true;
}

/// Simple packet block: 8 wire u32 | 12 frame. It is the first interface's and carries no time:
/// the time of the packet before it stands in, 0 when there was none.
bool PcapngReader::read_simple_packet(const uint8_t* block, uint32_t size) {
  if (!check_size("a simple packet block", size, SIMPLE_HEADER_SIZE + BLOCK_TRAILER_SIZE))
    return false;
  if (interfaces_.empty())
    return damaged("a packet names interface 0, but its section has described 0");
  const Interface& interface = interfaces_[0];
  const uint32_t wire = read_u32(block + 8, big_endian_);
  uint32_t captured = std::min(wire, size - SIMPLE_HEADER_SIZE - BLOCK_TRAILER_SIZE);
  if (interface.snap_length != 0) captured = std::min(captured, interface.snap_length);
  if (!check_captured(captured, captured)) return false;
  deliver(interface, block + SIMPLE_HEADER_SIZE, captured, wire);
  return true;
}

bool PcapngReader::check_captured(uint32_t captured, uint32_t present) {
  if (captured > limits::frame_size_max) {
    return damaged("a packet block claims " + std::to_string(captured) +
                   " bytes, more than any frame has (" + std::to_string(limits::frame_size_max) +
                   ")");
  }
  if (captured > present) {
    return damaged("a packet block claims " + std::to_string(captured) +
                   " bytes, but has room for " + std::to_string(present));
  }
  return true;
}

void PcapngReader::deliver(const Interface& interface, const uint8_t* frame, uint32_t captured,
                           uint32_t wire) {
  if (interface.readable) {
    tally_.readable++;
  } else if (tally_.unreadable++ == 0) {
    tally_.unreadable_type = interface.link_type;
  }
  sink_.frame(frame, captured, std::max(captured, wire), time_us_, interface.link_type);
}

}  // namespace picket
