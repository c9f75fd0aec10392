/// What the observer is told; the same for both twins. Twin: packages/observer/src/options.ts.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace picket {

/// Table capacities, in entries; the defaults fit in 512 MiB at 262,144 active sources an epoch.
struct ObserverTables {
  uint32_t sources_max = 65536;
  uint32_t light_sources_max = 262144;
  uint32_t targets_max = 65536;
  uint32_t hosts_max = 16384;
  uint32_t contacts_max = 524288;
  uint32_t sketches_max = 2048;
  uint32_t port_pages_max = 4096;
  uint32_t flows_max = 524288;
  uint32_t fragments_max = 4096;
  uint32_t duplicates_max = 8192;
  uint32_t signatures_max = 4096;
  uint32_t singles_emitted_max = 16384;
};

struct HomeNet {
  uint8_t address[16];  ///< IPv4 mapped
  uint8_t prefix;       ///< bits of the mapped form, 0-128
};

enum class PayloadPlace : uint8_t { whole, start, anywhere };

/// A known payload: the bytes, and where they must stand. `hex` is pairs of lower-case hex digits,
/// ".." for any byte but the first; at most 128 bytes. `id` is below 2^15.
struct PayloadPattern {
  uint32_t id;
  bool is_udp;  ///< else TCP
  PayloadPlace at;
  std::string hex;
};

struct ObserverConfig {
  std::string sensor = "local";
  std::vector<HomeNet> home_nets;
  uint32_t shard_count = 16;
  int64_t epoch_us = 1'000'000;
  /// Packet time for which the answers of protected hosts must have passed the sensor before an
  /// address that sent nothing counts as dark; 0 is never.
  int64_t dark_after_us = 86'400'000'000;
  /// The same before a bare ACK or FIN-ACK to an address that sent nothing is a probe, whatever
  /// sent it.
  int64_t silent_after_us = 0;
  /// A partial batch is sent when a source reaches these distinct counts inside one epoch; 0 is
  /// never.
  uint32_t early_targets = 100;
  uint32_t early_ports = 100;
  uint32_t early_pairs = 250;
  /// Known payloads to look for.
  std::vector<PayloadPattern> payload_signatures;
  ObserverTables tables;
};

}  // namespace picket
