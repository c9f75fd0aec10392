/// TCP: a SYN is a probe, its SYN-ACK or reset the outcome, and what follows in the conversation
/// proves the path or carries data. Outside a conversation the flag combination decides; a bare ACK
/// is a probe only with a tool's mark, when a host that never speaks gets it, or once it is reset.
/// Twin: packages/observer/src/observe/observe-tcp.ts.
#pragma once

#include "observe/observer.h"

namespace picket {

/// A packet without SYN comes with its conversation sought in `observer.flows`, since its entry is
/// far from the processor.
void observe_tcp(Observer& observer, const Packet& packet);

}  // namespace picket
