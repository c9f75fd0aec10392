/// The way through one frame: where decoding stands, how far it may read, and what lies next. Every
/// protocol file has one function `Layer decode_x(Walk&, Packet&)` that checks once that its header
/// is inside `walk.end`, writes its facts, moves `walk.at` behind the header and names the next
/// layer. Twin: packages/observer/src/decode/walk.ts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/limits.h"
#include "decode/anomaly.h"
#include "decode/packet.h"

namespace picket {

/// What to decode next. `stop` ends the walk: all there is to know is in the packet.
enum class Layer : uint8_t {
  stop, ethernet, vlan, mpls, pppoe, ppp, ip, ipv4, ipv6, gre, erspan1, erspan2, erspan3,
  tcp, udp, icmp, icmp6, sctp, vxlan, geneve,
};

/// What an outer id belongs to, folded into the tunnel key before the id.
enum class TunnelTag : uint32_t { vlan = 1, pppoe = 2, gre = 3, vxlan = 4, geneve = 5 };

struct Walk {
  /// The frame, or the reassembly buffer once a split header was put together.
  const uint8_t* bytes;
  /// Offset of the next header.
  uint32_t at;
  /// End of the current layer, clipped to what was captured (exclusive). Never read past it.
  uint32_t end;
  /// End of the current layer on the wire, as an offset in `bytes`; at least `end`.
  uint32_t wire_end;
  /// Running hash of the outer ids, and whether there was one.
  uint32_t key;
  bool keyed;
  /// The current layer goes on somewhere else (a fragment, a length beyond the wire): lengths
  /// inside it may point past `wire_end` without being wrong, and checksums cannot be verified.
  bool partial;
  /// A source route is not used up: the checksum covers a destination that is not in the header.
  bool rerouted;

  /// Bytes that can be read, and bytes the layer had on the wire, from offset `from` on; 0 behind
  /// it.
  uint32_t left(uint32_t from) const { return end > from ? end - from : 0; }
  uint32_t wire_left(uint32_t from) const { return wire_end > from ? wire_end - from : 0; }
};

/// Big-endian reads. The caller has checked that the bytes are inside the walk.
inline uint32_t u16(const uint8_t* bytes, uint32_t at) { return read_u16(bytes + at, true); }
inline uint32_t u32(const uint8_t* bytes, uint32_t at) { return read_u32(bytes + at, true); }

/// Sets an anomaly's bit; the decoder counts the bits once the frame is done.
inline void note(Packet& packet, Anomaly anomaly) {
  packet.anomalies |= uint64_t{1} << static_cast<uint32_t>(anomaly);
}

/// Notes an anomaly and ends the walk.
inline Layer stop(Packet& packet, Anomaly anomaly) {
  note(packet, anomaly);
  return Layer::stop;
}

/// Counts one more encapsulation. False, and an anomaly, when there are too many.
inline bool deeper(Packet& packet) {
  if (packet.layer_count >= limits::decode_depth_max) {
    note(packet, Anomaly::layers_too_many);
    return false;
  }
  packet.layer_count++;
  return true;
}

/// Folds an outer id into the tunnel key.
inline void fold_id(Walk& walk, TunnelTag tag, uint32_t id) {
  walk.key = mix(mix(walk.key, static_cast<uint32_t>(tag)), id);
  walk.keyed = true;
}

/// Takes everything from `at` as payload.
inline void set_payload(const Walk& walk, Packet& packet, uint32_t at) {
  packet.payload_at = at;
  packet.payload_size = walk.left(at);
  packet.payload_wire_size = walk.wire_left(at);
}

/// Takes the rest of the walk as payload of a protocol we do not decode (yet).
inline void set_other(const Walk& walk, Packet& packet, uint8_t protocol) {
  packet.protocol = protocol;
  packet.transport = Transport::other;
  packet.transport_at = walk.at;
  set_payload(walk, packet, walk.at);
}

/// Forgets everything, before a frame. In pieces: all at once, compilers take a string instruction,
/// whose start alone costs as much as a packet's checksums.
inline void clear_frame(Packet& packet) {
  static_assert(std::is_trivially_copyable_v<Packet>);
  constexpr size_t PIECE_SIZE = 64;
  constexpr size_t REST = sizeof(Packet) % PIECE_SIZE;
  auto* bytes = reinterpret_cast<unsigned char*>(&packet);
#pragma GCC unroll 8
  for (size_t at = 0; at < sizeof(Packet) - REST; at += PIECE_SIZE) {
    std::memset(bytes + at, 0, PIECE_SIZE);
  }
  std::memset(bytes + sizeof(Packet) - REST, 0, REST);
}

/// Makes room for an IP packet at the walk: forgets an outer one's facts, and gives the packet the
/// key of the ids walked so far (never 0 when there were any, since 0 means none).
inline void enter_ip(Walk& walk, Packet& packet) {
  if (packet.ip_version != 0) {
    Packet inner{};
    inner.time_us = packet.time_us;
    inner.bytes = packet.bytes;
    inner.captured_size = packet.captured_size;
    inner.wire_size = packet.wire_size;
    inner.anomalies = packet.anomalies;
    inner.tunnel_key = packet.tunnel_key;
    inner.layer_count = packet.layer_count;
    packet = inner;
  }
  if (walk.keyed) {
    const uint32_t key = finish(walk.key);
    packet.tunnel_key = key != 0 ? key : 1;
  }
  walk.rerouted = false;
}

}  // namespace picket
