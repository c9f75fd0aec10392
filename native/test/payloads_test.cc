/// Payloads are matched and read through sizes they claim: none past the bytes there are.
#include <doctest/doctest.h>

#include <cstring>
#include <memory>

#include "frame.h"
#include "observe/payload_matcher.h"
#include "observe/payloads.h"

using namespace picket;
using namespace picket::test;

namespace {

/// Exactly as large as its content, so that the sanitizer sees a read past the end.
struct Exact {
  explicit Exact(const Bytes& bytes)
      : data(new uint8_t[bytes.size()]), size(static_cast<uint32_t>(bytes.size())) {
    if (size > 0) std::memcpy(data.get(), bytes.data(), size);
  }
  std::unique_ptr<uint8_t[]> data;
  uint32_t size;
};

Bytes text(const char* content) { return Bytes(content, content + std::strlen(content)); }

uint32_t opening(PayloadMatcher& matcher, const Bytes& payload, bool is_udp = false) {
  const Exact exact(payload);
  matcher.match(exact.data.get(), exact.size, exact.size, is_udp);
  return matcher.opening;
}

/// RFC 8446 §4.1.2, without extensions.
Bytes client_hello(uint32_t version, const Bytes& session_id, const Bytes& ciphers) {
  const auto byte = [](size_t value) { return Bytes{static_cast<uint8_t>(value)}; };
  const Bytes body = concat({be16(version), Bytes(32, 0x52), byte(session_id.size()), session_id,
                             be16(static_cast<uint32_t>(ciphers.size())), ciphers, hex("0100")});
  const auto size = static_cast<uint32_t>(body.size());
  return concat({hex("160301"), be16(size + 4), hex("0100"), be16(size), body});
}

uint32_t shape_of(const Bytes& payload) {
  const Exact exact(payload);
  return hello_shape(exact.data.get(), exact.size);
}

}  // namespace

TEST_CASE("payload matcher › prefixes, the longest first, with bytes that may be anything") {
  PayloadMatcher matcher({{1, false, PayloadPlace::start, "474554"},
                          {2, false, PayloadPlace::start, "474554202f"},
                          {3, false, PayloadPlace::start, "41....42"},
                          {4, true, PayloadPlace::start, "474554"}});
  CHECK(opening(matcher, text("GET /a")) == 2);
  CHECK(opening(matcher, text("GETA")) == 1);
  CHECK(opening(matcher, text("AxyB")) == 3);
  CHECK(opening(matcher, text("AxyC")) == NO_PAYLOAD);
  CHECK(opening(matcher, text("GET /a"), true) == 4);
  CHECK(opening(matcher, {}) == NO_PAYLOAD);
}

TEST_CASE("payload matcher › whole payloads go by their size on the wire") {
  PayloadMatcher matcher({{1, false, PayloadPlace::whole, "4142"}});
  const Exact payload(text("AB"));
  CHECK(matcher.match(payload.data.get(), 2, 2, false));
  CHECK_FALSE(matcher.match(payload.data.get(), 2, 3, false));
}

TEST_CASE("payload matcher › a text inside the first 512 bytes") {
  PayloadMatcher matcher({{1, false, PayloadPlace::anywhere, "4e6d6170"}});
  for (const size_t before : {size_t{0}, size_t{508}, size_t{509}}) {
    const Exact payload(concat({Bytes(before, '-'), text("Nmap")}));
    matcher.match(payload.data.get(), payload.size, payload.size, false);
    CHECK((matcher.inside == 1) == (before <= 508));
  }
}

TEST_CASE("payload matcher › every cut of a payload is safe to look at") {
  PayloadMatcher matcher({{1, false, PayloadPlace::start, "0102030405060708"},
                          {2, false, PayloadPlace::anywhere, "0708"},
                          {3, false, PayloadPlace::whole, "0102"}});
  const Bytes all = hex("0102030405060708");
  for (size_t size = 0; size <= all.size(); size++) {
    const Exact payload(Bytes(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(size)));
    matcher.match(payload.data.get(), payload.size, payload.size, false);
    CHECK((matcher.opening == 1) == (size == 8));
    CHECK((matcher.opening == 3) == (size == 2));
    CHECK((matcher.inside == 2) == (size == 8));
  }
}

TEST_CASE("payload matcher › what is no pattern") {
  for (const char* text : {"", "4", "..41", "4g", "41.4", "AB"}) {
    CHECK_FALSE(is_valid({1, false, PayloadPlace::start, text}));
  }
  CHECK_FALSE(is_valid({0x8000, false, PayloadPlace::start, "41"}));
  CHECK_FALSE(is_valid({1, false, PayloadPlace::start, std::string(258, '4')}));
  CHECK(is_valid({1, false, PayloadPlace::start, "41..ff"}));
}

TEST_CASE("hello shape › version and cipher suites, not what a client varies") {
  const uint32_t plain = shape_of(client_hello(0x0303, {}, hex("1301c02f")));
  CHECK((plain >> 31) == 1);
  CHECK((plain & HELLO_OBSOLETE) == 0);
  CHECK(shape_of(client_hello(0x0303, Bytes(32, 1), hex("2a2a1301c02f"))) == plain);
  CHECK(shape_of(client_hello(0x0303, {}, hex("c02f1301"))) != plain);
  CHECK((shape_of(client_hello(0x0302, {}, hex("1301"))) & HELLO_OBSOLETE) != 0);
}

TEST_CASE("hello shape › no cut, and no size it claims, is read past its end") {
  const Bytes hello = client_hello(0x0303, Bytes(4, 1), hex("1301c02f"));
  for (size_t size = 0; size < hello.size() - 2; size++) {
    CHECK(shape_of(Bytes(hello.begin(), hello.begin() + static_cast<std::ptrdiff_t>(size))) == 0);
  }
  CHECK(shape_of(hello) != 0);
  for (const size_t at : {size_t{43}, size_t{48}, size_t{49}}) {
    Bytes wrong = hello;
    wrong[at] = 0xff;
    shape_of(wrong);
  }
}
