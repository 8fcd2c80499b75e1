// Why a lookup failed: asks the configured DNS servers directly, by c-ares, since getaddrinfo does
// not tell a server's failure from its silence. Only for errors: /etc/hosts and nsswitch decide
// what a name means (resolver.h).
#pragma once

#include <optional>
#include <string>

#include "common/base/clock.h"
#include "common/base/socket_address.h"
#include "common/net/resolver.h"

namespace derp::net {

struct DnsReason {
  // Empty: the servers answer with an address now, so the failure was passing or elsewhere.
  std::optional<DnsFailure> failure;
  std::string server;  // "192.0.2.53:53", the first one configured; may be empty
};

// `servers` replaces the system's ("127.0.0.1:5353,…"); empty: /etc/resolv.conf. Blocking.
DnsReason AskDnsServers(const std::string& name, AddressFamily family, TimePoint deadline,
                        const std::string& servers = {});

}  // namespace derp::net
