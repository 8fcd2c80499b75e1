#include "derper/open_door.h"

#include <cstring>
#include <ifaddrs.h>
#include <memory>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <fmt/format.h>

#include "common/net/sockets.h"

namespace derp::relay {
namespace {

bool IsPublic(const IpAddress& given) {
  const IpAddress address = given.Unmap();
  return !address.IsUnspecified() && !address.IsLoopback() && !address.IsPrivate() &&
         !address.IsLinkLocal() && !address.IsCgnat() && !address.IsMulticast();
}

bool IsVerified(const Options& options) {
  return options.verify_clients || !options.verify_client_url.empty() ||
         !options.verify_allow_file.empty();
}

}  // namespace

std::optional<std::string> FindOpenDoor(const Options& options, const IpAddress& listening,
                                        const std::vector<IpAddress>& own) {
  if (!options.derp || IsVerified(options)) return std::nullopt;
  std::vector<IpAddress> reachable;
  if (listening.IsUnspecified()) {
    reachable = own;
  } else {
    reachable.push_back(listening);
  }
  for (const IpAddress& address : reachable) {
    if (!IsPublic(address)) continue;
    return fmt::format(
        "anybody can relay through this server: it listens on {}, a public address, and no client "
        "is verified (-verify-clients, -verify-client-url, -verify-allow-file)",
        address.ToString());
  }
  return std::nullopt;
}

std::vector<IpAddress> OwnAddresses() {
  std::vector<IpAddress> addresses;
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return addresses;
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner(list, &freeifaddrs);
  for (const ifaddrs* item = list; item != nullptr; item = item->ifa_next) {
    if (item->ifa_addr == nullptr || (item->ifa_flags & IFF_UP) == 0) continue;
    const int family = item->ifa_addr->sa_family;
    if (family != AF_INET && family != AF_INET6) continue;
    sockaddr_storage storage{};
    std::memcpy(&storage, item->ifa_addr,
                family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
    if (const auto address = net::FromSockaddr(storage)) addresses.push_back(address->ip);
  }
  return addresses;
}

}  // namespace derp::relay
