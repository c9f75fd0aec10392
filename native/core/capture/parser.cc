#include "capture/parser.h"

#include <algorithm>
#include <utility>

namespace picket {
namespace {

constexpr size_t MAGIC_SIZE = 4;

std::string hex(const uint8_t* bytes, size_t size) {
  constexpr char DIGITS[] = "0123456789abcdef";
  std::string text;
  for (size_t i = 0; i < size; i++) {
    if (i > 0) text += ' ';
    text += DIGITS[bytes[i] >> 4];
    text += DIGITS[bytes[i] & 15];
  }
  return text;
}

}  // namespace

CaptureParser::CaptureParser(FrameSink& sink) : pcap_(sink), pcapng_(sink) {}

void CaptureParser::push(const uint8_t* chunk, size_t size) {
  size_t at = 0;
  while (!damage_ && !carry_.empty() && at < size) at += fill(chunk + at, size - at);
  if (damage_ || at == size) return;
  at += drain(chunk + at, size - at);
  if (!damage_) carry_.assign(chunk + at, chunk + size);
}

/// Completes the record in the carry as far as it is known to reach, and reads it. Returns the
/// bytes taken. The carry never holds more than its record needs, so it is empty after a whole
/// one.
size_t CaptureParser::fill(const uint8_t* chunk, size_t size) {
  const size_t taken = std::min(size, needed_ - carry_.size());
  carry_.insert(carry_.end(), chunk, chunk + taken);
  if (carry_.size() < needed_) return taken;
  const Record record = read(carry_.data(), carry_.size());
  if (record.state == Record::State::partial) needed_ = record.size;
  if (record.state == Record::State::whole) carry_.clear();
  return taken;
}

/// Reads records straight from the chunk. Returns the bytes consumed; the rest is the start of a
/// record.
size_t CaptureParser::drain(const uint8_t* chunk, size_t size) {
  size_t at = 0;
  while (at < size) {
    if (format_ == Format::pcap) {
      const size_t taken = pcap_.read_packets(chunk + at, size - at);
      offset_ += taken;
      at += taken;
      if (at == size) break;
    }
    const Record record = read(chunk + at, size - at);
    if (record.state == Record::State::partial) needed_ = record.size;
    if (record.state != Record::State::whole) break;
    at += record.size;
  }
  return at;
}

Record CaptureParser::read(const uint8_t* bytes, size_t size) {
  if (format_ == Format::unknown) return read_magic(bytes, size);
  const bool was_readable = tally().unreadable == 0;
  const Record record =
      format_ == Format::pcap ? pcap_.read(bytes, size) : pcapng_.read(bytes, size);
  if (record.state == Record::State::damaged)
    fail(format_ == Format::pcap ? pcap_.reason() : pcapng_.reason());
  if (was_readable && tally().unreadable > 0) first_unreadable_ = offset_;
  if (record.state == Record::State::whole) offset_ += record.size;
  return record;
}

/// Finds the format out by its first bytes and consumes none: the header is read from its
/// beginning.
Record CaptureParser::read_magic(const uint8_t* bytes, size_t size) {
  if (size < MAGIC_SIZE) return {Record::State::partial, MAGIC_SIZE};
  if (PcapReader::is_magic(bytes)) {
    format_ = Format::pcap;
  } else if (PcapngReader::is_magic(bytes)) {
    format_ = Format::pcapng;
  } else {
    fail("it begins with " + hex(bytes, MAGIC_SIZE) + ", which is neither pcap nor pcapng");
    return {Record::State::damaged, 0};
  }
  return read(bytes, size);
}

void CaptureParser::end() {
  if (damage_) return;
  if (format_ == Format::unknown && carry_.empty()) return fail("the file is empty");
  if (format_ == Format::unknown) {
    return fail("it begins with " + hex(carry_.data(), carry_.size()) +
                " and ends there: neither pcap nor pcapng");
  }
  if (!carry_.empty()) {
    return fail(std::string("the file ends inside ") +
                (format_ == Format::pcap ? pcap_.noun() : pcapng_.noun()) + ": " +
                std::to_string(carry_.size()) + " of " + std::to_string(needed_) +
                " bytes are there");
  }
  if (tally().unreadable > 0 && tally().readable == 0) {
    offset_ = first_unreadable_;
    fail("no frame can be read: link type " + std::to_string(tally().unreadable_type) +
         " is not supported (" + std::to_string(tally().unreadable) + " frames)");
  }
}

const FrameTally& CaptureParser::tally() const {
  return format_ == Format::pcapng ? pcapng_.tally() : pcap_.tally();
}

void CaptureParser::fail(std::string reason) {
  damage_ = Damage{offset_, std::move(reason)};
  carry_.clear();
}

}  // namespace picket
