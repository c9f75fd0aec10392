/// The parser of capture files alone. That it equals its TypeScript twin, whose tests go field by
/// field, is the differential test's business; here it is about what only C++ can get wrong.
#include <doctest/doctest.h>

#include <algorithm>

#include "capture/parser.h"
#include "frame.h"

using namespace picket;
using namespace picket::test;

namespace {

class CountingSink : public FrameSink {
 public:
  void frame(const uint8_t* bytes, uint32_t captured, uint32_t wire, int64_t time_us,
             uint32_t link) override {
    count++;
    for (uint32_t at = 0; at < captured; at++) sum += bytes[at];
    last_wire = wire;
    last_time_us = time_us;
    last_link = link;
  }
  uint32_t count = 0;
  uint32_t sum = 0;
  uint32_t last_wire = 0;
  int64_t last_time_us = 0;
  uint32_t last_link = 0;
};

/// Two frames of 3 and 5 bytes, big-endian nanoseconds, link type Ethernet with check sequences.
Bytes sample_pcap() {
  return concat({hex("a1b23c4d 0002 0004 00000000 00000000 0000ffff 24000001"),
                 hex("00000001 00000fff 00000003 00000009 010203"),
                 hex("00000002 3b9ac9ff 00000005 00000005 0405060708")});
}

/// A section, an interface of nanoseconds, an enhanced and a simple packet, little-endian.
Bytes sample_pcapng() {
  return concat({hex("0a0d0d0a 1c000000 4d3c2b1a 0100 0000 ffffffffffffffff 1c000000"),
                 hex("01000000 1c000000 0100 0000 00000000 0900 0100 09000000 1c000000"),
                 hex("06000000 24000000 00000000 00000000 d0070000 03000000 09000000 01020300"),
                 hex("24000000 03000000 18000000 05000000 0405060708000000 18000000")});
}

/// Pushes exact copies of `size` bytes each, so that the sanitizer sees a read past a chunk's end.
std::optional<Damage> parse(const Bytes& file, size_t size, FrameSink& sink) {
  CaptureParser parser(sink);
  for (size_t at = 0; at < file.size(); at += size) {
    const size_t end = std::min(at + size, file.size());
    const Bytes chunk(file.begin() + static_cast<long>(at), file.begin() + static_cast<long>(end));
    parser.push(chunk.data(), chunk.size());
  }
  parser.end();
  return parser.damage();
}

}  // namespace

TEST_CASE("parser: a pcap file is read wherever it is cut into chunks") {
  const Bytes file = sample_pcap();
  for (size_t size = 1; size <= file.size(); size++) {
    CountingSink sink;
    CHECK_FALSE(parse(file, size, sink));
    CHECK(sink.count == 2);
    CHECK(sink.sum == 36);
    CHECK(sink.last_time_us == 2'999'999);
    CHECK(sink.last_link == 1);
  }
}

TEST_CASE("parser: a pcapng file is read wherever it is cut into chunks") {
  const Bytes file = sample_pcapng();
  for (size_t size = 1; size <= file.size(); size++) {
    CountingSink sink;
    CHECK_FALSE(parse(file, size, sink));
    CHECK(sink.count == 2);
    CHECK(sink.sum == 36);
    CHECK(sink.last_time_us == 2);
    CHECK(sink.last_wire == 5);
  }
}

TEST_CASE("parser: every truncation is damage at the record it cuts") {
  const Bytes file = sample_pcap();
  for (size_t size = 1; size < file.size(); size++) {
    const Bytes cut(file.begin(), file.begin() + static_cast<long>(size));
    CountingSink sink;
    const auto damage = parse(cut, 7, sink);
    const bool is_whole = size == 24 || size == 43;
    CHECK(damage.has_value() != is_whole);
    CHECK(sink.count == (size < 43 ? 0 : 1));
    if (damage) CHECK(damage->offset == (size < 24 ? 0 : size < 43 ? 24 : 43));
  }
}

TEST_CASE("parser: a huge claim is damage before anything is kept for it") {
  Bytes file = sample_pcap();
  file[24 + 8] = 0x7f;
  CountingSink sink;
  const auto damage = parse(file, 1, sink);
  REQUIRE(damage);
  CHECK(damage->offset == 24);
  CHECK(sink.count == 0);
}

TEST_CASE("parser: nothing is taken after damage") {
  CountingSink sink;
  CaptureParser parser(sink);
  const Bytes text = hex("74657874");
  parser.push(text.data(), text.size());
  REQUIRE(parser.damage());
  const Bytes file = sample_pcap();
  parser.push(file.data(), file.size());
  parser.end();
  CHECK(parser.damage()->offset == 0);
  CHECK(sink.count == 0);
}
