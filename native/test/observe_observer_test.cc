/// The observer as a whole: bounds and exactness. What each packet means is tested in TypeScript,
/// and that the twins agree by the differential tests.
#include <doctest/doctest.h>

#include <random>
#include <string>

#include "observe/observer.h"

using namespace picket;

namespace {

constexpr int64_t START_US = 1'795'000'000'000'000;
/// 198.18.0.0/15 is ours, 203.0.113.5 scans.
constexpr uint32_t HOME = 0xc6120000;
constexpr uint32_t SCANNER = 0xcb007105;
constexpr uint32_t SPOOFED = 0x2d000000;
/// A header without options, and a payload.
const uint8_t BYTES[64] = {};

ObserverConfig small_config() {
  ObserverConfig config;
  HomeNet home{};
  home.address[10] = home.address[11] = 0xff;
  home.address[12] = 198;
  home.address[13] = 18;
  home.prefix = 96 + 15;
  config.home_nets.push_back(home);
  config.tables = {512, 4096, 1024, 256, 8192, 64, 1024, 16, 64, 64, 4096};
  return config;
}

Packet syn(uint32_t source, uint32_t target, uint16_t port) {
  static uint32_t ip_id = 0;
  Packet packet{};
  packet.time_us = START_US;
  packet.bytes = BYTES;
  packet.captured_size = packet.wire_size = 60;
  packet.ip_version = 4;
  packet.src = {{0, 0, 0xffff, source}};
  packet.dst = {{0, 0, 0xffff, target}};
  packet.ttl = 50;
  packet.ip_id = ip_id++;
  packet.ip_size = 40;
  packet.protocol = 6;
  packet.transport = Transport::tcp;
  packet.src_port = 40'000;
  packet.dst_port = port;
  packet.tcp_flags = TCP_SYN;
  packet.tcp_window = 1024;
  return packet;
}

const Source& source_of(Observer& observer, uint32_t address) {
  observer.sources.tally.settle();
  Touch touch{};
  touch.source = {{0, 0, 0xffff, address}};
  touch.hash_addresses();
  const uint32_t number = observer.sources.index.find(touch.source_hash, 0, touch.source);
  REQUIRE(number != NONE);
  return observer.sources.index[number];
}

}  // namespace

TEST_CASE("a source's targets are exact at 256 and a sketch at 257") {
  const ObserverConfig config = small_config();
  Observer observer(config);
  for (uint32_t i = 0; i < 256; i++) observer.observe(syn(SCANNER, HOME + i, 80));
  CHECK(source_of(observer, SCANNER).target_count == 256);
  CHECK(source_of(observer, SCANNER).target_sketch == NO_SKETCH);
  observer.observe(syn(SCANNER, HOME + 256, 80));
  CHECK(source_of(observer, SCANNER).target_count == 256);
  CHECK(source_of(observer, SCANNER).target_sketch >= 0);
}

TEST_CASE("a target's ports are listed up to 256, and in a set from 257 on") {
  const ObserverConfig config = small_config();
  Observer observer(config);
  for (uint16_t port = 1; port <= 256; port++) observer.observe(syn(SCANNER, HOME, port));
  const Source& source = source_of(observer, SCANNER);
  CHECK(source.contact_count == 256);
  CHECK(observer.sources.targets[source.first_member].port_set == NO_PORT_SET);
  observer.observe(syn(SCANNER, HOME, 257));
  CHECK(source.contact_count == 256);
  CHECK(observer.sources.targets[source.first_member].port_set >= 0);
  CHECK(source.pair_sketch >= 0);
}

TEST_CASE("an early count is crossed by the packet that makes it") {
  const ObserverConfig config = small_config();
  Observer observer(config);
  for (uint32_t i = 0; i < 99; i++) CHECK(observer.observe(syn(SCANNER, HOME + i, 80)) == NONE);
  CHECK(observer.observe(syn(SCANNER, HOME + 99, 80)) == 0);
  CHECK(observer.observe(syn(SCANNER, HOME + 100, 80)) == NONE);
}

TEST_CASE("a flood is folded into its target, and hides no scanner") {
  const ObserverConfig config = small_config();
  Observer observer(config);
  for (uint32_t i = 0; i < 3000; i++) {
    if (i % 30 == 0) observer.observe(syn(SCANNER, HOME + 1 + i / 30, 80));
    observer.observe(syn(SPOOFED + i, HOME, 80));
  }
  CHECK(observer.counts.singles_folded == 3000 - FOLD_SERVICE_SINGLES);
  CHECK(observer.sources.index.used == 1);
  CHECK(source_of(observer, SCANNER).target_count == 100);
}

TEST_CASE("an epoch that is over leaves nothing behind") {
  const ObserverConfig config = small_config();
  Observer observer(config);
  for (uint32_t i = 0; i < 300; i++) observer.observe(syn(SCANNER, HOME + i, 80));
  observer.clear();
  for (uint32_t i = 0; i < 2; i++) observer.observe(syn(SCANNER, HOME + i, 80));
  const Source& source = source_of(observer, SCANNER);
  CHECK(source.target_count == 2);
  CHECK(source.target_sketch == NO_SKETCH);
  CHECK(source.counters[SOURCE_SYN] == 2);
}

TEST_CASE("tables of one entry bear any packet") {
  ObserverConfig config = small_config();
  config.tables = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
  Observer observer(config);
  std::mt19937 random(1);
  for (int i = 0; i < 200'000; i++) {
    Packet packet = syn(SCANNER + random() % 5, HOME + random() % 5, random() % 7);
    if (random() % 2 == 0) std::swap(packet.src, packet.dst);
    packet.time_us += i * int64_t{1000};
    packet.payload_size = random() % 64;
    packet.payload_wire_size = packet.payload_size;
    packet.transport = static_cast<Transport>(random() % 7);
    packet.protocol = random() % 3 == 0 ? 17 : 6;
    packet.tcp_flags = random() % 512;
    packet.tcp_seq = random() % 3;
    packet.tcp_ack = random() % 3;
    packet.icmp_type = random() % 20;
    packet.sctp_chunk = random() % 12;
    packet.src_port = random() % 3 == 0 ? 53 : 40'000;
    packet.quoted_version = random() % 4 == 0 ? 4 : 0;
    packet.quoted_ports_valid = random() % 2 == 0;
    packet.quoted_src = packet.dst;
    packet.quoted_dst = packet.src;
    packet.quoted_protocol = 17;
    observer.observe(packet);
    if (random() % 1000 == 0) observer.clear();
  }
  CHECK(observer.sources.refused > 0);
  CHECK(observer.flows.evicted > 0);
  CHECK(observer.sources.index.used <= 1);
}

TEST_CASE("probes of two scanners in turn, and of two kinds, are counted as if each came alone") {
  const ObserverConfig config = small_config();
  Observer observer(config);
  for (uint32_t i = 0; i < 60; i++) {
    observer.observe(syn(SCANNER, HOME + i, 80));
    if (i % 3 != 0) observer.observe(syn(SCANNER + 1, HOME + i, 80));
    Packet other = syn(SCANNER, HOME + i, 81);
    other.tcp_window = 2048;
    other.ttl = 40;
    if (i % 2 == 0) observer.observe(other);
  }
  const Source& source = source_of(observer, SCANNER);
  CHECK(source.counters[SOURCE_SYN] == 90);
  CHECK(source.counters[SOURCE_RAW_STACK] == 90);
  CHECK(source.signature_count[0] == 60);
  CHECK(source.signature_count[1] == 30);
  CHECK(source.ttl_min == 40);
  CHECK(source.ttl_max == 50);
  CHECK(source_of(observer, SCANNER + 1).counters[SOURCE_SYN] == 40);
}

TEST_CASE("a copy differs in nothing but its hops and comes at once; anything else is a probe") {
  const ObserverConfig config = small_config();
  const Packet first = syn(SCANNER, HOME, 80);
  const auto is_copy = [&](auto change, int64_t later_us = 0) {
    Packet packet = first;
    packet.time_us += later_us;
    change(packet);
    Observer fresh(config);
    fresh.observe(first);
    fresh.observe(packet);
    return fresh.counts.duplicates == 1;
  };
  CHECK(is_copy([](Packet& packet) { packet.ttl--; }));
  CHECK(is_copy([](Packet&) {}, DUPLICATE_WINDOW_US));
  CHECK(is_copy([](Packet&) {}, -int64_t{DUPLICATE_WINDOW_US}));
  CHECK_FALSE(is_copy([](Packet&) {}, DUPLICATE_WINDOW_US + 1));
  CHECK_FALSE(is_copy([](Packet& packet) { packet.src.word[3]++; }));
  CHECK_FALSE(is_copy([](Packet& packet) { packet.dst.word[3]++; }));
  CHECK_FALSE(is_copy([](Packet& packet) { packet.src_port++; }));
  CHECK_FALSE(is_copy([](Packet& packet) { packet.dst_port++; }));
  CHECK_FALSE(is_copy([](Packet& packet) { packet.ip_id++; }));
  CHECK_FALSE(is_copy([](Packet& packet) { packet.tcp_seq++; }));
  CHECK_FALSE(is_copy([](Packet& packet) { packet.tcp_ack++; }));
  CHECK_FALSE(is_copy([](Packet& packet) { packet.tcp_window++; }));
  CHECK_FALSE(is_copy([](Packet& packet) { packet.tcp_flags |= TCP_ECE; }));
  CHECK_FALSE(is_copy([](Packet& packet) { packet.ip_size++; }));
  CHECK_FALSE(is_copy([](Packet& packet) { packet.tunnel_key = 5; }));
}
