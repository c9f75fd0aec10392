/// SCTP: INIT and COOKIE-ECHO outside an association are probes (RFC 9260 §3.3).
/// Twin: packages/observer/src/observe/observe-sctp.ts.
#pragma once

#include "observe/observer.h"

namespace picket {

void observe_sctp(Observer& observer, const Packet& packet);

}  // namespace picket
