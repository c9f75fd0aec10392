#include "capabilities.h"

#ifdef __linux__

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

namespace picket {

void keep_capabilities_over_setuid() {
  prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
}

void keep_only_net_raw() {
  if (geteuid() == 0) return;
  // The system calls themselves: the C library has none for these, and libcap is not worth it.
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {};
  if (syscall(SYS_capget, &header, sets) != 0) return;
  const uint32_t net_raw = sets[0].permitted & (1U << CAP_NET_RAW);
  sets[0] = {net_raw, net_raw, 0};  // effective, permitted, inheritable
  sets[1] = {};
  syscall(SYS_capset, &header, sets);
  prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0);
}

}  // namespace picket

#else

namespace picket {

void keep_capabilities_over_setuid() {}
void keep_only_net_raw() {}

}  // namespace picket

#endif
