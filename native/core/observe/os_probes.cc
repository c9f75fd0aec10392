#include "observe/os_probes.h"

#include "batch/layout.h"
#include "decode/walk.h"

namespace picket {

namespace {

/// The bit when it holds, else none.
constexpr uint32_t when(bool holds, Trait bit) { return holds ? uint32_t{bit} : 0u; }

constexpr uint16_t SIX_FLAGS = 0x3f;
constexpr uint16_t SFPU = TCP_SYN | TCP_FIN | TCP_PSH | TCP_URG;
constexpr uint16_t FPU = TCP_FIN | TCP_PSH | TCP_URG;
constexpr uint32_t U1_SIZE = 300;

/// A time stamp option of value 0xffffffff and echo 0, wherever it stands.
bool has_full_timestamp(const Packet& packet) {
  const uint32_t at = packet.tcp_options_at;
  for (uint32_t offset = 0; offset + 10 <= packet.tcp_options_size; offset++) {
    if (u16(packet.bytes, at + offset) == 0x080a &&
        u32(packet.bytes, at + offset + 2) == 0xffffffff &&
        u32(packet.bytes, at + offset + 6) == 0) {
      return true;
    }
  }
  return false;
}

bool is_seq_window(uint16_t window) {
  return window == 1 || window == 63 || window == 4 || window == 16 || window == 512;
}

uint32_t tcp_traits(const Packet& packet) {
  const uint16_t window = packet.tcp_window;
  if (window == 3 && packet.tcp_urgent == 0xf7f5) return TRAIT_OS_ECN;
  if (packet.tcp_options_size < 16 || !has_full_timestamp(packet)) return 0;
  switch (packet.tcp_flags & SIX_FLAGS) {
    case TCP_SYN:
      return when(window == 31337, TRAIT_OS_T5) | when(is_seq_window(window), TRAIT_OS_SEQ);
    case 0: return when(window == 128, TRAIT_OS_T2);
    case SFPU: return when(window == 256, TRAIT_OS_T3);
    case TCP_ACK: return when(window == 1024, TRAIT_OS_T4) | when(window == 32768, TRAIT_OS_T6);
    case FPU: return when(window == 65535, TRAIT_OS_T7);
    default: return 0;
  }
}

/// The first IE probe has code 9 and sequence 295, the second TOS 4, sequence 296 and 150 bytes.
bool is_echo(const Packet& packet) {
  if (packet.icmp_type != 8) return false;
  return (packet.icmp_code == 9 && packet.icmp_seq == 295) ||
         (packet.icmp_code == 0 && packet.icmp_seq == 296 && packet.tos == 4 &&
          packet.payload_wire_size == 150);
}

bool is_u1(const Packet& packet) {
  return packet.payload_wire_size == U1_SIZE && packet.payload_size >= 2 &&
         packet.bytes[packet.payload_at] == 0x43 && packet.bytes[packet.payload_at + 1] == 0x43;
}

}  // namespace

uint32_t os_traits(const Packet& packet) {
  switch (packet.transport) {
    case Transport::tcp: return tcp_traits(packet);
    case Transport::icmp: return when(is_echo(packet), TRAIT_OS_IE);
    case Transport::icmp6:
      return when(packet.icmp_type == 128 && packet.icmp_code == 9 && packet.icmp_seq == 295,
                  TRAIT_OS_IE);
    case Transport::udp: return when(is_u1(packet), TRAIT_OS_U1);
    default: return 0;
  }
}

}  // namespace picket
