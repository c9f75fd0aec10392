/// Tells a service's answer over UDP by its content. Twin: `udp-answers.ts`.
#pragma once

#include "decode/packet.h"

namespace picket {

bool is_udp_answer(const Packet& packet);

}  // namespace picket
