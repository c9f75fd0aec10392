/// Signatures and traits read options and payloads through the packet's offsets: none past the end.
#include <doctest/doctest.h>

#include "base/link_types.h"
#include "batch/layout.h"
#include "decode/decoder.h"
#include "frame.h"
#include "observe/syn_signature.h"
#include "observe/traits.h"

using namespace picket;
using namespace picket::test;

TEST_CASE("syn signature › an Nmap SYN") {
  const Bytes frame = ipv4(6, tcp_syn(443));
  Decoder decoder(8);
  const auto size = static_cast<uint32_t>(frame.size());
  const Packet packet = decoder.decode(frame.data(), size, size, 0, link_type::raw);
  uint8_t out[SYN_SIGNATURE_SIZE_MAX];
  const uint32_t written = write_syn_signature(packet, out);
  CHECK(Bytes(out, out + written) == hex("04 40 00 05b4 0400 ff 00 00000000 00 01 02"));
  CHECK((probe_traits(packet) & TRAIT_MARK_NMAP) != 0);
}

TEST_CASE("syn signature, traits › no option, however wrong or cut, is read past its end") {
  Decoder decoder(8);
  for (const char* options : {"020405b4", "02040500 00000000", "0303", "080a00000000000000",
                              "05220000", "fd28", "000000ff", "22", "fe04f989"}) {
    Bytes all = hex(options);
    while (all.size() % 4 != 0) all.push_back(1);
    for (size_t kept = 0; kept <= all.size(); kept++) {
      Bytes segment = concat({be16(40000), be16(443), hex("01020304 00000000"),
                              {static_cast<uint8_t>((5 + all.size() / 4) << 4), 2},
                              hex("0400 0000 0000"), all});
      Bytes frame = ipv4(6, segment);
      const auto wire = static_cast<uint32_t>(frame.size() + 1);
      frame.resize(40 + kept);
      frame.shrink_to_fit();
      const Packet packet = decoder.decode(frame.data(), static_cast<uint32_t>(frame.size()), wire,
                                           0, link_type::raw);
      uint8_t out[SYN_SIGNATURE_SIZE_MAX];
      const uint32_t written = write_syn_signature(packet, out);
      CHECK(written == 15u + out[14]);
      CHECK(written <= 39);
      // The checksum, 0 here, is judged only when every byte it covers is there.
      const bool judged = (probe_traits(packet) & TRAIT_BAD_CHECKSUM) != 0;
      CHECK(judged == (kept == all.size()));
    }
  }
}
