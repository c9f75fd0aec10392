/// How protected hosts themselves behave in an epoch: what they send, what reaches them unasked,
/// and how their IP ID advances (idle scans use it). Also remembers, across epochs, which hosts
/// were ever seen to speak, since silence of a host that never speaks is a dark address's. Twin:
/// packages/observer/src/observe/hosts.ts.
#pragma once

#include <cstdint>

#include "batch/layout.h"
#include "observe/address_index.h"

namespace picket {

struct Host {
  uint32_t counters[HOST_COUNTER_COUNT];
};

class Hosts {
 public:
  explicit Hosts(uint32_t capacity) : index(capacity), spoke_(SPOKE_BITS / 8) {}

  /// The host's entry, made if there is room; NONE otherwise.
  uint32_t of(uint32_t tunnel_key, const Address& address) {
    const uint32_t hash = keyed_hash(tunnel_key, address);
    const uint32_t known = index.find(hash, tunnel_key, address);
    return known != NONE ? known : index.add(hash, tunnel_key, address);
  }

  void count(uint32_t host, HostCounter counter) { index[host].counters[counter]++; }

  /// A packet the host sent.
  void sent(uint32_t host, uint32_t ip_id) {
    uint32_t* counters = index[host].counters;
    if (counters[HOST_PACKETS_OUT]++ == 0) {
      counters[HOST_IP_ID_FIRST] = ip_id;
      const uint32_t bit = index.hash(host) & (SPOKE_BITS - 1);
      spoke_[bit >> 3] |= static_cast<uint8_t>(1 << (bit & 7));
    } else {
      const uint32_t step = (ip_id - counters[HOST_IP_ID_LAST]) & 0xffff;
      if (step > 0 && step <= IP_ID_STEP_MAX) counters[HOST_IP_ID_STEPS] += step;
    }
    counters[HOST_IP_ID_LAST] = ip_id;
  }

  /// Whether the address with this `keyed_hash` was ever seen to send a packet. May say yes by
  /// mistake, never no.
  bool ever_spoke(uint32_t hash) const {
    const uint32_t bit = hash & (SPOKE_BITS - 1);
    return (spoke_[bit >> 3] & (1 << (bit & 7))) != 0;
  }

  void clear() { index.clear(); }

  AddressIndex<Host> index;

 private:
  /// Largest step of a counter-like IP ID between two packets of one host that we still call the
  /// next.
  static constexpr uint32_t IP_ID_STEP_MAX = 16;
  /// Hosts that ever spoke, as a bit table: 65,536 hosts leave 6 % taken for known by mistake.
  static constexpr uint32_t SPOKE_BITS = 1 << 20;

  Table<uint8_t> spoke_;
};

}  // namespace picket
