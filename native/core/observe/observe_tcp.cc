#include "observe/observe_tcp.h"

#include <cstdlib>

#include "observe/syn_signature.h"
#include "observe/payloads.h"
#include "observe/traits.h"

namespace picket {

namespace {

constexpr uint16_t SIX_FLAGS = 0x3f;
constexpr uint32_t TCP = 6 << 16;
/// Two packets of one stack on one path differ by one hop at most; more means two stacks.
constexpr int SAME_STACK_TTL_SPREAD = 1;
/// No server answers with so small a window and no more than an MSS.
constexpr uint16_t RAW_WINDOW_MAX = 4096;

/// Nothing more to learn from a conversation: the rest of it costs one look-up a packet.
constexpr uint16_t ALL_SEEN =
    FLOW_ESTABLISHED | FLOW_INITIATOR_DATA | FLOW_RESPONDER_DATA | FLOW_LAST_SEGMENT;
/// Nmap -sV waits six seconds for a banner; over four, whatever the halves of the first and last.
constexpr uint8_t WAIT_HALF_SECONDS = 9;

/// Whether the connection has stood for over four seconds. Silences of some minutes alias: rare.
bool has_waited(const Flow& flow, int64_t now_us) {
  if ((flow.state & FLOW_ESTABLISHED) == 0) return false;
  const int stood = half_seconds(now_us) - flow.established_at;
  return static_cast<uint8_t>(stood) >= WAIT_HALF_SECONDS;
}

/// Whether the prober, which closes now, came to listen: a banner was sent, or it waited.
bool only_listened(const Flow& flow, int64_t now_us) {
  if ((flow.state & (FLOW_ESTABLISHED | FLOW_INITIATOR_DATA)) != FLOW_ESTABLISHED) return false;
  return (flow.state & FLOW_RESPONDER_DATA) != 0 || has_waited(flow, now_us);
}

/// Whether the packet just sought in `flows` goes from the prober to the probed.
bool from_initiator(const Observer& observer, const Flow& flow) {
  if (observer.source_home != observer.target_home) return observer.target_home;
  return observer.flows.source_low == ((flow.state & FLOW_INITIATOR_LOW) != 0);
}

/// Nmap asks zombies with an MSS and nothing else, a tiny window and no DF (idle_scan.cc).
bool is_raw_syn_ack(const Packet& packet) {
  return !packet.dont_fragment && packet.tcp_options_size <= 4 &&
         packet.tcp_window <= RAW_WINDOW_MAX;
}

ProbeKind stealth_kind(uint16_t flags) {
  if (flags == 0) return PROBE_NULL;
  if (flags == TCP_FIN) return PROBE_FIN;
  if (flags == (TCP_FIN | TCP_PSH | TCP_URG)) return PROBE_XMAS;
  return PROBE_ODD_FLAGS;
}

void observe_syn(Observer& observer, const Packet& packet) {
  if (observer.target_home) {
    observer.probe(packet, PROBE_SYN, TCP | packet.dst_port);
    return;
  }
  Flows& flows = observer.flows;
  Observer::seek_flow(flows, packet);
  if (flows.find(packet.time_us) != nullptr) return;
  flows.put(packet.time_us, FLOW_OUTBOUND | (flows.source_low ? FLOW_INITIATOR_LOW : 0));
}

void observe_syn_ack(Observer& observer, const Packet& packet) {
  Flows& flows = observer.flows;
  Observer::seek_flow(flows, packet);
  Flow* flow = flows.find(packet.time_us);
  const uint32_t next = packet.tcp_seq + 1;
  if (flow != nullptr && (flow->state & FLOW_OUTBOUND) != 0) return;
  if (!observer.source_home) {
    if (!observer.answers_visible(packet)) return;
    // Nobody of ours asked. Idle scans and backscatter look like this.
    observer.address(packet, false);
    observer.touch.raw_syn_ack = is_raw_syn_ack(packet);
    observer.outcome_of_touch(packet, TCP | packet.dst_port, OUTCOME_BACKSCATTER_SYN_ACK, 0, true);
    observer.touch.raw_syn_ack = false;
    observer.count_unsolicited(packet, HOST_UNSOLICITED_SYN_ACKS);
    return;
  }
  observer.count_speaker(HOST_SYN_ACKS_OUT);
  if (flow == nullptr || flow->responder_next != next) {
    const uint16_t initiator = flows.source_low ? 0 : FLOW_INITIATOR_LOW;
    flow = flows.put(packet.time_us, FLOW_INBOUND | FLOW_SYN_ACK | initiator);
    flow->responder_next = next;
    observer.address(packet, true);
    observer.touch.service = TCP | packet.src_port;
    observer.sources.seek(observer.touch);
    flow->probe_ttl = observer.sources.probe_ttl(observer.touch);
  }
  observer.outcome(packet, true, TCP | packet.src_port, OUTCOME_OPEN, true);
  observer.count_target(TARGET_SYN_ACKS);
}

/// The prober resets what we answered: its kernel knows nothing of a raw probe's connection.
void observe_initiator_reset(Observer& observer, const Packet& packet, Flow& flow) {
  if (only_listened(flow, packet.time_us)) {
    observer.address(packet, false);
    observer.outcome_of_touch(packet, TCP | packet.dst_port, OUTCOME_WAITED, 0, true);
  }
  if ((flow.state & FLOW_SYN_ACK) == 0 || (flow.state & FLOW_ESTABLISHED) != 0) return;
  uint16_t outcome = OUTCOME_SOURCE_RESET;
  const int spread = std::abs(int{flow.probe_ttl} - int{packet.ttl});
  if (flow.probe_ttl != 0 && spread > SAME_STACK_TTL_SPREAD) outcome |= OUTCOME_STACK_SPLIT;
  flow.state &= static_cast<uint16_t>(~FLOW_SYN_ACK);
  observer.touch.reset_id = static_cast<int32_t>(packet.ip_id & 0xffff);
  observer.touch.reset_other_class =
      flow.probe_ttl != 0 && initial_ttl(flow.probe_ttl) != initial_ttl(packet.ttl);
  observer.outcome(packet, false, TCP | packet.dst_port, outcome, false);
  observer.touch.reset_id = -1;
  observer.touch.reset_other_class = false;
}

void observe_reset_of_flow(Observer& observer, const Packet& packet, Flow& flow) {
  if ((flow.state & FLOW_ORPHAN) != 0 && observer.source_home) {
    // A bare ACK that our host resets was no connection's: an ACK probe, answered.
    flow.state = 0;
    observer.address(packet, true);
    observer.outcome_of_touch(packet, TCP | packet.src_port, OUTCOME_CLOSED, PROBE_ACK, true);
    observer.count_target(TARGET_RESETS);
  } else if ((flow.state & FLOW_INBOUND) != 0 && from_initiator(observer, flow)) {
    observe_initiator_reset(observer, packet, flow);
  }
}

void observe_reset(Observer& observer, const Packet& packet) {
  Flow* flow = observer.flows.find(packet.time_us);
  if (flow != nullptr) {
    observe_reset_of_flow(observer, packet, *flow);
    return;
  }
  // RFC 9293 §3.10.7.1: only a segment without ACK is answered by RST,ACK with sequence 0.
  const bool answers_syn = (packet.tcp_flags & TCP_ACK) != 0 && packet.tcp_seq == 0;
  if (observer.source_home) {
    observer.count_speaker(HOST_RESETS_OUT);
    observer.outcome(packet, true, TCP | packet.src_port, OUTCOME_CLOSED, answers_syn);
    if (answers_syn) observer.count_target(TARGET_RESETS);
    return;
  }
  if (!answers_syn || !observer.answers_visible(packet)) return;
  observer.address(packet, false);
  observer.outcome_of_touch(packet, TCP | packet.dst_port, OUTCOME_BACKSCATTER_RST, 0, true);
  observer.count_unsolicited(packet, HOST_UNSOLICITED_RESETS);
}

/// The prober goes on: it proves its path, speaks, or closes.
void observe_initiator(Observer& observer, const Packet& packet, Flow& flow) {
  const bool has_data = packet.payload_wire_size > 0;
  // Most packets that come here acknowledge a download.
  const bool is_closing = (packet.tcp_flags & TCP_FIN) != 0;
  if (!has_data && (flow.state & FLOW_ESTABLISHED) != 0 && !is_closing) return;
  const bool is_seen = (flow.state & FLOW_LAST_SEGMENT) != 0;
  const bool is_silent = (flow.state & FLOW_RESPONDER_DATA) == 0;
  const bool listened = only_listened(flow, packet.time_us);
  const bool waited = has_waited(flow, packet.time_us);
  uint16_t outcome = 0;
  if ((flow.state & FLOW_ESTABLISHED) == 0 && packet.tcp_ack == flow.responder_next) {
    flow.state |= FLOW_ESTABLISHED;
    outcome |= OUTCOME_ESTABLISHED;
    flow.established_at = half_seconds(packet.time_us);
    observer.count_established(packet, false);
  }
  if (has_data && (flow.state & FLOW_INITIATOR_DATA) == 0) {
    flow.state |= FLOW_INITIATOR_DATA;
    outcome |= OUTCOME_SOURCE_DATA;
    if (waited) outcome |= OUTCOME_WAITED;
  } else if (is_closing && listened) {
    outcome |= OUTCOME_WAITED;
  }
  if (has_data && !is_seen) flow.state = static_cast<uint16_t>(flow.state + FLOW_SEGMENT);
  const bool is_trusted = (flow.state & FLOW_ESTABLISHED) != 0;
  if (outcome != 0) {
    observer.address(packet, false);
    observer.outcome_of_touch(packet, TCP | packet.dst_port, outcome, 0, true);
  }
  if (!has_data || is_seen) return;
  const bool after_wait = (outcome & OUTCOME_WAITED) != 0 && is_silent;
  observe_payload(observer, packet, TCP | packet.dst_port, after_wait, is_trusted);
}

void observe_conversation(Observer& observer, const Packet& packet, Flow& flow) {
  if ((flow.state & FLOW_ORPHAN) != 0) {
    if (!observer.source_home && packet.payload_wire_size == 0) return;
    flow.state = FLOW_MIDSTREAM;
    if (!observer.source_home) {
      observe_payload(observer, packet, TCP | packet.dst_port, false, false);
    }
    return;
  }
  if ((flow.state & FLOW_INBOUND) == 0 || (flow.state & ALL_SEEN) == ALL_SEEN) return;
  if (from_initiator(observer, flow)) {
    observe_initiator(observer, packet, flow);
  } else if (packet.payload_wire_size > 0 && (flow.state & FLOW_RESPONDER_DATA) == 0) {
    flow.state |= FLOW_RESPONDER_DATA;
    observer.address(packet, true);
    observer.outcome_of_touch(packet, TCP | packet.src_port, OUTCOME_TARGET_DATA, 0, true);
  }
}

/// Data of a connection that began before us, or whose other direction we do not see.
void observe_midstream(Observer& observer, const Packet& packet) {
  observer.flows.put(packet.time_us, FLOW_MIDSTREAM);
  if (packet.payload_wire_size == 0 || observer.source_home) return;
  observer.address(packet, false);
  observer.outcome_of_touch(packet, TCP | packet.dst_port, OUTCOME_MIDSTREAM | OUTCOME_SOURCE_DATA,
                            0, true);
  observe_payload(observer, packet, TCP | packet.dst_port, false, false);
}

/// A bare ACK or FIN-ACK to a protected host, outside any conversation.
void observe_orphan(Observer& observer, const Packet& packet, uint16_t flags) {
  observer.counts.orphans++;
  const ProbeKind kind = flags == TCP_ACK               ? PROBE_ACK
                         : flags == (TCP_FIN | TCP_ACK) ? PROBE_MAIMON
                                                        : PROBE_ODD_FLAGS;
  const bool marked = (probe_traits(packet) & TRAIT_MARK_NMAP) != 0;
  const bool to_silent = observer.silence_tells(packet) &&
                         !observer.hosts.ever_spoke(keyed_hash(packet.tunnel_key, packet.dst));
  if (marked || to_silent) {
    observer.probe(packet, kind, TCP | packet.dst_port);
    return;
  }
  observer.flows.put(packet.time_us, FLOW_ORPHAN);
}

/// ACK, data, FIN and the flag combinations of stealth scans.
void observe_segment(Observer& observer, const Packet& packet, uint16_t flags) {
  Flow* flow = observer.flows.find(packet.time_us);
  if (flow != nullptr) {
    observe_conversation(observer, packet, *flow);
  } else if (observer.target_home && (flags & TCP_ACK) == 0) {
    observer.probe(packet, stealth_kind(flags), TCP | packet.dst_port);
  } else if (packet.payload_wire_size > 0 || !observer.target_home) {
    observe_midstream(observer, packet);
  } else {
    observe_orphan(observer, packet, flags);
  }
}

}  // namespace

void observe_tcp(Observer& observer, const Packet& packet) {
  const uint16_t flags = packet.tcp_flags & SIX_FLAGS;
  if ((flags & TCP_RST) != 0 && (flags & TCP_SYN) == 0) {
    observe_reset(observer, packet);
  } else if (flags == (TCP_SYN | TCP_ACK)) {
    observe_syn_ack(observer, packet);
  } else if (flags == TCP_SYN) {
    observe_syn(observer, packet);
  } else if ((flags & TCP_SYN) != 0) {
    if (observer.target_home) observer.probe(packet, PROBE_ODD_FLAGS, TCP | packet.dst_port);
  } else {
    observe_segment(observer, packet, flags);
  }
}

}  // namespace picket
