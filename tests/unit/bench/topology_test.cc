#include "tests/bench/load/topology.h"

#include <set>

#include <catch2/catch.hpp>

namespace derp::load {
namespace {

std::size_t FlowsOf(const std::vector<Topology>& threads) {
  std::size_t flows = 0;
  for (const Topology& topology : threads) flows += topology.flows.size();
  return flows;
}

TEST_CASE("pairs share no client and are split evenly among threads", "[load][topology]") {
  Options options;
  options.flows = 10;
  options.threads = 3;
  const auto threads = PlanTopologies(options);
  REQUIRE(threads.size() == 3);
  CHECK(threads[0].flows.size() == 4);
  CHECK(threads[2].flows.size() == 3);
  for (const Topology& topology : threads) {
    std::set<std::uint32_t> used;
    for (const FlowPlan& flow : topology.flows) {
      CHECK(used.insert(flow.source).second);
      CHECK(used.insert(flow.destination).second);
    }
    CHECK(used.size() == topology.clients.size());
  }
}

TEST_CASE("there are no more threads than pairs", "[load][topology]") {
  Options options;
  options.flows = 2;
  options.threads = 8;
  CHECK(PlanTopologies(options).size() == 2);
}

TEST_CASE("the first pairs have the slow readers, who do not answer", "[load][topology]") {
  Options options;
  options.flows = 4;
  options.slow_readers = 1;
  options.both_ways = true;
  const auto threads = PlanTopologies(options);
  CHECK(FlowsOf(threads) == 7);
  CHECK(threads[0].flows[0].slow);
  CHECK_FALSE(threads[0].flows[1].slow);
}

TEST_CASE("every pair of a mesh crosses from one server to the other", "[load][topology]") {
  Options options;
  options.shape = Shape::kMesh;
  options.flows = 6;
  const auto threads = PlanTopologies(options);
  std::size_t from_first = 0;
  for (const FlowPlan& flow : threads[0].flows) {
    CHECK(threads[0].clients[flow.source] != threads[0].clients[flow.destination]);
    from_first += threads[0].clients[flow.source] == 0 ? 1U : 0U;
  }
  CHECK(from_first == 3);
}

TEST_CASE("a fan has one centre to each group and all its flows", "[load][topology]") {
  Options options;
  options.shape = GENERATE(Shape::kFanIn, Shape::kFanOut);
  options.flows = 11;
  options.groups = 2;
  const auto threads = PlanTopologies(options);
  REQUIRE(threads.size() == 1);
  CHECK(threads[0].flows.size() == 11);
  CHECK(threads[0].clients.size() == 13);
  std::set<std::uint32_t> centres;
  for (const FlowPlan& flow : threads[0].flows) {
    centres.insert(options.shape == Shape::kFanIn ? flow.destination : flow.source);
  }
  CHECK(centres.size() == 2);
}

}  // namespace
}  // namespace derp::load
