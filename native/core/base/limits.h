/// Every bound of the packet side, with its reason. Capacities that an operator may want to change
/// are defaults here and come in through ObserverConfig; the rest is fixed. Twin:
/// packages/observer/src/base/limits.ts.
#pragma once

#include <cstdint>

namespace picket::limits {

/// Encapsulation layers walked before giving up: Suricata's max-layers; deeper is an attack.
constexpr uint32_t decode_depth_max = 16;
/// IPv6 extension headers of one packet. RFC 8504 §5.3 lets a host drop at 8 or more.
constexpr uint32_t ipv6_extensions_max = 8;
/// Bytes of a datagram kept while its transport header is split over fragments: 60 bytes of TCP
/// header and the first payload bytes tools are told by.
constexpr uint32_t fragment_buffer_size = 256;
/// Unfinished datagrams kept. Nmap -f has at most a few hundred probes in flight.
constexpr uint32_t fragments_max = 4096;
/// Age at which an unfinished datagram is forgotten, packet time: Linux keeps 30 s, a scan needs
/// far less.
constexpr int64_t fragment_timeout_us = 5'000'000;
/// Largest frame accepted from a file: libpcap's MAXIMUM_SNAPLEN.
constexpr uint32_t frame_size_max = 262'144;
/// Largest pcapng block accepted: libpcap's bound.
constexpr uint32_t pcapng_block_size_max = 16 * 1024 * 1024;
/// Interfaces of one pcapng section.
constexpr uint32_t pcapng_interfaces_max = 256;

}  // namespace picket::limits
