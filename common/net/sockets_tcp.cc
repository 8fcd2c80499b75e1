#include <cerrno>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string>
#include <sys/socket.h>

#include "common/net/sockets.h"
#include "common/net/sockets_internal.h"

namespace derp::net {
namespace {

// What Go's net package sets (derper.md 2.2).
constexpr int kKeepaliveIdleSeconds = 15;
constexpr int kKeepaliveIntervalSeconds = 15;
constexpr int kKeepaliveCount = 9;

int WholeSeconds(Duration duration) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(duration).count();
  constexpr std::int64_t kLongest = 32767;  // the kernel's limit for keep-alive times
  return static_cast<int>(std::min(seconds, kLongest));
}

// Options that fail (on a socket the peer has closed already) change nothing worth refusing it for.
void ApplyOptions(int fd, const TcpOptions& options) {
  SetOption(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  if (options.user_timeout > Duration::zero()) {
    const auto ms = std::chrono::ceil<std::chrono::milliseconds>(options.user_timeout).count();
    constexpr std::int64_t kLongest = 0x7fffffff;
    SetOption(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(std::min(ms, kLongest)));
  }
  if (options.keepalive_idle < Duration::zero()) {
    SetOption(fd, SOL_SOCKET, SO_KEEPALIVE, 0);
    return;
  }
  const bool unset = options.keepalive_idle == Duration::zero();
  const int idle = unset ? kKeepaliveIdleSeconds : WholeSeconds(options.keepalive_idle);
  SetOption(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  SetOption(fd, IPPROTO_TCP, TCP_KEEPIDLE, idle);
  SetOption(fd, IPPROTO_TCP, TCP_KEEPINTVL, kKeepaliveIntervalSeconds);
  SetOption(fd, IPPROTO_TCP, TCP_KEEPCNT, kKeepaliveCount);
}

// An IPv4 address that arrives in its IPv6 form is dialled and shown as IPv4.
SocketAddress Plain(const SocketAddress& address) {
  return SocketAddress{address.ip.Unmap(), address.port};
}

std::string Dialling(const SocketAddress& address) {
  return "dial tcp " + Plain(address).ToString();
}

}  // namespace

Expected<Fd, Error> ListenTcp(const SocketAddress& address, const TcpOptions& options) {
  const std::string doing = "listen tcp " + ListenText(address);
  const auto attempt = [&](const SocketAddress& at) -> Expected<Fd, Error> {
    auto fd = OpenSocket(at.ip.family(), SOCK_STREAM, doing);
    if (!fd) return fd;
    // Lets a restarted server bind while its old connections linger; a second listener still fails.
    SetOption(fd->get(), SOL_SOCKET, SO_REUSEADDR, 1);
    ApplyOptions(fd->get(), options);
    if (auto bound = BindAddress(fd->get(), at, doing); !bound) return Fail(bound.error());
    if (::listen(fd->get(), SOMAXCONN) != 0) return Fail(SystemError(doing + ": listen", errno));
    return fd;
  };
  auto fd = attempt(address);
  if (!fd && FallsBackToIpv4(address, fd.error())) return attempt({IpAddress(), address.port});
  return fd;
}

Expected<std::optional<Accepted>, Error> Accept(int listener, const TcpOptions& options) {
  for (;;) {
    sockaddr_storage storage{};
    socklen_t length = sizeof storage;
    Fd fd(::accept4(listener, reinterpret_cast<sockaddr*>(&storage), &length,
                    SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (fd.valid()) {
      const auto peer = FromSockaddr(storage);
      if (!peer) return Fail(SystemError("accept", EAFNOSUPPORT));
      ApplyOptions(fd.get(), options);
      return Accepted{std::move(fd), Plain(*peer)};
    }
    if (errno == EAGAIN) return std::nullopt;
    // The peer gave up while it waited in the queue: the next one is not to suffer for it.
    if (errno == EINTR || errno == ECONNABORTED || errno == EPROTO) continue;
    const int failure = errno;
    const auto local = LocalAddress(listener);
    const std::string where = local ? " " + local->ToString() : "";
    return Fail(SystemError("accept tcp" + where + ": accept4", failure));
  }
}

Expected<Fd, Error> StartConnectTcp(const SocketAddress& address) {
  auto fd = OpenSocket(Plain(address).ip.family(), SOCK_STREAM, Dialling(address));
  if (!fd) return fd;
  ApplyOptions(fd->get(), TcpOptions{});
  sockaddr_storage storage{};
  const socklen_t length = ToSockaddr(Plain(address), storage);
  const int result = ::connect(fd->get(), reinterpret_cast<const sockaddr*>(&storage), length);
  if (result == 0 || errno == EINPROGRESS || errno == EINTR) return fd;
  return Fail(SystemError(Dialling(address) + ": connect", errno));
}

Expected<void, Error> CompleteConnect(int fd, const SocketAddress& address) {
  int failure = 0;
  socklen_t length = sizeof failure;
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &length) != 0) failure = errno;
  if (failure != 0) return Fail(SystemError(Dialling(address) + ": connect", failure));
  return {};
}

Error ConnectTimeout(const SocketAddress& address) {
  return Error{ErrorCode::kTimeout, Dialling(address) + ": i/o timeout", 0};
}

Expected<Fd, Error> ConnectTcp(const SocketAddress& address, TimePoint deadline) {
  auto fd = StartConnectTcp(address);
  if (!fd) return fd;
  if (!WaitWritable(fd->get(), deadline)) return Fail(ConnectTimeout(address));
  if (auto done = CompleteConnect(fd->get(), address); !done) return Fail(done.error());
  return fd;
}

}  // namespace derp::net
