// TCP to one node of a map, as a client dials it in region mode (derp-protocol.md 6.2): literals or
// DNS per family, both families raced, the first connection wins. Blocking.
#pragma once

#include <optional>
#include <vector>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/derpmap/model.h"
#include "common/net/fd.h"
#include "common/net/resolver.h"

namespace derp {

struct NodeDialOptions {
  bool prefer_ipv6 = false;  // gives IPv6 a lead of kIpv4StartDelay
  std::optional<AddressFamily> only{};
};

struct NodeAddresses {
  std::vector<SocketAddress> ipv4;
  std::vector<SocketAddress> ipv6;

  std::vector<SocketAddress>& Of(AddressFamily family) {
    return family == AddressFamily::kIpv4 ? ipv4 : ipv6;
  }
  bool empty() const { return ipv4.empty() && ipv6.empty(); }
};

// The addresses a client dials: at least one, or an error that says why there is none.
Expected<NodeAddresses, Error> ResolveNode(const derpmap::Node& node,
                                           const NodeDialOptions& options, net::Resolver& resolver,
                                           TimePoint deadline);

// One address after the other within a family, the families side by side. The error is the first
// that was met.
Expected<net::Fd, Error> RaceConnect(const NodeAddresses& addresses, bool prefer_ipv6,
                                     TimePoint deadline, const Clock& clock);

}  // namespace derp
