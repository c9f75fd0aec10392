#include <doctest/doctest.h>

#include "batch/msgpack.h"

using namespace picket;

namespace {

using Bytes = std::vector<uint8_t>;

Bytes uint_bytes(uint64_t value) {
  MsgpackWriter writer;
  writer.uint(value);
  return writer.take();
}

}  // namespace

TEST_CASE("MsgpackWriter writes integers in their shortest form") {
  CHECK(uint_bytes(0) == Bytes{0});
  CHECK(uint_bytes(0x7f) == Bytes{0x7f});
  CHECK(uint_bytes(0x80) == Bytes{0xcc, 0x80});
  CHECK(uint_bytes(0xff) == Bytes{0xcc, 0xff});
  CHECK(uint_bytes(0x100) == Bytes{0xcd, 1, 0});
  CHECK(uint_bytes(0xffff) == Bytes{0xcd, 0xff, 0xff});
  CHECK(uint_bytes(0x10000) == Bytes{0xce, 0, 1, 0, 0});
  CHECK(uint_bytes(0xffffffff) == Bytes{0xce, 0xff, 0xff, 0xff, 0xff});
  CHECK(uint_bytes(0x100000000) == Bytes{0xcf, 0, 0, 0, 1, 0, 0, 0, 0});
}

TEST_CASE("MsgpackWriter writes arrays, strings, binary and nil") {
  MsgpackWriter writer;
  writer.array(15);
  writer.array(16);
  writer.array(0x10000);
  writer.nil();
  writer.string("ab");
  writer.bin(reinterpret_cast<const uint8_t*>("xyz"), 3);
  CHECK(writer.take() == Bytes{0x9f, 0xdc, 0, 16, 0xdd, 0, 1, 0, 0, 0xc0, 0xa2, 'a', 'b', 0xc4, 3,
                               'x', 'y', 'z'});
  writer.string(std::string(32, 'x'));
  CHECK(writer.take()[1] == 32);
  writer.string(std::string(256, 'x'));
  CHECK(writer.take().size() == 3 + 256);
}

TEST_CASE("MsgpackWriter grows, and starts afresh after a take") {
  MsgpackWriter writer;
  const Bytes large(100'000, 7);
  for (int i = 0; i < 3; i++) writer.bin(large.data(), large.size());
  const Bytes taken = writer.take();
  CHECK(taken.size() == 3 * (5 + large.size()));
  CHECK(taken.back() == 7);
  writer.uint(1);
  CHECK(writer.take() == Bytes{1});
  CHECK(writer.take().empty());
}
