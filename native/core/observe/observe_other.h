/// Any other IP protocol: a packet of a protocol we do not decode is a probe of that protocol (Nmap
/// -sO and -PO); the same protocol coming back says it is spoken. Twin:
/// packages/observer/src/observe/observe-other.ts.
#pragma once

#include "observe/observer.h"

namespace picket {

void observe_other(Observer& observer, const Packet& packet);

}  // namespace picket
