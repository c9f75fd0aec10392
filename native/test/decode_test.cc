/// The decoder alone. That it equals its TypeScript twin, whose tests go protocol by protocol, is
/// the differential test's business; here it is about what only C++ can get wrong: reading past the
/// end.
#include <doctest/doctest.h>

#include <cstring>
#include <random>

#include "base/link_types.h"
#include "decode/checksum.h"
#include "decode/decoder.h"
#include "frame.h"

using namespace picket;
using namespace picket::test;

namespace {

constexpr uint32_t MORE = 0x2000;

/// Decodes an exact copy, so that the sanitizer sees a read past the frame's end.
Packet decode(Decoder& decoder, const Bytes& frame, uint32_t link = link_type::ethernet,
              uint32_t wire = 0, int64_t time_us = 1'000'000) {
  const Bytes exact(frame.begin(), frame.end());
  const auto size = static_cast<uint32_t>(exact.size());
  return decoder.decode(exact.data(), size, wire == 0 ? size : wire, time_us, link);
}

Packet decode(const Bytes& frame, uint32_t link = link_type::ethernet) {
  Decoder decoder(8);
  return decode(decoder, frame, link);
}

bool has(const Packet& packet, Anomaly anomaly) {
  return (packet.anomalies >> static_cast<uint32_t>(anomaly) & 1) != 0;
}

Bytes udp(uint32_t port, const Bytes& payload) {
  return concat({be16(40000), be16(port), be16(static_cast<uint32_t>(8 + payload.size())),
                 be16(0), payload});
}

const Bytes INNER = ethernet(0x0800, ipv4(6, tcp_syn(443)));
const Bytes INNER6 = concat({hex("60000000 0018 06 40"),
                             hex("20010db8000000000000000000000001"),
                             hex("20010db8000000000000000000000002"), tcp_syn(443)});

std::vector<Bytes> tunnels() {
  return {
      INNER,
      ethernet(0x86dd, INNER6),
      ethernet(0x88a8, concat({hex("0005 8100 0006 0800"), ipv4(6, tcp_syn(443))})),
      ethernet(0x8847, concat({hex("00010140"), ipv4(6, tcp_syn(443))})),
      ethernet(0x8847, concat({hex("00010140 00000000"), INNER})),
      ethernet(0x8864, concat({hex("1100 0003 002e 0021"), ipv4(6, tcp_syn(443))})),
      ethernet(0x0800, ipv4(47, concat({hex("b000 0800 00000000 00000005 00000001"),
                                        ipv4(6, tcp_syn(443))}))),
      ethernet(0x0800, ipv4(47, concat({hex("0000 88be"), INNER}))),
      ethernet(0x0800, ipv4(47, concat({hex("1000 88be 00000001 1001000100000000"), INNER}))),
      ethernet(0x0800, ipv4(47, concat({hex("1000 22eb 00000001 2001000100000000 00000001"),
                                        hex("0000000000000000"), INNER}))),
      ethernet(0x0800, ipv4(17, udp(4789, concat({hex("08000000 00004d00"), INNER})))),
      ethernet(0x0800, ipv4(17, udp(6081, concat({hex("01006558 00004d00 01020304"), INNER})))),
      ethernet(0x0800, ipv4(4, ipv4(6, tcp_syn(443)))),
      ethernet(0x0800, ipv4(41, INNER6)),
  };
}

}  // namespace

/// What the short way says of a frame, the long way says too, to the byte.
bool decodes_alike(const Bytes& frame, uint32_t wire) {
  const Bytes exact(frame.begin(), frame.end());
  const auto size = static_cast<uint32_t>(exact.size());
  Packet plain;
  if (!decode_plain(exact.data(), size, wire, 1'000'000, plain)) return true;
  Decoder decoder(8);
  Packet walked;
  decoder.decode_walking(exact.data(), size, wire, 1'000'000, link_type::ethernet, walked);
  return std::memcmp(&plain, &walked, sizeof plain) == 0;
}

TEST_CASE("decode › a SYN, field by field") {
  const Packet packet = decode(INNER);
  CHECK(packet.ip_version == 4);
  CHECK(packet.src.word[3] == 0xcb007107);
  CHECK(packet.dst.is_v4());
  CHECK(packet.ttl == 60);
  CHECK(packet.ip_id == 7);
  CHECK(packet.ip_checksum == Checksum::right);
  CHECK(packet.transport == Transport::tcp);
  CHECK(packet.src_port == 40000);
  CHECK(packet.dst_port == 443);
  CHECK(packet.tcp_seq == 0x01020304);
  CHECK(packet.tcp_flags == TCP_SYN);
  CHECK(packet.tcp_options_size == 4);
  CHECK(packet.transport_checksum == Checksum::right);
  CHECK(packet.anomalies == 0);
}

TEST_CASE("decode › every tunnel leads to the inner SYN") {
  for (const Bytes& frame : tunnels()) {
    const Packet packet = decode(frame);
    CHECK(packet.transport == Transport::tcp);
    CHECK(packet.dst_port == 443);
  }
}

TEST_CASE("decode › no truncation is read past its end") {
  Decoder decoder(16);
  for (const Bytes& frame : tunnels()) {
    for (size_t size = 0; size < frame.size(); size++) {
      const Bytes prefix(frame.begin(), frame.begin() + static_cast<long>(size));
      const auto wire = static_cast<uint32_t>(frame.size());
      for (const uint32_t link : {link_type::ethernet, link_type::raw, link_type::linux_sll2}) {
        for (const uint32_t wire_size : {wire, static_cast<uint32_t>(size)}) {
          const Packet packet = decode(decoder, prefix, link, wire_size);
          CHECK(packet.payload_wire_size >= packet.payload_size);
        }
      }
    }
  }
}

TEST_CASE("decode › checksums of the field left to the NIC and of --badsum") {
  Bytes segment = tcp_syn(443);
  segment[16]--;
  CHECK(decode(ipv4(6, segment), link_type::raw).transport_checksum == Checksum::nmap_badsum);
  const Bytes pseudo = hex("cb007107 c6336409 0006 0018");
  const Bytes offload = be16(0xffff - internet_checksum(pseudo));
  segment[16] = offload[0];
  segment[17] = offload[1];
  CHECK(decode(ipv4(6, segment), link_type::raw).transport_checksum == Checksum::offload);
  segment[17]++;
  const Packet wrong = decode(ipv4(6, segment), link_type::raw);
  CHECK(wrong.transport_checksum == Checksum::wrong);
  CHECK(has(wrong, Anomaly::tcp_checksum));
}

TEST_CASE("checksum › sums any offset and size like the plain sum") {
  Bytes bytes;
  for (uint32_t at = 0; at < 70; at++) bytes.push_back(static_cast<uint8_t>(at * 37 + 200));
  for (uint32_t at = 0; at < 9; at++) {
    for (uint32_t end = at; end <= bytes.size(); end++) {
      const Bytes exact(bytes.begin() + at, bytes.begin() + end);
      CHECK(sum16(exact.data(), 0, end - at) == 0xffff - internet_checksum(exact));
    }
  }
}

TEST_CASE("fragments › a split header is one packet, at the fragment that completes it") {
  const Bytes syn = tcp_syn(443);
  Decoder decoder(64);
  const auto part = [&](uint32_t from, uint32_t to) {
    const Bytes piece(syn.begin() + from, syn.begin() + to);
    return decode(decoder, ipv4(6, piece, (to < 24 ? MORE : 0) | from / 8), link_type::raw);
  };
  CHECK(part(16, 24).transport == Transport::none);
  CHECK(part(0, 8).fragment == (FRAGMENT_PRESENT | FRAGMENT_TINY));
  const Packet packet = part(8, 16);
  CHECK(packet.transport == Transport::tcp);
  CHECK(packet.dst_port == 443);
  CHECK(packet.fragment == (FRAGMENT_PRESENT | FRAGMENT_TINY | FRAGMENT_REASSEMBLED));
  CHECK(packet.transport_checksum == Checksum::right);
  CHECK(part(8, 16).fragment == (FRAGMENT_PRESENT | FRAGMENT_CONTINUATION));
}

TEST_CASE("fragments › an unfinished datagram that must go is counted") {
  Decoder decoder(1);  // one bucket of eight
  const Bytes syn = tcp_syn(443);
  const Bytes first(syn.begin(), syn.begin() + 8);
  for (uint32_t id = 0; id < 9; id++) decode(decoder, ipv4(6, first, MORE, id), link_type::raw);
  const auto full = static_cast<size_t>(Anomaly::fragment_table_full);
  CHECK(decoder.anomaly_counts()[full] == 1);
  CHECK(decoder.anomaly_counts()[static_cast<size_t>(Anomaly::fragment_tiny)] == 9);
}

TEST_CASE("decode › sizes at the end of their range do not wrap") {
  Decoder decoder(8);
  Bytes packet = ipv4(6, tcp_syn(443), MORE | 0x1fff);
  packet[2] = packet[3] = 0;  // total length 0: the frame's size, which the wire size claims
  const Packet far = decode(decoder, packet, link_type::raw, 0xffffffff);
  CHECK(has(far, Anomaly::fragment_too_far));
  CHECK(far.transport == Transport::none);
}

TEST_CASE("the short way decodes an ordinary frame, whatever its transport, options and payload") {
  Packet packet;
  for (const Bytes& datagram : {ipv4(6, tcp_syn(443)), ipv4(6, tcp_syn(443, hex("61"))),
                                ipv4(17, udp(53, hex("616263"))), ipv4(17, udp(53, {}))}) {
    const Bytes frame = ethernet(0x0800, datagram);
    const auto size = static_cast<uint32_t>(frame.size());
    CHECK(decode_plain(frame.data(), size, size, 0, packet));
  }
}

TEST_CASE("the short way says what the long one does, of any frame that it takes") {
  std::vector<Bytes> frames = tunnels();
  frames.push_back(ethernet(0x0800, ipv4(17, udp(53, hex("616263")))));
  frames.push_back(ethernet(0x0800, ipv4(6, tcp_syn(443, Bytes(300, 0x61)))));
  std::mt19937 random(20261126);
  uint32_t unlike = 0;
  for (int round = 0; round < 40'000; round++) {
    Bytes frame = frames[random() % frames.size()];
    for (uint32_t left = random() % 3; left > 0; left--) {
      frame[random() % frame.size()] = static_cast<uint8_t>(random());
    }
    const auto wire = static_cast<uint32_t>(frame.size());
    if (random() % 4 == 0) frame.resize(random() % (frame.size() + 1));
    if (!decodes_alike(frame, wire)) unlike++;
  }
  CHECK(unlike == 0);
}

TEST_CASE("a SYN like the one before is decoded as any other, whatever differs or is wrong") {
  std::mt19937 random(20261130);
  const auto once_in = [&](uint32_t times) { return random() % times == 0; };
  Decoder decoder(8);
  uint32_t repeated = 0;
  uint32_t unlike = 0;
  for (int round = 0; round < 40'000; round++) {
    Bytes segment = tcp_syn(random() % 3);
    for (const size_t at : {1, 7}) segment[at] = static_cast<uint8_t>(random() % 3);
    if (once_in(8)) segment[random() % segment.size()] ^= static_cast<uint8_t>(random());
    Bytes frame = ethernet(0x0800, ipv4(6, with_checksum(segment), 0, random() % 4));
    if (once_in(8)) frame[random() % frame.size()] = static_cast<uint8_t>(random());
    if (once_in(8)) frame.resize(60);
    const auto wire = static_cast<uint32_t>(frame.size() + (once_in(8) ? 2 : 0));
    Packet packet = decode(decoder, frame, link_type::ethernet, wire);
    Decoder stranger(8);
    Packet alone = decode(stranger, frame, link_type::ethernet, wire);
    // Of fragments, the decoder that knows the earlier ones says more.
    if (alone.fragment != 0) continue;
    if (packet.shape != 0) repeated++;
    packet.shape = 0;
    packet.bytes = alone.bytes;
    if (std::memcmp(&packet, &alone, sizeof packet) != 0) unlike++;
  }
  CHECK(repeated > 5'000);
  CHECK(unlike == 0);
}

TEST_CASE("checksums are the same by words and by blocks, of every size and from every byte") {
  std::mt19937 random(20261126);
  Bytes bytes(2000);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random() % 3 == 0 ? 0xff : random());
  for (uint32_t from = 0; from < 8; from++) {
    for (uint32_t size = 0; size < 600; size++) {
      const Bytes part(bytes.begin() + from, bytes.begin() + from + size);
      REQUIRE(sum16(bytes.data(), from, from + size) % 0xffff ==
              (0xffff - internet_checksum(part)) % 0xffff);
    }
  }
  const Bytes ones(262'144, 0xff);
  CHECK(sum16(ones.data(), 0, 262'144) == 0xffff);
}
