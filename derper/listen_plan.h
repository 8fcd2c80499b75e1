// From the flags to sockets: which addresses are served, and whether with TLS (derper.md 2.1).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/base/result.h"
#include "common/base/socket_address.h"
#include "common/net/resolver.h"
#include "derper/options.h"

namespace derp::relay {

struct ListenPlan {
  SocketAddress main;  // an empty host is [::], which listens on IPv4 as well
  bool tls = false;
  std::optional<SocketAddress> plain_http;  // beside TLS only
  std::optional<SocketAddress> stun;
  std::optional<SocketAddress> debug;  // -debug-addr
};

// -a may have a host name, which is looked up here. -dev moves the listener to port 3340.
Expected<ListenPlan, Error> PlanListeners(const Options& options, net::Resolver& resolver,
                                          TimePoint deadline);

}  // namespace derp::relay
