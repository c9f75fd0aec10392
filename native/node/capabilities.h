/// What the capture thread may do once the process has become another user. Capabilities belong to
/// threads on Linux (capabilities(7)): all others, JavaScript's among them, keep none.
#pragma once

namespace picket {

/// From now on the calling thread does not lose its permitted capabilities when the process stops
/// being root.
void keep_capabilities_over_setuid();

/// Leaves the calling thread CAP_NET_RAW, if it has it, and no other capability. Root stays root.
void keep_only_net_raw();

}  // namespace picket
