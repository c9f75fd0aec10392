#include "observe/observe_udp.h"

#include "observe/payloads.h"
#include "observe/udp_answers.h"

namespace picket {

namespace {

constexpr uint32_t UDP = 17 << 16;
constexpr uint16_t PRIVILEGED_PORT_MAX = 1023;

/// Which of the two endpoints of the key just sought in `table` is the packet's source.
uint16_t initiator_is_source(const Flows& table) {
  return table.source_low ? FLOW_INITIATOR_LOW : 0;
}
uint16_t initiator_is_target(const Flows& table) {
  return table.source_low ? 0 : FLOW_INITIATOR_LOW;
}
bool from_initiator(const Flows& table, uint16_t state) {
  return table.source_low == ((state & FLOW_INITIATOR_LOW) != 0);
}

void observe_known(Observer& observer, const Packet& packet, Flow& flow) {
  if ((flow.state & FLOW_INBOUND) == 0 || (flow.state & FLOW_INITIATOR_DATA) != 0) return;
  if (!observer.target_home || !from_initiator(observer.flows, flow.state)) return;
  flow.state |= FLOW_INITIATOR_DATA;
  observer.address(packet, false);
  observer.outcome_of_touch(packet, UDP | packet.dst_port,
                            OUTCOME_SOURCE_DATA | OUTCOME_ESTABLISHED, 0, true);
  observe_payload(observer, packet, UDP | packet.dst_port, false, true);
}

void observe_unasked(Observer& observer, const Packet& packet) {
  const bool visible = observer.answers_visible(packet);
  const bool is_answer = is_udp_answer(packet);
  if (is_answer && visible) {
    observer.address(packet, false);
    observer.outcome_of_touch(packet, UDP | packet.dst_port, OUTCOME_BACKSCATTER_REPLY, 0, true);
    return;
  }
  const bool is_from_service =
      packet.src_port <= PRIVILEGED_PORT_MAX && packet.dst_port > PRIVILEGED_PORT_MAX;
  // Whether it was asked for, nobody has seen.
  if (!visible && (is_answer || is_from_service)) {
    observer.counts.udp_direction_unknown++;
    return;
  }
  observer.probe(packet, PROBE_UDP, UDP | packet.dst_port);
  observe_payload(observer, packet, UDP | packet.dst_port, false, false);
  Flows& pending = observer.pending_udp;
  Observer::seek_flow(pending, packet);
  if (pending.find(packet.time_us) == nullptr) {
    pending.put(packet.time_us, FLOW_INBOUND | initiator_is_source(pending));
  }
}

}  // namespace

void observe_udp(Observer& observer, const Packet& packet) {
  Flows& flows = observer.flows;
  Observer::seek_flow(flows, packet);
  Flow* flow = flows.find(packet.time_us);
  if (flow != nullptr) {
    observe_known(observer, packet, *flow);
    return;
  }
  if (observer.source_home) {
    Flows& pending = observer.pending_udp;
    Observer::seek_flow(pending, packet);
    Flow* asked = pending.find(packet.time_us);
    if (asked != nullptr && !from_initiator(pending, asked->state)) {
      asked->state = 0;
      flows.put(packet.time_us, FLOW_INBOUND | FLOW_ESTABLISHED | FLOW_RESPONDER_DATA |
                                    initiator_is_target(flows));
      observer.outcome(packet, true, UDP | packet.src_port, OUTCOME_OPEN | OUTCOME_TARGET_DATA,
                       true);
      return;
    }
    if (!observer.target_home) {
      flows.put(packet.time_us, FLOW_OUTBOUND | initiator_is_source(flows));
      return;
    }
  }
  if (observer.target_home) observe_unasked(observer, packet);
}

}  // namespace picket
