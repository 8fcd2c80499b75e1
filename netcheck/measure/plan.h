// Which nodes are asked by STUN, over which family and when (netcheck.md 3.3). Pure.
#pragma once

#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/derpmap/model.h"
#include "netcheck/measure/interfaces.h"

namespace derp::netcheck {

struct Probe {
  const derpmap::Node* node = nullptr;  // in the map, which must outlive the plan
  Duration delay{};                     // since the start of the report
};

// The tries of one region over one family. The first reply ends them all.
struct ProbeSet {
  std::string name;  // "region-5-v4"
  derpmap::RegionId region = 0;
  AddressFamily family = AddressFamily::kIpv4;
  std::vector<Probe> probes;
};

using Plan = std::vector<ProbeSet>;  // in the order of region ids, IPv4 before IPv6

inline constexpr Duration kInitialRetransmitStep = std::chrono::milliseconds(100);
inline constexpr std::size_t kInitialTries = 3;

// The plan of a full report: every region that may be measured, three tries each, spread over its
// nodes.
Plan MakeInitialPlan(const derpmap::DerpMap& map, LocalFamilies local);

}  // namespace derp::netcheck
