#include "notify.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>

namespace picket {

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0
#endif

int send_datagram(const std::string& path, const std::string& text) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.empty()) return EINVAL;
  if (path.size() >= sizeof address.sun_path) return ENAMETOOLONG;
  path.copy(address.sun_path, path.size());
  // An abstract name begins with 0 and has no end but its size: unix(7).
  if (path[0] == '@') address.sun_path[0] = 0;
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  const int file = socket(AF_UNIX, SOCK_DGRAM, 0);
  if (file < 0) return errno;
  const auto* to = reinterpret_cast<const sockaddr*>(&address);
  constexpr int FLAGS = MSG_NOSIGNAL | MSG_DONTWAIT;
  const ssize_t sent = sendto(file, text.data(), text.size(), FLAGS, to, size);
  const int error = sent < 0 ? errno : 0;
  close(file);
  return error;
}

}  // namespace picket
