/// Packet facts to per-entity observations of one epoch. This file holds the tables and the moves
/// that every protocol makes; who probes, who answers and what that means is decided per protocol
/// in `observe_*.cc`. Nothing here judges. Twin: packages/observer/src/observe/observer.ts.
#pragma once

#include <array>
#include <cstdint>

#include "decode/packet.h"
#include "observe/duplicates.h"
#include "observe/flows.h"
#include "observe/home_nets.h"
#include "observe/hosts.h"
#include "observe/payload_matcher.h"
#include "observe/signatures.h"
#include "observe/sketches.h"
#include "observe/sources.h"
#include "observe/targets.h"
#include "observe/touch.h"
#include "options.h"

namespace picket {

/// Packets by what they were to us; cumulative.
struct ObserveCounts {
  uint64_t not_ip = 0;
  uint64_t outside = 0;
  uint64_t inbound = 0;
  uint64_t outbound = 0;
  uint64_t internal = 0;
  uint64_t duplicates = 0;
  uint64_t probes = 0;
  uint64_t truncated = 0;
  uint64_t udp_direction_unknown = 0;
  uint64_t orphans = 0;
  uint64_t singles_folded = 0;
};

class Observer {
 public:
  explicit Observer(const ObserverConfig& config);
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;

  /// Takes in one packet of the current epoch. Returns the source that crossed an early count, or
  /// NONE.
  uint32_t observe(const Packet& packet);

  /// Whether the answers of protected hosts pass this sensor: without them silence means nothing.
  bool answers_visible(const Packet& packet) const {
    return packet.time_us - last_outbound_us_ <= OUTBOUND_SILENCE_US;
  }

  /// Whether they have been for long enough that a host in use would have spoken.
  bool silence_tells(const Packet& packet) const {
    return answers_visible(packet) && packet.time_us - visible_since_us_ >= silent_after_us_;
  }

  /// The packet is a probe of its destination: counts it at source and target.
  void probe(const Packet& packet, ProbeKind kind, uint32_t service);

  /// The packet tells what came of an earlier probe. `answer`: it goes from the target to the
  /// source; otherwise the source itself goes on. `inferred` makes the contact when the probe was
  /// not seen.
  void outcome(const Packet& packet, bool answer, uint32_t service, uint16_t outcome,
               bool inferred) {
    address(packet, answer);
    outcome_of_touch(packet, service, outcome, inferred ? PROBE_INFERRED : 0, inferred);
  }

  /// The same for a touch whose addresses are set; `kind` is what a new contact starts with.
  void outcome_of_touch(const Packet& packet, uint32_t service, uint16_t outcome, uint16_t kind,
                        bool may_create);

  /// Makes the touch one that is no probe; its addresses are set.
  void aim(const Packet& packet, uint32_t service, uint16_t outcome, uint16_t kind,
           bool may_create);

  /// Counts an event at the target of the touch at hand, if it has an entry or gets one.
  void count_target(TargetCounter counter) {
    const uint32_t target = targets.of(touch);
    if (target != NONE) targets.count(target, counter);
  }

  /// Sets that outgrew their lists and found no room, cumulative.
  uint64_t large_sets_refused() const { return sketches.refused + port_sets.refused; }

  /// Counts something of the protected host that sent the packet at hand.
  void count_speaker(HostCounter counter) {
    if (speaker_ != NONE) hosts.count(speaker_, counter);
  }

  /// Counts something unasked that reached the packet's destination.
  void count_unsolicited(const Packet& packet, HostCounter counter) {
    const uint32_t host = hosts.of(packet.tunnel_key, packet.dst);
    if (host != NONE) hosts.count(host, counter);
  }

  /// Points `table` (flows or pending_udp) at the packet's conversation.
  static void seek_flow(Flows& table, const Packet& packet) {
    table.seek(packet.src, packet.src_port, packet.dst, packet.dst_port, packet.protocol,
               packet.tunnel_key);
  }

  /// Sets the touch's source and target from the packet; `reversed`: the packet goes from target to
  /// source.
  void address(const Packet& packet, bool reversed) {
    touch.tunnel_key = packet.tunnel_key;
    touch.source = reversed ? packet.dst : packet.src;
    touch.target = reversed ? packet.src : packet.dst;
    touch.hash_addresses();
  }

  /// A host counted as seen when a probe of it established a connection.
  void count_established(const Packet& packet, bool answer) {
    address(packet, answer);
    count_target(TARGET_ESTABLISHED);
  }

  /// At the epoch's end, before it is told: folds the sources of a flood of one service that came
  /// before it was known for one, too.
  void fold_early();

  /// Forgets the epoch. Conversations, duplicates and who ever spoke stay.
  void clear();

  bool is_home(const Address& address) const { return home_nets_.contains(address); }

 private:
  /// Without an outbound packet for this long, answers are taken to be invisible here (one-way
  /// capture).
  static constexpr int64_t OUTBOUND_SILENCE_US = 300'000'000;
  /// After this long without one, what silence says is learned anew: the sensor was blind.
  static constexpr int64_t BLIND_US = 3'600'000'000;
  static constexpr int64_t LONG_AGO_US = -1'000'000'000'000'000;

  /// SYNs that repeat each other, from a source that has touched more than its lists take: most of
  /// a wide scan. What the next one does to the tables is little and known.
  struct Sweep {
    uint64_t shape = 0;    ///< the SYN's, see Packet; 0: no sweep
    uint32_t address = 0;  ///< the source's
    uint32_t traits = 0;   ///< `shape_traits`
    uint32_t rest = 0;     ///< for `duplicates_`
    WideSource source;
    Touch touch{};         ///< with all set that its probes have in common
  };

  /// Of scanners that take turns, each has a place, of two to the power of this.
  static constexpr uint32_t SWEEP_BITS = 3;

  static bool is_of(const Sweep& sweep, const Packet& packet) {
    return packet.shape == sweep.shape && packet.src.word[3] == sweep.address;
  }
  Sweep* place_of_sweep(const Packet& packet) {
    const uint32_t both = packet.src.word[3] + static_cast<uint32_t>(packet.shape);
    return &sweeps_[(both * 0x9e3779b1u) >> (32 - SWEEP_BITS)];
  }
  void begin_sweep(const Packet& packet);
  bool sweep_on(const Packet& packet);
  bool is_folded_away() const;
  bool is_dark(const Packet& packet) const;
  uint32_t offset_us(const Packet& packet) const {
    return packet.time_us > epoch_start_us
               ? static_cast<uint32_t>(packet.time_us - epoch_start_us)
               : 0;
  }
  bool quotes_us(const Packet& packet) const {
    return packet.quoted_version != 0 && is_home(packet.quoted_dst);
  }
  void count_direction(const Packet& packet);

  std::array<Sweep, 1u << SWEEP_BITS> sweeps_;
  /// The one that the last packet of any went on with.
  Sweep* sweep_ = sweeps_.data();
  /// With `source_home`: the sender's entry among the hosts, or NONE.
  uint32_t speaker_ = NONE;
  HomeNets home_nets_;
  Duplicates duplicates_;
  int64_t dark_after_us_;
  int64_t silent_after_us_;
  int64_t last_outbound_us_ = LONG_AGO_US;
  /// Since when answers have passed the sensor, but for pauses shorter than `BLIND_US`.
  int64_t visible_since_us_ = 0;

 public:
  Sketches sketches;
  PortSets port_sets;
  Sources sources;
  Targets targets;
  Hosts hosts;
  Signatures signatures;
  Flows flows;
  /// UDP probes waiting for an answer: in a table of their own, so that a UDP scan evicts no
  /// conversation.
  Flows pending_udp;
  PayloadMatcher matcher;
  Touch touch{};
  ObserveCounts counts;
  /// Of the packet at hand: whether its source and its destination are protected.
  bool source_home = false;
  bool target_home = false;
  int64_t epoch_start_us = 0;
};

}  // namespace picket
