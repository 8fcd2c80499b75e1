// Whether anybody at all may relay through this relay: most who run one for their own network do
// not mean that.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/base/socket_address.h"
#include "derper/options.h"

namespace derp::relay {

// The sentence to warn with when no client is verified and `listening` (or, when that is every
// address, one of `own`) can be reached from the internet. Pure.
std::optional<std::string> FindOpenDoor(const Options& options, const IpAddress& listening,
                                        const std::vector<IpAddress>& own);

// The addresses of this machine's interfaces that are up; none when they cannot be listed.
std::vector<IpAddress> OwnAddresses();

}  // namespace derp::relay
