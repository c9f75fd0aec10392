#include "capture/pcap.h"

#include <utility>

#include "base/limits.h"
#include "base/link_types.h"

namespace picket {
namespace {

constexpr uint32_t MAGIC_MICROSECONDS = 0xa1b2c3d4;
constexpr uint32_t MAGIC_NANOSECONDS = 0xa1b23c4d;
/// Kuznetzov's: the record header has interface index, protocol, packet type and padding after it.
constexpr uint32_t MAGIC_MODIFIED = 0xa1b2cd34;
constexpr uint32_t HEADER_SIZE = 24;
constexpr uint32_t RECORD_HEADER_SIZE = 16;
constexpr uint32_t MODIFIED_RECORD_HEADER_SIZE = 24;
/// DG/UX tcpdump wrote this as its version; the layout is that of 2.2.
constexpr uint16_t VERSION_MAJOR_DGUX = 543;

bool is_known(uint32_t magic) {
  return magic == MAGIC_MICROSECONDS || magic == MAGIC_NANOSECONDS || magic == MAGIC_MODIFIED;
}

}  // namespace

bool PcapReader::is_magic(const uint8_t* bytes) {
  return is_known(read_u32(bytes, false)) || is_known(read_u32(bytes, true));
}

Record PcapReader::damaged(std::string reason) {
  reason_ = std::move(reason);
  return {Record::State::damaged, 0};
}

/// Header: 0 magic u32 | 4 major u16 | 6 minor u16 | 8 time zone, accuracy (unused) | 16 snap
/// length u32 | 20 link type u32, of which the upper half says whether frames end in a check
/// sequence.
Record PcapReader::read_header(const uint8_t* bytes, size_t size) {
  if (size < HEADER_SIZE) return {Record::State::partial, HEADER_SIZE};
  big_endian_ = is_known(read_u32(bytes, true));
  const uint32_t magic = read_u32(bytes, big_endian_);
  const uint16_t major = read_u16(bytes + 4, big_endian_);
  const uint16_t minor = read_u16(bytes + 6, big_endian_);
  const bool is_dgux = major == VERSION_MAJOR_DGUX && minor == 0;
  if (!is_dgux && (major != 2 || minor > 4)) {
    return damaged("pcap version " + std::to_string(major) + "." + std::to_string(minor) +
                   " is not one that can be read (2.0 to 2.4)");
  }
  if (is_dgux || minor < 3) length_order_ = LengthOrder::wire_first;
  if (!is_dgux && minor == 3) length_order_ = LengthOrder::smaller_is_captured;
  nanoseconds_ = magic == MAGIC_NANOSECONDS;
  record_header_size_ = magic == MAGIC_MODIFIED ? MODIFIED_RECORD_HEADER_SIZE : RECORD_HEADER_SIZE;
  link_type_ = read_u32(bytes + 20, big_endian_) & 0xffff;
  readable_ = is_readable_link_type(link_type_);
  has_header_ = true;
  is_ordinary_ = readable_ && !nanoseconds_ && !big_endian_ &&
                 record_header_size_ == RECORD_HEADER_SIZE &&
                 length_order_ == LengthOrder::captured_first;
  return {Record::State::whole, HEADER_SIZE};
}

size_t PcapReader::read_packets(const uint8_t* bytes, size_t size) {
  if (!is_ordinary_) return 0;
  size_t at = 0;
  while (size - at >= RECORD_HEADER_SIZE) {
    const uint8_t* record = bytes + at;
    const uint32_t captured = read_u32(record + 8, false);
    const size_t left = size - at - RECORD_HEADER_SIZE;
    if (captured > left || captured > limits::frame_size_max) break;
    const uint32_t wire = read_u32(record + 12, false);
    const int64_t time_us =
        int64_t{read_u32(record, false)} * 1'000'000 + read_u32(record + 4, false);
    tally_.readable++;
    sink_.frame(record + RECORD_HEADER_SIZE, captured, wire < captured ? captured : wire, time_us,
                link_type_);
    at += RECORD_HEADER_SIZE + captured;
  }
  return at;
}

/// Packet record: 0 seconds u32 | 4 micro- or nanoseconds u32 | 8 captured u32 | 12 wire u32 |
/// frame.
Record PcapReader::read(const uint8_t* bytes, size_t size) {
  if (!has_header_) return read_header(bytes, size);
  if (size < record_header_size_) return {Record::State::partial, record_header_size_};
  const uint32_t seconds = read_u32(bytes, big_endian_);
  const uint32_t fraction = read_u32(bytes + 4, big_endian_);
  uint32_t captured = read_u32(bytes + 8, big_endian_);
  uint32_t wire = read_u32(bytes + 12, big_endian_);
  if (length_order_ == LengthOrder::wire_first ||
      (length_order_ == LengthOrder::smaller_is_captured && captured > wire)) {
    std::swap(captured, wire);
  }
  if (captured > limits::frame_size_max) {
    return damaged("a packet record claims " + std::to_string(captured) +
                   " bytes, more than any frame has (" + std::to_string(limits::frame_size_max) +
                   ")");
  }
  const size_t record_size = size_t{record_header_size_} + captured;
  if (size < record_size) return {Record::State::partial, record_size};
  if (readable_) {
    tally_.readable++;
  } else if (tally_.unreadable++ == 0) {
    tally_.unreadable_type = link_type_;
  }
  const int64_t time_us =
      int64_t{seconds} * 1'000'000 + (nanoseconds_ ? fraction / 1000 : fraction);
  sink_.frame(bytes + record_header_size_, captured, wire < captured ? captured : wire, time_us,
              link_type_);
  return {Record::State::whole, record_size};
}

}  // namespace picket
