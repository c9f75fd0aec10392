/// What a probing source says to a service: known payloads, the shapes of its TLS hellos, and
/// samples of hellos and HTTP requests, from which the judging side computes fingerprints. Only the
/// first segments of a conversation and UDP probes come here, so bulk traffic costs nothing. Twin:
/// packages/observer/src/observe/payloads.ts.
#pragma once

#include "observe/observer.h"

namespace picket {

/// `after_wait`: these are the first bytes of a connection, and they came late. `trusted`: the
/// source proved its return path, so it may get full state for what it says.
void observe_payload(Observer& observer, const Packet& packet, uint32_t service, bool after_wait,
                     bool trusted);

/// A hash of what a TLS client offers: its version and its cipher suites, without the random values
/// of RFC 8701. The top bit is set; the next one is set when the client offers less than TLS 1.2. 0
/// when the payload opens no hello or ends before its cipher suites do.
uint32_t hello_shape(const uint8_t* payload, uint32_t size);

}  // namespace picket
