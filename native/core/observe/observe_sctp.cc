#include "observe/observe_sctp.h"

namespace picket {

namespace {

constexpr uint32_t SCTP = 132 << 16;
/// Chunk types, RFC 9260 §3.2.
constexpr uint8_t CHUNK_INIT = 1;
constexpr uint8_t CHUNK_INIT_ACK = 2;
constexpr uint8_t CHUNK_ABORT = 6;
constexpr uint8_t CHUNK_COOKIE_ECHO = 10;
constexpr uint8_t CHUNK_COOKIE_ACK = 11;

}  // namespace

void observe_sctp(Observer& observer, const Packet& packet) {
  Flows& flows = observer.flows;
  Observer::seek_flow(flows, packet);
  const Flow* flow = flows.find(packet.time_us);
  switch (packet.sctp_chunk) {
    case CHUNK_INIT:
      if (observer.target_home) {
        observer.probe(packet, PROBE_SCTP_INIT, SCTP | packet.dst_port);
      } else if (flow == nullptr) {
        flows.put(packet.time_us, FLOW_OUTBOUND);
      }
      break;
    case CHUNK_COOKIE_ECHO:
      if (observer.target_home && flow == nullptr) {
        observer.probe(packet, PROBE_SCTP_COOKIE_ECHO, SCTP | packet.dst_port);
      }
      break;
    case CHUNK_INIT_ACK:
    case CHUNK_COOKIE_ACK:
      if (!observer.source_home) break;
      if (flow != nullptr && (flow->state & FLOW_OUTBOUND) != 0) break;
      if (flow == nullptr) flows.put(packet.time_us, FLOW_INBOUND);
      observer.outcome(packet, true, SCTP | packet.src_port, OUTCOME_OPEN, true);
      break;
    case CHUNK_ABORT:
      if (observer.source_home && flow == nullptr) {
        observer.outcome(packet, true, SCTP | packet.src_port, OUTCOME_CLOSED, true);
      }
      break;
    default:
      break;
  }
}

}  // namespace picket
