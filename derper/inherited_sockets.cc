#include "derper/inherited_sockets.h"

#include <algorithm>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fmt/format.h>

#include "common/base/go_number.h"

namespace derp::relay {
namespace {

constexpr int kFirstDescriptor = 3;
constexpr std::int64_t kMostSockets = 64;

std::optional<std::int64_t> NumberIn(const Environment& environment, const char* name) {
  const auto found = environment.find(name);
  if (found == environment.end()) return std::nullopt;
  const auto number = ParseGoInt(found->second);
  if (!number) return std::nullopt;
  return *number;
}

bool IsTcpListener(int fd) {
  int type = 0;
  int listening = 0;
  socklen_t length = sizeof type;
  if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) != 0 || type != SOCK_STREAM) return false;
  length = sizeof listening;
  return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &length) == 0 && listening != 0;
}

// Everywhere is everywhere, in both families' words.
bool IsSame(const SocketAddress& a, const SocketAddress& b) {
  const bool everywhere = a.ip.IsUnspecified() && b.ip.IsUnspecified();
  return a.port == b.port && (everywhere || a.ip.Unmap() == b.ip.Unmap());
}

}  // namespace

Expected<InheritedSockets, Error> InheritedSockets::FromEnvironment(
    const Environment& environment) {
  InheritedSockets inherited;
  const auto pid = NumberIn(environment, "LISTEN_PID");
  const auto count = NumberIn(environment, "LISTEN_FDS");
  if (!pid || !count || *pid != std::int64_t{getpid()}) return inherited;
  for (int fd = kFirstDescriptor; fd < kFirstDescriptor + std::min(*count, kMostSockets); ++fd) {
    net::Fd owned(fd);
    const auto address = net::LocalAddress(fd);
    if (!address || !IsTcpListener(fd)) {
      return Fail(Error{
          .code = ErrorCode::kInvalidArgument,
          .context = fmt::format(
              "descriptor {} of LISTEN_FDS is no TCP listener (STUN opens its own socket)", fd)});
    }
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    inherited.sockets_.push_back({.fd = std::move(owned), .address = *address});
  }
  return inherited;
}

Expected<net::Fd, Error> InheritedSockets::Listen(const SocketAddress& address,
                                                  const net::TcpOptions& options) {
  const auto found = std::find_if(sockets_.begin(), sockets_.end(), [&](const Socket& socket) {
    return IsSame(socket.address, address);
  });
  if (found == sockets_.end()) return net::ListenTcp(address, options);
  net::Fd fd = std::move(found->fd);
  sockets_.erase(found);
  return fd;
}

std::optional<SocketAddress> InheritedSockets::FindUnused() const {
  if (sockets_.empty()) return std::nullopt;
  return sockets_.front().address;
}

}  // namespace derp::relay
