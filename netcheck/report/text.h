// A report for people, byte for byte in the layout that scripts know (netcheck.md 2.2).
#pragma once

#include <string>
#include <vector>

#include "common/derpmap/model.h"
#include "netcheck/measure/report.h"

namespace derp::netcheck {

struct TextOptions {
  bool verbose = false;          // region ids in the table
  std::chrono::seconds zone{0};  // east of UTC
};

std::string FormatText(const Report& report, const derpmap::DerpMap& map,
                       const TextOptions& options);

// The regions of the map: those with a latency first, by latency and id, then the rest by id.
std::vector<RegionId> RegionsByLatency(const Report& report, const derpmap::DerpMap& map);

}  // namespace derp::netcheck
