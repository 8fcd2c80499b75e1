// Who sends to whom, split among threads: both ends of a flow are on one thread, and so is all of a
// group. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "tests/bench/load/options.h"

namespace derp::load {

struct FlowPlan {
  std::uint32_t source = 0;  // places in Topology::clients
  std::uint32_t destination = 0;
  bool slow = false;  // the destination is a slow reader
};

struct Topology {
  std::vector<std::uint32_t> clients;  // the place of each one's server in Options::servers
  std::vector<FlowPlan> flows;
};

// One for each thread; threads without a flow get none.
std::vector<Topology> PlanTopologies(const Options& options);

}  // namespace derp::load
