#include "derper/stun/stun_socket.h"

#include <cerrno>
#include <fcntl.h>
#include <netinet/in.h>
#include <string_view>
#include <sys/socket.h>

#include "common/net/sockets.h"

namespace derp::relay {
namespace {

// More than 2,000 requests, which is some milliseconds of a flood. With 4 MiB each answer cost a
// fifth more: what waited has left the processor's cache.
constexpr int kReceiveBuffer = 1024 * 1024;

Expected<void, Error> SetOption(int fd, int level, int name, std::string_view what) {
  const int on = 1;
  if (::setsockopt(fd, level, name, &on, sizeof on) == 0) return {};
  return Fail(SystemError(what, errno));
}

// Beyond the system's limit only with CAP_NET_ADMIN; less than asked for is no failure.
void EnlargeReceiveBuffer(int fd) {
  const int size = kReceiveBuffer;
  if (::setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) == 0) return;
  ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
}

// On a machine with several addresses the reply must leave from the one that was asked; a socket
// bound to one address has no choice anyway.
Expected<void, Error> TellDestination(int fd, const SocketAddress& bound) {
  if (!bound.ip.IsUnspecified()) return {};
  if (bound.ip.is_v4()) return SetOption(fd, IPPROTO_IP, IP_PKTINFO, "setsockopt IP_PKTINFO");
  return SetOption(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, "setsockopt IPV6_RECVPKTINFO");
}

// The workers wait inside recvmmsg().
Expected<void, Error> MakeBlocking(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags >= 0 && ::fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) == 0) return {};
  return Fail(SystemError("fcntl", errno));
}

// One more socket on the address the first is bound to.
Expected<net::Fd, Error> OpenSibling(const SocketAddress& bound) {
  const int domain = bound.ip.is_v4() ? AF_INET : AF_INET6;
  net::Fd fd(::socket(domain, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return Fail(SystemError("socket", errno));
  const int v6_only = 0;
  if (domain == AF_INET6 && bound.ip.IsUnspecified() &&
      ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &v6_only, sizeof v6_only) != 0) {
    return Fail(SystemError("setsockopt IPV6_V6ONLY", errno));
  }
  auto shared = SetOption(fd.get(), SOL_SOCKET, SO_REUSEPORT, "setsockopt SO_REUSEPORT");
  if (!shared) return Fail(shared.error());
  sockaddr_storage storage{};
  const socklen_t length = net::ToSockaddr(bound, storage);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&storage), length) != 0) {
    return Fail(SystemError("listen udp " + bound.ToString() + ": bind", errno));
  }
  return fd;
}

}  // namespace

Expected<std::vector<net::Fd>, Error> OpenStunSockets(const SocketAddress& address,
                                                      unsigned count) {
  std::vector<net::Fd> sockets;
  auto first = net::BindUdp(address);
  if (!first) return Fail(first.error());
  const auto bound = net::LocalAddress(first->get());
  if (!bound) return Fail(bound.error());
  if (count > 1) {
    auto shared = SetOption(first->get(), SOL_SOCKET, SO_REUSEPORT, "setsockopt SO_REUSEPORT");
    if (!shared) return Fail(shared.error());
  }
  sockets.push_back(*std::move(first));
  while (sockets.size() < count) {
    auto sibling = OpenSibling(*bound);
    if (!sibling) return Fail(sibling.error());
    sockets.push_back(*std::move(sibling));
  }
  for (const net::Fd& fd : sockets) {
    EnlargeReceiveBuffer(fd.get());
    if (auto done = MakeBlocking(fd.get()); !done) return Fail(done.error());
    if (auto told = TellDestination(fd.get(), *bound); !told) return Fail(told.error());
  }
  return sockets;
}

}  // namespace derp::relay
