// What one run of netcheck found out, as values (netcheck.md 2.1). Written by text.h and json.h.
#pragma once

#include <map>
#include <optional>

#include "common/base/clock.h"
#include "common/base/socket_address.h"
#include "common/derpmap/model.h"

namespace derp::netcheck {

using derpmap::RegionId;
using Latencies = std::map<RegionId, Duration>;

struct Report {
  WallTime now{};    // taken when the report is finished
  bool udp = false;  // at least one STUN reply
  bool ipv6 = false;
  bool ipv4 = false;
  bool ipv6_can_send = false;
  bool ipv4_can_send = false;
  bool os_has_ipv6 = false;
  bool icmpv4 = false;
  std::optional<bool> mapping_varies_by_dest_ip;  // none: fewer than two IPv4 replies
  std::optional<bool> upnp;                       // of these three, none: not checked
  std::optional<bool> pmp;
  std::optional<bool> pcp;
  RegionId preferred_derp = 0;  // 0: unknown
  Latencies region_latency;     // the least of each region
  Latencies region_v4_latency;
  Latencies region_v6_latency;
  std::map<SocketAddress, int> global_v4_counters;  // how often each mapping was seen
  std::map<SocketAddress, int> global_v6_counters;
  std::optional<SocketAddress> global_v4;
  std::optional<SocketAddress> global_v6;
  std::optional<bool> captive_portal;  // none: not determined
};

}  // namespace derp::netcheck
