#include "observe/observe_other.h"

namespace picket {

namespace {

/// Protocols with a decoder of their own: here only because their header was unreadable.
bool is_decoded(uint8_t protocol) {
  switch (protocol) {
    case 1:
    case 6:
    case 17:
    case 58:
    case 132:
      return true;
    default:
      return false;
  }
}

}  // namespace

void observe_other(Observer& observer, const Packet& packet) {
  if (is_decoded(packet.protocol)) return;
  const uint32_t service = uint32_t{packet.protocol} << 16;
  if (observer.source_home) observer.outcome(packet, true, service, OUTCOME_OPEN, false);
  if (observer.target_home) observer.probe(packet, PROBE_IP_PROTOCOL, service);
}

}  // namespace picket
