/// The packet an ICMP error quotes (RFC 792: header and 8 bytes; RFC 4443 §2.4: as much as fits),
/// read as far as it goes. Twin: packages/observer/src/decode/icmp-quote.ts.
#pragma once

#include "decode/walk.h"

namespace picket {

/// `walk.at` is at the quoted IP header. Its lengths are not trusted: routers rewrite them.
void decode_quote(const Walk& walk, Packet& packet);

}  // namespace picket
