/// Tells a service manager how the process does: sd_notify(3), without its library.
#pragma once

#include <string>

namespace picket {

/// Sends `text` as one datagram to the Unix socket `path` (`@` begins an abstract name), without
/// waiting. 0, or errno.
int send_datagram(const std::string& path, const std::string& text);

}  // namespace picket
