#include "netcheck/measure/interfaces.h"

#include <cerrno>
#include <cstring>
#include <ifaddrs.h>
#include <memory>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "common/net/sockets.h"

namespace derp::netcheck {
namespace {

bool Within(const IpAddress& address, std::string_view prefix) {
  const auto parsed = IpPrefix::Parse(prefix);
  return parsed && parsed->Contains(address);
}

bool UsableV6(const IpAddress& address) {
  if (Within(address, "2000::/3")) return true;
  // Unique local ones count too, but for Tailscale's own range.
  return Within(address, "fc00::/7") && !Within(address, "fd7a:115c:a1e0::/48");
}

}  // namespace

LocalFamilies UsableFamilies(std::span<const InterfaceAddress> addresses) {
  LocalFamilies families;
  for (const InterfaceAddress& at : addresses) {
    if (!at.up || at.loopback || at.interface.starts_with("tailscale")) continue;
    if (at.address.is_v4()) {
      if (!at.address.IsLinkLocal() && !at.address.IsLoopback()) families.v4 = true;
    } else if (UsableV6(at.address)) {
      families.v6 = true;
    }
  }
  return families;
}

Expected<std::vector<InterfaceAddress>, Error> ReadInterfaces() {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return Fail(SystemError("list network interfaces", errno));
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(list, &::freeifaddrs);
  std::vector<InterfaceAddress> addresses;
  for (const ifaddrs* item = list; item != nullptr; item = item->ifa_next) {
    if (item->ifa_addr == nullptr) continue;
    const int family = item->ifa_addr->sa_family;
    if (family != AF_INET && family != AF_INET6) continue;
    sockaddr_storage storage{};
    std::memcpy(&storage, item->ifa_addr,
                family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
    const auto address = net::FromSockaddr(storage);
    if (!address) continue;
    addresses.push_back({.interface = item->ifa_name,
                         .up = (item->ifa_flags & IFF_UP) != 0,
                         .loopback = (item->ifa_flags & IFF_LOOPBACK) != 0,
                         .address = address->ip});
  }
  return addresses;
}

bool OsHasIpv6() {
  const auto loopback = SocketAddress::Parse("[::1]:0");
  return loopback && net::BindUdp(*loopback).has_value();
}

}  // namespace derp::netcheck
