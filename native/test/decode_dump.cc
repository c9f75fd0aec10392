/// Prints what the decoder makes of capture files: a line per frame with every field of the packet,
/// its traits and the signature if it is a SYN, then the anomaly counters. The differential test
/// compares it with the TypeScript decoder. Usage: decode_dump [-f FRAGMENTS_MAX] FILE...
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "base/limits.h"
#include "capture/file_source.h"
#include "decode/decoder.h"
#include "observe/syn_signature.h"
#include "observe/traits.h"

namespace {

using picket::Address;
using picket::Packet;

void print_address(const Address& address) {
  std::printf(" %08" PRIx32 "%08" PRIx32 "%08" PRIx32 "%08" PRIx32, address.word[0],
              address.word[1], address.word[2], address.word[3]);
}

void print_ip(const Packet& packet) {
  std::printf(" key=%08" PRIx32 " layers=%u v=%u", packet.tunnel_key, packet.layer_count,
              packet.ip_version);
  print_address(packet.src);
  print_address(packet.dst);
  std::printf(" ttl=%u tos=%u id=%" PRIu32 " flow=%" PRIu32 " df=%d rb=%d opt=%u size=%" PRIu32
              " sum=%u proto=%u frag=%u",
              packet.ttl, packet.tos, packet.ip_id, packet.flow_label, packet.dont_fragment,
              packet.ip_reserved_bit, packet.ip_options_size, packet.ip_size,
              static_cast<unsigned>(packet.ip_checksum), packet.protocol, packet.fragment);
}

void print_transport(const Packet& packet) {
  std::printf(" t=%u at=%" PRIu32 " sum=%u ports=%u,%u", static_cast<unsigned>(packet.transport),
              packet.transport_at, static_cast<unsigned>(packet.transport_checksum),
              packet.src_port, packet.dst_port);
  std::printf(" tcp=%u,%" PRIu32 ",%" PRIu32 ",%u,%u,%" PRIu32 ",%u", packet.tcp_flags,
              packet.tcp_seq, packet.tcp_ack, packet.tcp_window, packet.tcp_urgent,
              packet.tcp_options_at, packet.tcp_options_size);
  std::printf(" icmp=%u,%u,%u,%u sctp=%u,%" PRIu32, packet.icmp_type, packet.icmp_code,
              packet.icmp_id, packet.icmp_seq, packet.sctp_chunk, packet.sctp_tag);
  std::printf(" payload=%" PRIu32 ",%" PRIu32 ",%" PRIu32, packet.payload_at, packet.payload_size,
              packet.payload_wire_size);
}

void print_quoted(const Packet& packet) {
  std::printf(" q=%u", packet.quoted_version);
  print_address(packet.quoted_src);
  print_address(packet.quoted_dst);
  std::printf(" %u %d %u,%u", packet.quoted_protocol, packet.quoted_ports_valid,
              packet.quoted_src_port, packet.quoted_dst_port);
}

void print_judged(const Packet& packet) {
  std::printf(" traits=%" PRIx32, picket::probe_traits(packet));
  const bool is_tcp = packet.transport == picket::Transport::tcp;
  if (!is_tcp || (packet.tcp_flags & picket::TCP_SYN) == 0) return;
  uint8_t signature[picket::SYN_SIGNATURE_SIZE_MAX];
  const uint32_t size = picket::write_syn_signature(packet, signature);
  std::printf(" syn=");
  for (uint32_t at = 0; at < size; at++) std::printf("%02x", signature[at]);
}

class DumpingSink : public picket::FrameSink {
 public:
  explicit DumpingSink(uint32_t fragments_max) : decoder_(fragments_max) {}

  void frame(const uint8_t* bytes, uint32_t captured, uint32_t wire, int64_t time_us,
             uint32_t link_type) override {
    // An exact copy, so that a read past the frame's end is one past an allocation's.
    const std::vector<uint8_t> exact(bytes, bytes + captured);
    const Packet& packet = decoder_.decode(exact.data(), captured, wire, time_us, link_type);
    const bool ip = packet.ip_version != 0;
    std::printf("%d %" PRId64 " %" PRIu32 "/%" PRIu32 " a=%016" PRIx64 " b=%d", ip, packet.time_us,
                packet.captured_size, packet.wire_size, packet.anomalies,
                packet.bytes == exact.data());
    print_ip(packet);
    print_transport(packet);
    print_quoted(packet);
    print_judged(packet);
    std::printf("\n");
  }

  void print_counts() const {
    std::printf("counts");
    for (size_t code = 0; code < static_cast<size_t>(picket::Anomaly::ANOMALY_COUNT); code++) {
      std::printf(" %" PRIu64, decoder_.anomaly_counts()[code]);
    }
    std::printf("\n");
  }

 private:
  picket::Decoder decoder_;
};

}  // namespace

int main(int argc, char** argv) {
  uint32_t fragments_max = picket::limits::fragments_max;
  int first = 1;
  if (argc > 2 && std::strcmp(argv[1], "-f") == 0) {
    fragments_max = static_cast<uint32_t>(std::strtoul(argv[2], nullptr, 10));
    first = 3;
  }
  for (int index = first; index < argc; index++) {
    DumpingSink sink(fragments_max);
    std::atomic<bool> stop{false};
    std::atomic<uint64_t> read_bytes{0};
    picket::read_capture_file(argv[index], sink, stop, read_bytes);
    sink.print_counts();
  }
  return 0;
}
