/// Ethernet II and 802.3 with SNAP, IEEE 802.3 §3.
/// Twin: packages/observer/src/decode/ethernet.ts.
#pragma once

#include "decode/walk.h"

namespace picket {

namespace ether_type {
constexpr uint32_t ipv4 = 0x0800;
constexpr uint32_t arp = 0x0806;
constexpr uint32_t transparent_bridging = 0x6558;
constexpr uint32_t vlan = 0x8100;
constexpr uint32_t ipv6 = 0x86dd;
constexpr uint32_t mpls = 0x8847;
constexpr uint32_t mpls_multicast = 0x8848;
constexpr uint32_t pppoe_discovery = 0x8863;
constexpr uint32_t pppoe = 0x8864;
constexpr uint32_t provider_bridge = 0x88a8;
constexpr uint32_t qinq = 0x9100;
}  // namespace ether_type

Layer decode_ethernet(Walk& walk, Packet& packet);

/// The layer an EtherType announces; a length instead of a type may announce SNAP.
Layer layer_of_type(Walk& walk, uint32_t type);

/// Whether the bytes at `at` read like an Ethernet frame that could carry IP.
bool plausible_ethernet(const Walk& walk, uint32_t at);

}  // namespace picket
