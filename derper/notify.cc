#include "derper/notify.h"

#include <algorithm>
#include <cstddef>
#include <sys/socket.h>
#include <sys/un.h>

#include "common/net/fd.h"

namespace derp::relay {

void NotifyServiceManager(const Environment& environment, std::string_view state) {
  const auto found = environment.find("NOTIFY_SOCKET");
  if (found == environment.end()) return;
  const std::string& path = found->second;
  sockaddr_un address{};
  if (path.empty() || path.size() >= sizeof address.sun_path) return;
  address.sun_family = AF_UNIX;
  std::copy(path.begin(), path.end(), address.sun_path);
  if (path[0] == '@') address.sun_path[0] = '\0';  // the abstract namespace
  const net::Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket.valid()) return;
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  sendto(socket.get(), state.data(), state.size(), MSG_NOSIGNAL,
         reinterpret_cast<const sockaddr*>(&address), length);
}

}  // namespace derp::relay
