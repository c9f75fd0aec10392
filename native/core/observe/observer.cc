#include "observe/observer.h"

#include "observe/observe_icmp.h"
#include "observe/observe_other.h"
#include "observe/observe_sctp.h"
#include "observe/observe_tcp.h"
#include "observe/observe_udp.h"
#include "observe/traits.h"

namespace picket {

namespace {

constexpr uint32_t PENDING_UDP_MAX = 65'536;

}  // namespace

Observer::Observer(const ObserverConfig& config)
    : home_nets_(config.home_nets),
      duplicates_(config.tables.duplicates_max),
      dark_after_us_(config.dark_after_us),
      silent_after_us_(config.silent_after_us),
      sketches(config.tables.sketches_max),
      port_sets(config.tables.port_pages_max),
      sources(config, sketches, port_sets),
      targets(config.tables.targets_max,
              config.tables.contacts_max / 2 + config.tables.contacts_max % 2, sketches),
      hosts(config.tables.hosts_max),
      signatures(config.tables.signatures_max),
      flows(config.tables.flows_max),
      pending_udp(PENDING_UDP_MAX),
      matcher(config.payload_signatures) {}

uint32_t Observer::observe(const Packet& packet) {
  sources.crossed = NONE;
  if (packet.captured_size < packet.wire_size) counts.truncated++;
  if (packet.shape != 0 && sweep_on(packet)) return NONE;
  source_home = is_home(packet.src);
  target_home = is_home(packet.dst);
  if (!source_home && !target_home && !quotes_us(packet)) {
    counts.outside++;
    return NONE;
  }
  const bool has_flow =
      packet.transport == Transport::tcp && (packet.tcp_flags & TCP_SYN) == 0;
  // Its entry comes, in two steps, while copies and directions are looked at.
  if (has_flow) {
    seek_flow(flows, packet);
    flows.prefetch();
  }
  if (duplicates_.is_copy(packet)) {
    counts.duplicates++;
    return NONE;
  }
  if (has_flow) flows.prefetch_entry();
  count_direction(packet);
  if ((packet.fragment & FRAGMENT_CONTINUATION) != 0) return NONE;
  switch (packet.transport) {
    case Transport::tcp: observe_tcp(*this, packet); break;
    case Transport::udp: observe_udp(*this, packet); break;
    case Transport::icmp:
    case Transport::icmp6: observe_icmp(*this, packet); break;
    case Transport::sctp: observe_sctp(*this, packet); break;
    case Transport::other: observe_other(*this, packet); break;
    case Transport::none: break;
  }
  return sources.crossed;
}

void Observer::probe(const Packet& packet, ProbeKind kind, uint32_t service) {
  counts.probes++;
  address(packet, false);
  // The tables are too large for the cache: their slots come while traits and signature are made.
  sources.prefetch(touch);
  targets.prefetch(touch);
  touch.service = service;
  touch.offset_us = offset_us(packet);
  touch.is_probe = true;
  touch.packets = 1;
  touch.kind = kind;
  touch.outcome = is_dark(packet) ? OUTCOME_DARK_TARGET : 0;
  touch.reset_id = -1;
  touch.reset_other_class = false;
  touch.raw_syn_ack = false;
  if (kind == PROBE_SYN) [[likely]] {
    touch.signature = signatures.of(packet);
    touch.traits = with_own_traits(packet, signatures.last_traits());
  } else {
    touch.signature = NO_SIGNATURE;
    touch.traits = probe_traits(packet);
  }
  touch.ttl = packet.ttl;
  touch.source_port = packet.src_port;
  touch.probe = &packet;
  touch.run_value = (kind & (PROBE_ACK | PROBE_MAIMON)) != 0 ? packet.tcp_ack : packet.tcp_seq;
  sources.seek(touch);
  // A scanner too wide to list its targets must not fill the table of them either.
  const uint32_t target = sources.is_wide() ? targets.find(touch) : targets.of(touch);
  if (target != NONE) {
    targets.probe(target, touch);
    if (sources.is_new() && targets.folds(target, touch)) {
      counts.singles_folded++;
      return;
    }
  }
  sources.touch(touch);
  if (packet.shape != 0 && !source_home) begin_sweep(packet);
}

/// Remembers the probe just made, if its source is a wide one.
void Observer::begin_sweep(const Packet& packet) {
  const WideSource source = sources.wide_source();
  if (source.number == NONE) return;
  *place_of_sweep(packet) = {packet.shape, packet.src.word[3], signatures.last_traits(),
                             Duplicates::rest_of(packet), source, touch};
}

/// Does what `observe` would do with a probe that goes on with a sweep. False: it does not, or goes
/// to one of the listed targets, about which there is more to do.
bool Observer::sweep_on(const Packet& packet) {
  if (!is_of(*sweep_, packet)) {
    sweep_ = place_of_sweep(packet);
    if (!is_of(*sweep_, packet)) return false;
  }
  Sweep& sweep = *sweep_;
  const uint32_t target_hash = keyed_hash_v4(packet.dst.word[3]);
  if (sources.may_list(sweep.source, target_hash)) return false;
  if (!home_nets_.contains_v4(packet.dst.word[3])) return false;
  if (duplicates_.is_copy_of_syn(packet, sweep.rest)) {
    counts.duplicates++;
    return true;
  }
  counts.inbound++;
  counts.probes++;
  Touch& probe = sweep.touch;
  probe.target = packet.dst;
  probe.target_hash = target_hash;
  probe.service = uint32_t{packet.protocol} << 16 | packet.dst_port;
  probe.offset_us = offset_us(packet);
  probe.traits = with_own_traits_of_syn(packet, sweep.traits);
  probe.source_port = packet.src_port;
  probe.run_value = packet.tcp_seq;
  const uint32_t target = targets.find(probe);
  if (target != NONE) targets.probe(target, probe);
  sources.touch_unlisted(sweep.source, probe);
  return true;
}

void Observer::outcome_of_touch(const Packet& packet, uint32_t service, uint16_t outcome,
                                uint16_t kind, bool may_create) {
  aim(packet, service, outcome, kind, may_create);
  sources.seek(touch);
  if (may_create && is_folded_away()) return;
  sources.touch(touch);
}

void Observer::aim(const Packet& packet, uint32_t service, uint16_t outcome, uint16_t kind,
                   bool may_create) {
  touch.service = service;
  touch.offset_us = offset_us(packet);
  touch.is_probe = false;
  touch.kind = kind;
  touch.may_create = may_create;
  touch.outcome = outcome;
  touch.traits = 0;
  touch.signature = NO_SIGNATURE;
  touch.ttl = 0;
  touch.source_port = 0;
  touch.probe = nullptr;
  touch.kept_tuple = 0;
  touch.run_value = 0;
}

void Observer::fold_early() {
  if (!targets.any_flooded) return;
  LightSources& light = sources.light;
  for (uint32_t number = 0; number < light.index.used; number++) {
    const LightSource& source = light[number];
    // Who proved its path was not spoofed.
    if (!source.live || source.packets == 0) continue;
    if ((source.outcome & OUTCOME_ESTABLISHED) != 0) continue;
    const uint32_t key = light.index.key(number);
    const uint32_t target = targets.index.find(keyed_hash(key, source.target), key, source.target);
    if (target == NONE || !targets.is_flooded_service(target, source.service)) continue;
    light.fold(number);
    targets.count(target, TARGET_SINGLES_FOLDED);
    counts.singles_folded++;
  }
}

void Observer::clear() {
  for (Sweep& sweep : sweeps_) sweep.shape = 0;
  sources.clear();
  targets.clear();
  hosts.clear();
  signatures.clear();
  sketches.clear();
  port_sets.clear();
}

/// An answer to a source that a flooded target has folded must not give it an entry after all.
bool Observer::is_folded_away() const {
  if (!sources.is_new()) return false;
  const uint32_t target = targets.find(touch);
  return target != NONE && targets.is_flooded(target, touch.service);
}

/// Whether the touch at hand goes to an address that never spoke while we would have seen it.
bool Observer::is_dark(const Packet& packet) const {
  return dark_after_us_ > 0 && target_home && answers_visible(packet) &&
         packet.time_us - visible_since_us_ >= dark_after_us_ &&
         !hosts.ever_spoke(touch.target_hash);
}

void Observer::count_direction(const Packet& packet) {
  if (!source_home) {
    counts.inbound++;
    return;
  }
  if (target_home) {
    counts.internal++;
  } else {
    counts.outbound++;
    if (packet.time_us - last_outbound_us_ > BLIND_US) visible_since_us_ = packet.time_us;
    last_outbound_us_ = packet.time_us;
  }
  speaker_ = hosts.of(packet.tunnel_key, packet.src);
  if (speaker_ != NONE) hosts.sent(speaker_, packet.ip_id & 0xffff);
}

}  // namespace picket
