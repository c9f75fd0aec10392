/// UDP: an answer makes a conversation. What comes in unasked is a probe, unless its content is
/// plainly an answer (then it is backscatter), or its direction cannot be told. Twin:
/// packages/observer/src/observe/observe-udp.ts.
#pragma once

#include "observe/observer.h"

namespace picket {

void observe_udp(Observer& observer, const Packet& packet);

}  // namespace picket
