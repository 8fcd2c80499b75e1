#include "common/net/sockets.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <string>
#include <sys/resource.h>
#include <sys/socket.h>

#include "common/net/sockets_internal.h"

namespace derp::net {
namespace {

std::uint32_t ScopeOf(const std::string& zone) {
  if (zone.empty()) return 0;
  std::uint32_t scope = 0;
  const auto [end, error] = std::from_chars(zone.data(), zone.data() + zone.size(), scope);
  if (error == std::errc() && end == zone.data() + zone.size()) return scope;
  return if_nametoindex(zone.c_str());
}

std::string ZoneOf(std::uint32_t scope) {
  if (scope == 0) return {};
  std::array<char, IF_NAMESIZE> name{};
  if (if_indextoname(scope, name.data()) == nullptr) return std::to_string(scope);
  return name.data();
}

// False on time-out. An error condition of the descriptor counts as ready: the next call tells it.
bool Wait(int fd, short events, TimePoint deadline) {
  const SystemClock clock;
  for (;;) {
    const Duration left = Remaining(clock.Now(), deadline);
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
    const timespec timeout{.tv_sec = seconds.count(), .tv_nsec = (left - seconds).count()};
    pollfd entry{.fd = fd, .events = events, .revents = 0};
    const int ready = ::ppoll(&entry, 1, &timeout, nullptr);
    if (ready > 0) return true;
    if (ready == 0) return false;
    if (errno != EINTR) return true;
  }
}

using NameCall = int (*)(int, sockaddr*, socklen_t*);

Expected<SocketAddress, Error> AddressBy(NameCall call, int fd, const char* what) {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  if (call(fd, reinterpret_cast<sockaddr*>(&storage), &length) != 0) {
    return Fail(SystemError(what, errno));
  }
  const auto address = FromSockaddr(storage);
  if (!address) return Fail(SystemError(what, EAFNOSUPPORT));
  return *address;
}

}  // namespace

unsigned ToSockaddr(const SocketAddress& address, sockaddr_storage& storage) {
  storage = {};
  if (address.ip.is_v4()) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(address.port);
    std::memcpy(&v4.sin_addr, address.ip.bytes().data(), 4);
    std::memcpy(&storage, &v4, sizeof v4);
    return sizeof v4;
  }
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(address.port);
  v6.sin6_scope_id = ScopeOf(address.ip.zone());
  std::memcpy(&v6.sin6_addr, address.ip.bytes().data(), 16);
  std::memcpy(&storage, &v6, sizeof v6);
  return sizeof v6;
}

std::optional<SocketAddress> FromSockaddr(const sockaddr_storage& storage) {
  if (storage.ss_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &storage, sizeof v4);
    std::array<std::uint8_t, 4> bytes{};
    std::memcpy(bytes.data(), &v4.sin_addr, bytes.size());
    return SocketAddress{IpAddress::V4(bytes), ntohs(v4.sin_port)};
  }
  if (storage.ss_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &storage, sizeof v6);
    std::array<std::uint8_t, 16> bytes{};
    std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
    return SocketAddress{IpAddress::V6(bytes, ZoneOf(v6.sin6_scope_id)), ntohs(v6.sin6_port)};
  }
  return std::nullopt;
}

bool SetOption(int fd, int level, int name, int value) {
  return ::setsockopt(fd, level, name, &value, sizeof value) == 0;
}

Expected<Fd, Error> OpenSocket(AddressFamily family, int type, std::string_view doing) {
  const int domain = family == AddressFamily::kIpv4 ? AF_INET : AF_INET6;
  Fd fd(::socket(domain, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return Fail(SystemError(std::string(doing) + ": socket", errno));
  return fd;
}

Expected<void, Error> BindAddress(int fd, const SocketAddress& address, std::string_view doing,
                                  bool only_ipv6) {
  if (!address.ip.is_v4()) {
    const bool dual_stack = address.ip.IsUnspecified() && !only_ipv6;
    if (!SetOption(fd, IPPROTO_IPV6, IPV6_V6ONLY, dual_stack ? 0 : 1)) {
      return Fail(SystemError(std::string(doing) + ": setsockopt", errno));
    }
  }
  sockaddr_storage storage{};
  const socklen_t length = ToSockaddr(address, storage);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&storage), length) != 0) {
    return Fail(SystemError(std::string(doing) + ": bind", errno));
  }
  return {};
}

std::string ListenText(const SocketAddress& address) {
  if (!address.ip.is_v4() && address.ip.IsUnspecified()) return ":" + std::to_string(address.port);
  return address.ToString();
}

bool FallsBackToIpv4(const SocketAddress& address, const Error& error) {
  return !address.ip.is_v4() && address.ip.IsUnspecified() &&
         (error.sys_errno == EAFNOSUPPORT || error.sys_errno == EADDRNOTAVAIL);
}

Expected<SocketAddress, Error> LocalAddress(int fd) {
  return AddressBy(::getsockname, fd, "getsockname");
}

bool WaitReadable(int fd, TimePoint deadline) { return Wait(fd, POLLIN, deadline); }

bool WaitWritable(int fd, TimePoint deadline) { return Wait(fd, POLLOUT, deadline); }

std::uint64_t RaiseDescriptorLimit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  if (limit.rlim_cur < limit.rlim_max) {
    const rlim_t before = std::exchange(limit.rlim_cur, limit.rlim_max);
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) return before;
  }
  return limit.rlim_cur;
}

Expected<IpAddress, Error> LocalAddressTowards(const IpAddress& to) {
  constexpr std::uint16_t kDiscardPort = 9;  // Any will do: connecting UDP sends nothing.
  const std::string doing = "route to " + to.ToString();
  auto fd = OpenSocket(to.family(), SOCK_DGRAM, doing);
  if (!fd) return Fail(fd.error());
  sockaddr_storage storage{};
  const socklen_t length = ToSockaddr(SocketAddress{to, kDiscardPort}, storage);
  if (::connect(fd->get(), reinterpret_cast<const sockaddr*>(&storage), length) != 0) {
    return Fail(SystemError(doing, errno));
  }
  const auto local = LocalAddress(fd->get());
  if (!local) return Fail(local.error());
  return local->ip;
}

bool HasRoute(AddressFamily family) {
  // Documentation addresses are routed like any global one.
  const char* target = family == AddressFamily::kIpv4 ? "192.0.2.1" : "2001:db8::1";
  return LocalAddressTowards(*IpAddress::Parse(target)).has_value();
}

}  // namespace derp::net
