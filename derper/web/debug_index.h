// The page at /debug/ as a pure function of the metrics: how the relay is, and where to look
// further.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "common/metrics/registry.h"

namespace derp::relay {

struct DebugIndexFacts {
  std::chrono::seconds uptime{};
  WallTime now{};
  std::string version{};
  std::string hostname{};
  bool has_mesh_key = false;
  bool sees_private_pages = false;
  std::vector<std::pair<std::string, std::string>> links{};  // path and what is there
};

std::string DebugIndex(const DebugIndexFacts& facts, const std::vector<metrics::Family>& families);

}  // namespace derp::relay
