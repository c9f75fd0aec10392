/// ICMP and ICMPv6: requests are probes, replies and errors are outcomes. An error names the packet
/// that caused it, so it is counted for that packet's sender whoever sends the error.
/// Twin: packages/observer/src/observe/observe-icmp.ts.
#pragma once

#include "observe/observer.h"

namespace picket {

void observe_icmp(Observer& observer, const Packet& packet);

}  // namespace picket
