/// A touch: one thing a packet tells about a source and a target, on its way into the tables. One
/// object is reused for every packet. Twin: packages/observer/src/observe/touch.ts.
#pragma once

#include <cstdint>

#include "decode/packet.h"
#include "observe/address_index.h"

namespace picket {

struct Touch {
  uint32_t tunnel_key;
  Address source;       ///< the prober's address, whoever sent this packet
  Address target;       ///< a protected address
  uint32_t source_hash; ///< `keyed_hash` of the two, see `hash_addresses`
  uint32_t target_hash;
  uint32_t service;     ///< protocol << 16 | port (ICMP: the request's type; other protocols: 0)
  uint32_t offset_us;   ///< microseconds after the epoch's start
  bool is_probe;        ///< it counts, and the probe-only fields below are valid
  /// Without `is_probe`: whether a contact may be made for it, or only an existing one is updated.
  bool may_create;
  /// One ProbeKind bit. Without `is_probe`: what a contact that does not exist yet starts with
  /// (inferred or 0).
  uint16_t kind;
  uint16_t outcome;     ///< Outcome bits this packet proves
  /// Probes only: packets it stands for. 1, but for a light source that moves to full state.
  uint16_t packets;
  uint32_t traits;      ///< probes only, as all that follows: Trait bits
  uint16_t signature;   ///< interned SYN signature or NO_SIGNATURE
  uint16_t source_port;
  uint8_t ttl;
  /// The probe it comes from, in whose place `kept_tuple` stands when it is not at hand any more.
  const Packet* probe;
  uint32_t kept_tuple;
  uint32_t run_value;
  /// A reset of our answer: its IP ID, else -1; and whether its initial TTL is not its probe's.
  int32_t reset_id = -1;
  bool reset_other_class = false;
  /// An unsolicited SYN-ACK as only a user-space stack sends it.
  bool raw_syn_ack = false;

  /// What Nmap's decoys share with the real probe (scan_engine_raw.cc): source port, sequence
  /// number, IP ID. Made when somebody keeps it, which of a scan is seldom.
  uint32_t tuple() const {
    if (probe == nullptr) return kept_tuple;
    const uint32_t ids = (uint32_t{probe->src_port} << 16) ^ probe->ip_id;
    return finish(mix(mix(mix(HASH_SEED, ids), probe->tcp_seq), probe->tcp_ack));
  }

  /// To be called once key and addresses are set.
  [[gnu::always_inline]] void hash_addresses() {
    const uint32_t key = mix(HASH_SEED, tunnel_key);
    source_hash = address_hash(key, source);
    target_hash = address_hash(key, target);
  }
};

}  // namespace picket
