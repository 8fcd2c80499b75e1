// The two UDP sockets all probes of a report go through, one for each family, so that relays see
// one mapping of this machine.
#pragma once

#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/net/fd.h"

namespace derp::netcheck {

struct ProbeSockets {
  net::Fd v4;  // either may be missing
  net::Fd v6;
  std::string v4_error;  // why it is missing
  std::string v6_error;
};

// `bind` as Go takes it: ":0", "192.0.2.5:456", "[2001:db8::5]:0". An address of the other family
// leaves a socket out.
ProbeSockets OpenProbeSockets(std::string_view bind);

}  // namespace derp::netcheck
