/// ERSPAN types I to III inside GRE, draft-foschiano-erspan-03 §4.
/// Twin: packages/observer/src/decode/erspan.ts.
#pragma once

#include "decode/walk.h"

namespace picket {

Layer decode_erspan1(Walk& walk, Packet& packet);
Layer decode_erspan2(Walk& walk, Packet& packet);
Layer decode_erspan3(Walk& walk, Packet& packet);

}  // namespace picket
