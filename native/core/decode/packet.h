/// The facts of one packet: what the bytes say, before anyone says what they mean.
/// Twin: packages/observer/src/decode/packet.ts, field by field.
#pragma once

#include <cstdint>
#include <cstring>

namespace picket {

/// TCP flag bits as they stand in the header, RFC 9293 §3.1 (bit 8 is AE/NS).
enum TcpFlags : uint16_t {
  TCP_FIN = 0x01,
  TCP_SYN = 0x02,
  TCP_RST = 0x04,
  TCP_PSH = 0x08,
  TCP_ACK = 0x10,
  TCP_URG = 0x20,
  TCP_ECE = 0x40,
  TCP_CWR = 0x80,
  TCP_AE = 0x100,
};

/// What a checksum field turned out to be.
enum class Checksum : uint8_t {
  unverified = 0,   ///< bytes missing, a fragment, or the protocol has none here
  right = 1,
  offload = 2,      ///< uncomplemented pseudo-header sum, left to the NIC (or 0, IPv4)
  nmap_badsum = 3,  ///< Nmap --badsum: the right sum with one taken from its first byte
  wrong = 4,
};

/// How the transport header reached us. A bit set; 0 means the datagram was not fragmented.
enum Fragment : uint8_t {
  FRAGMENT_PRESENT = 0x01,
  FRAGMENT_TINY = 0x02,
  FRAGMENT_OVERLAP = 0x04,
  FRAGMENT_CONFLICT = 0x08,
  FRAGMENT_REASSEMBLED = 0x10,
  FRAGMENT_CONTINUATION = 0x20,  ///< later fragment with nothing new: not a probe of its own
};

/// Which transport facts are valid.
enum class Transport : uint8_t {
  none = 0, tcp = 1, udp = 2, icmp = 3, icmp6 = 4, sctp = 5, other = 6
};

/// Four big-endian words in host order; IPv4 is mapped: 0, 0, 0x0000ffff, address.
struct Address {
  uint32_t word[4];
  bool operator==(const Address& other) const {
    return std::memcmp(word, other.word, sizeof word) == 0;
  }
  bool is_v4() const {
    uint64_t high;
    std::memcpy(&high, word, sizeof high);
    return high == 0 && word[2] == 0xffff;
  }
};

/// An IPv4 address, mapped. Written at once, since it is read at once soon after: a processor that
/// has to put a read together from several writes waits until all of them are done.
inline void set_v4(Address& address, uint32_t value) {
  typedef uint32_t Four __attribute__((vector_size(16)));
  const Four words = {0, 0, 0xffff, value};
  std::memcpy(address.word, &words, sizeof words);
}

/// Kinds of SYN that are known at a time, each to its number.
constexpr uint32_t SYN_SHAPES = 8;

/// One per decoder, overwritten by every frame. Every field's meaning, unit and sentinel is in the
/// TypeScript twin; the names are the same in snake_case.
struct Packet {
  int64_t time_us;
  const uint8_t* bytes;     ///< what all offsets point into: the frame or the reassembly buffer
  uint32_t captured_size;
  uint32_t wire_size;
  uint64_t anomalies;       ///< one bit per Anomaly
  /// SYNs of one number differ in addresses, ports, identification and sequence number alone, and
  /// none of these is 0. 0: not compared with any. Its remainder by SYN_SHAPES is a place for what
  /// is known of them (RepeatedSyns). Not in the TypeScript twin.
  uint64_t shape;

  uint32_t tunnel_key;
  uint8_t layer_count;
  uint8_t protocol;
  Transport transport;
  Checksum ip_checksum;

  uint8_t ip_version;
  uint8_t ttl;
  uint8_t tos;
  bool dont_fragment;
  bool ip_reserved_bit;
  uint8_t fragment;
  uint16_t ip_options_size;

  Address src;
  Address dst;
  uint32_t ip_id;
  uint32_t flow_label;
  uint32_t ip_size;

  uint32_t transport_at;
  uint16_t src_port;
  uint16_t dst_port;
  Checksum transport_checksum;

  uint32_t tcp_seq;
  uint32_t tcp_ack;
  uint32_t tcp_options_at;
  uint16_t tcp_flags;
  uint16_t tcp_window;
  uint16_t tcp_urgent;
  uint8_t tcp_options_size;

  uint8_t icmp_type;
  uint8_t icmp_code;
  uint16_t icmp_id;
  uint16_t icmp_seq;
  uint8_t sctp_chunk;
  uint32_t sctp_tag;

  uint32_t payload_at;
  uint32_t payload_size;
  uint32_t payload_wire_size;

  uint8_t quoted_version;
  uint8_t quoted_protocol;
  bool quoted_ports_valid;
  uint16_t quoted_src_port;
  uint16_t quoted_dst_port;
  Address quoted_src;
  Address quoted_dst;
};

}  // namespace picket
