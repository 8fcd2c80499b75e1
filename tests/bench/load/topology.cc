#include "tests/bench/load/topology.h"

#include <algorithm>

namespace derp::load {
namespace {

std::uint32_t AddClient(Topology& topology, std::size_t server) {
  topology.clients.push_back(static_cast<std::uint32_t>(server));
  return static_cast<std::uint32_t>(topology.clients.size() - 1);
}

// Pairs of two servers start on either in turn, so that both forward.
void AddPair(Topology& topology, const Options& options, std::size_t number) {
  const bool mesh = options.shape == Shape::kMesh;
  const std::uint32_t source = AddClient(topology, mesh ? number % 2 : 0);
  const std::uint32_t destination = AddClient(topology, mesh ? 1 - number % 2 : 0);
  const bool slow = number < options.slow_readers;
  topology.flows.push_back({source, destination, slow});
  if (options.both_ways && !slow) topology.flows.push_back({destination, source, false});
}

void AddGroup(Topology& topology, const Options& options, std::size_t flows) {
  const std::uint32_t center = AddClient(topology, 0);
  for (std::size_t i = 0; i < flows; ++i) {
    const std::uint32_t other = AddClient(topology, 0);
    const bool in = options.shape == Shape::kFanIn;
    topology.flows.push_back({in ? other : center, in ? center : other, false});
  }
}

}  // namespace

std::vector<Topology> PlanTopologies(const Options& options) {
  const bool grouped = options.shape == Shape::kFanIn || options.shape == Shape::kFanOut;
  const std::size_t parts = grouped ? options.groups : options.flows;
  std::vector<Topology> threads(std::min(options.threads, parts));
  for (std::size_t part = 0; part < parts; ++part) {
    Topology& topology = threads[part % threads.size()];
    if (grouped) {
      const std::size_t extra = part < options.flows % options.groups ? 1 : 0;
      AddGroup(topology, options, options.flows / options.groups + extra);
    } else {
      AddPair(topology, options, part);
    }
  }
  return threads;
}

}  // namespace derp::load
