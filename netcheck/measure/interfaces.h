// Which address families this machine could use at all, by its network interfaces
// (netcheck.md 3.3).
#pragma once

#include <span>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/base/socket_address.h"

namespace derp::netcheck {

struct LocalFamilies {
  bool v4 = false;  // a usable address that is not link-local
  bool v6 = false;  // a global or unique local address
};

struct InterfaceAddress {
  std::string interface;
  bool up = false;
  bool loopback = false;
  IpAddress address;
};

// Interfaces that are down, loopback or Tailscale's own do not count.
LocalFamilies UsableFamilies(std::span<const InterfaceAddress> addresses);

Expected<std::vector<InterfaceAddress>, Error> ReadInterfaces();

// Whether a UDP socket can be bound to [::1].
bool OsHasIpv6();

}  // namespace derp::netcheck
