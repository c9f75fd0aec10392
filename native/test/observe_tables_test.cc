/// The tables under the observer, each at and over its capacity. Their behaviour packet by packet
/// is tested in TypeScript, and that the twins agree by the differential tests.
#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "observe/address_index.h"
#include "observe/address_sets.h"
#include "observe/contacts.h"
#include "observe/finds.h"
#include "observe/folded_sources.h"
#include "observe/flows.h"
#include "observe/light_sources.h"
#include "observe/signatures.h"
#include "observe/port_sets.h"
#include "observe/sketches.h"

using namespace picket;

namespace {

constexpr int64_t NOW_US = 1'795'000'000'000'000;

Address v4(uint32_t address) { return {{0, 0, 0xffff, address}}; }

struct Row {
  uint32_t value;
};

uint32_t find(const AddressIndex<Row>& index, uint32_t key, const Address& address) {
  return index.find(keyed_hash(key, address), key, address);
}

uint32_t add(AddressIndex<Row>& index, uint32_t key, const Address& address) {
  return index.add(keyed_hash(key, address), key, address);
}

/// Points `flows` at a conversation between ports 1000 and 80.
void seek(Flows& flows, uint32_t from, uint32_t to, uint8_t protocol = 6) {
  flows.seek(v4(from), 1000, v4(to), 80, protocol, 0);
}

Packet syn(uint16_t window) {
  static const uint8_t header[20] = {};
  Packet packet{};
  packet.bytes = header;
  packet.ip_version = 4;
  packet.ttl = 50;
  packet.transport = Transport::tcp;
  packet.tcp_flags = TCP_SYN;
  packet.tcp_window = window;
  return packet;
}

Touch touch_of(uint32_t source, uint32_t service) {
  Touch touch{};
  touch.source = v4(source);
  touch.target = v4(1);
  touch.hash_addresses();
  touch.service = service;
  touch.is_probe = true;
  touch.kind = PROBE_SYN;
  touch.signature = NO_SIGNATURE;
  return touch;
}

}  // namespace

TEST_CASE("AddressIndex finds what was added, per key, until it is cleared") {
  AddressIndex<Row> index(1000);
  for (uint32_t i = 0; i < 1000; i++) CHECK(add(index, i % 2, v4(i / 2)) == i);
  for (uint32_t i = 0; i < 1000; i++) CHECK(find(index, i % 2, v4(i / 2)) == i);
  CHECK(find(index, 2, v4(0)) == NONE);
  CHECK(find(index, 0, {{0x20010db8, 0, 0, 0}}) == NONE);
  index[7].value = 9;
  index.clear();
  CHECK(find(index, 1, v4(3)) == NONE);
  for (uint32_t i = 0; i < 8; i++) add(index, 0, v4(i));
  CHECK(index[7].value == 0);
}

TEST_CASE("AddressIndex takes its capacity and refuses the next") {
  for (const uint32_t capacity : {0u, 1u, 3u, 64u}) {
    AddressIndex<Row> index(capacity);
    for (uint32_t i = 0; i < capacity; i++) CHECK(add(index, 0, v4(i)) == i);
    CHECK(add(index, 0, v4(capacity)) == NONE);
    CHECK(find(index, 0, v4(capacity)) == NONE);
    CHECK(index.refused == 1);
  }
}

TEST_CASE("AddressIndex refuses who crafts addresses to collide") {
  AddressIndex<Row> index(4096);
  for (uint32_t i = 0; i < PROBES_MAX; i++) CHECK(index.add(7, 0, v4(i)) == i);
  CHECK(index.add(7, 0, v4(~0u)) == NONE);
  CHECK(index.find(7, 0, v4(~0u)) == NONE);
  CHECK(index.find(7, 0, v4(PROBES_MAX - 1)) == PROBES_MAX - 1);
  CHECK(add(index, 0, v4(1)) == PROBES_MAX);
}

TEST_CASE("AddressSets keeps the sets of two owners apart, each in order") {
  AddressSets sets(16);
  uint32_t last[2] = {NONE, NONE};
  for (uint16_t i = 0; i < 6; i++) {
    const uint16_t ordinal = i / 2;
    last[i % 2] = sets.append(99, i % 2, v4(i), ordinal, last[i % 2]);
  }
  CHECK(sets.find(99, 0, v4(1)) == NONE);
  CHECK(sets.find(99, 1, v4(1)) == 1);
  CHECK(sets[0].next == 2);
  CHECK(sets[2].next == 4);
  CHECK(sets[4].next == NONE);
  CHECK(sets[4].ordinal == 2);
}

TEST_CASE("Contacts takes as many as it holds") {
  Contacts contacts(8);
  for (uint32_t port = 0; port < 8; port++) CHECK(contacts.add(1, port, 0) == port);
  CHECK(contacts.add(1, 8, 0) == NONE);
  CHECK(contacts.find(1, 7) == 7);
  CHECK(contacts.find(2, 7) == NONE);
  CHECK(contacts.refused == 1);
}

TEST_CASE("Flows finds a conversation from either side") {
  Flows flows(64);
  seek(flows, 5, 6);
  const bool low = flows.source_low;
  Flow* flow = flows.put(NOW_US, FLOW_INBOUND);
  flows.seek(v4(6), 80, v4(5), 1000, 6, 0);
  CHECK(flows.find(NOW_US) == flow);
  CHECK(flows.source_low == !low);
  seek(flows, 5, 6, 17);
  CHECK(flows.find(NOW_US) == nullptr);
}

TEST_CASE("Flows forgets after an hour of silence, or two minutes") {
  for (const auto& [protocol, timeout_us] :
       std::vector<std::pair<uint8_t, int64_t>>{{6, 3'600'000'000}, {17, 120'000'000}}) {
    Flows flows(64);
    seek(flows, 1, 2, protocol);
    Flow* flow = flows.put(NOW_US, FLOW_INBOUND);
    CHECK(flows.find(NOW_US + timeout_us) == flow);
    CHECK(flows.find(NOW_US + 2 * timeout_us + 1) == nullptr);
    CHECK(flow->state == 0);
  }
}

TEST_CASE("Flows gives up the oldest of a full set, and counts it") {
  Flows flows(4);
  for (uint32_t target = 1; target <= 4; target++) {
    seek(flows, 9, target);
    flows.put(NOW_US + target, FLOW_INBOUND);
  }
  seek(flows, 9, 1);
  flows.find(NOW_US + 10);
  CHECK(flows.evicted == 0);
  seek(flows, 9, 5);
  flows.put(NOW_US + 11, FLOW_INBOUND);
  CHECK(flows.evicted == 1);
  std::vector<uint32_t> found;
  for (uint32_t target = 1; target <= 5; target++) {
    seek(flows, 9, target);
    if (flows.find(NOW_US + 12) != nullptr) found.push_back(target);
  }
  CHECK(found == std::vector<uint32_t>{1, 3, 4, 5});
}

TEST_CASE("Sketches estimates within four standard errors") {
  for (const uint32_t count : {1000u, 20'000u, 200'000u}) {
    Sketches sketches(1);
    const int32_t sketch = sketches.take();
    for (uint32_t i = 0; i < count; i++) sketches.add(sketch, finish(mix(HASH_SEED, i)));
    double sum = 0;
    uint32_t zeros = 0;
    for (uint32_t at = 0; at < HLL_REGISTERS; at++) {
      const uint8_t rank = sketches.bytes(sketch)[at];
      sum += std::pow(2.0, -rank);
      if (rank == 0) zeros++;
    }
    // Flajolet et al. 2007, figure 3, with linear counting while registers are empty.
    const double m = HLL_REGISTERS;
    const double raw = 0.7213 / (1 + 1.079 / m) * m * m / sum;
    const double estimate = raw < 2.5 * m && zeros > 0 ? m * std::log(m / zeros) : raw;
    CHECK(std::abs(estimate / count - 1) < 4 * 1.04 / std::sqrt(m));
  }
}

constexpr uint32_t TCP = 6u << 16;
constexpr uint32_t UDP = 17u << 16;
constexpr uint32_t ICMP = 1u << 16;

TEST_CASE("PortSets holds each service once, protocols apart") {
  PortSets sets(8);
  int32_t set = NO_PORT_SET;
  for (const uint32_t port : {0u, 1u, 443u, 443u, 0xffffu}) sets.add(set, TCP | port);
  sets.add(set, UDP | 443);
  sets.add(set, ICMP | 8);
  sets.add(set, 47u << 16);
  REQUIRE(set >= 0);
  CHECK(PortSets::count(sets.page(set, PORT_PAGE_TCP)) == 4);
  CHECK(PortSets::count(sets.page(set, PORT_PAGE_UDP)) == 1);
  CHECK(PortSets::count(sets.page(set, PORT_PAGE_OTHER)) == 2);
  CHECK(sets.page(set, PORT_PAGE_SCTP) == nullptr);
  CHECK(sets.page(set, PORT_PAGE_TCP)[0] == 3);
  CHECK(sets.page(set, PORT_PAGE_TCP)[PORT_PAGE_SIZE - 1] == 0x80);
}

TEST_CASE("PortSets refuses a set whole when a page is missing, and hands out clean ones") {
  PortSets sets(1);
  int32_t first = NO_PORT_SET;
  int32_t second = NO_PORT_SET;
  sets.add(first, TCP | 80);
  sets.add(second, TCP | 80);
  CHECK(first >= 0);
  CHECK(second == REFUSED_PORT_SET);
  sets.add(second, TCP | 81);
  CHECK(sets.refused == 1);
  sets.add(first, UDP | 53);
  CHECK(first == REFUSED_PORT_SET);
  CHECK(sets.refused == 2);
  sets.clear();
  int32_t third = NO_PORT_SET;
  sets.add(third, TCP | 1);
  CHECK(PortSets::count(sets.page(third, PORT_PAGE_TCP)) == 1);
}

TEST_CASE("Sketches refuses beyond its capacity, and hands out clean ones after a clear") {
  Sketches sketches(1);
  sketches.add(sketches.take(), 12'345);
  CHECK(sketches.take() == REFUSED_SKETCH);
  CHECK(sketches.refused == 1);
  sketches.add(REFUSED_SKETCH, 1);
  sketches.add(NO_SKETCH, 1);
  sketches.clear();
  const uint8_t* registers = sketches.bytes(sketches.take());
  CHECK(std::vector<uint8_t>(registers, registers + HLL_REGISTERS) ==
        std::vector<uint8_t>(HLL_REGISTERS));
}

TEST_CASE("Signatures numbers distinct ones, and has none to give when it is full") {
  Signatures signatures(2);
  CHECK(signatures.of(syn(1)) == 0);
  CHECK(signatures.of(syn(2)) == 1);
  CHECK(signatures.of(syn(1)) == 0);
  CHECK(signatures.of(syn(3)) == NO_SIGNATURE);
  CHECK(signatures.of(syn(3)) == NO_SIGNATURE);
  CHECK(signatures.of(syn(2)) == 1);
  CHECK(signatures.refused == 2);
  signatures.clear();
  CHECK(signatures.of(syn(3)) == 0);
}

TEST_CASE("LightSources lets in who keeps knocking, and a neighbour's knocks undo it") {
  LightSources light(0);
  const Touch mine = touch_of(1, 80);
  Touch neighbour = mine;
  neighbour.source_hash ^= 1;  // The same slot, another tag.
  for (int knock = 0; knock < 3; knock++) CHECK_FALSE(light.knock(mine));
  CHECK_FALSE(light.knock(neighbour));
  CHECK_FALSE(light.knock(mine));
  CHECK(light.knock(mine));
  light.clear();
  CHECK_FALSE(light.knock(mine));
}

TEST_CASE("FoldedSources knows who comes back for something else") {
  FoldedSources folded;
  const Touch first = touch_of(1, 80);
  CHECK_FALSE(folded.comes_back(first));
  CHECK_FALSE(folded.comes_back(first));
  CHECK(folded.comes_back(touch_of(1, 81)));
  // The latest touch is what counts.
  CHECK(folded.comes_back(first));
  Touch stranger = first;
  stranger.source_hash ^= 1;  // The same place, another tag.
  CHECK_FALSE(folded.comes_back(stranger));
  CHECK_FALSE(folded.comes_back(touch_of(1, 81)));
  folded.clear();
  CHECK_FALSE(folded.comes_back(first));
}

TEST_CASE("LightSources gives back what it held") {
  LightSources light(4);
  Touch touch = touch_of(5, 80);
  touch.ttl = 50;
  const uint32_t entry = light.add(touch);
  CHECK(light.find(touch) == entry);
  CHECK(light.fits(entry, touch));
  light.repeat(entry, touch);
  CHECK_FALSE(light.fits(entry, touch_of(5, 81)));
  const Touch held = light.leave(entry);
  CHECK(held.source == touch.source);
  CHECK(held.source_hash == touch.source_hash);
  CHECK(held.packets == 2);
  CHECK(held.ttl == 50);
  CHECK_FALSE(light.is_live(entry));
}

TEST_CASE("Finds keeps so many of a source and of all, and counts the rest") {
  Finds finds;
  FindList list;
  list.reset();
  for (uint32_t port = 0; port < FINDS_PER_SOURCE_MAX + 2; port++) {
    finds.add(list, touch_of(1, port));
    finds.add(list, touch_of(1, port));
  }
  CHECK(list.count == FINDS_PER_SOURCE_MAX);
  // The last two, which are not in the list to be known again.
  CHECK(list.missed == 4);
  uint32_t kept = 0;
  for (uint32_t f = list.first; f != NONE; f = finds[f].next) CHECK(finds[f].service == kept++);
  CHECK(kept == FINDS_PER_SOURCE_MAX);
  uint32_t sources = 1;
  FindList other;
  do {
    other.reset();
    for (uint32_t port = 0; port < FINDS_PER_SOURCE_MAX; port++) {
      finds.add(other, touch_of(2, port));
    }
    sources++;
  } while (other.missed == 0);
  CHECK(sources == 65);
  finds.clear();
  other.reset();
  finds.add(other, touch_of(3, 80));
  CHECK(other.count == 1);
}
