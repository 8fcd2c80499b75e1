#include "derpprobe/history/round_sample.h"

#include <catch2/catch.hpp>

#include "tests/support/node_reports.h"

namespace derp {

using diagnosis::NodeReport;
using diagnosis::Verdict;
using probe::RoundSample;
using probe::SampleOf;

TEST_CASE("a sample takes the round trip through the relay, else that of STUN", "[history]") {
  NodeReport node = test::HealthyNode("5a", "192.0.2.1");
  CHECK(SampleOf(node).round_trip == std::chrono::microseconds(1100));
  node.relay_rtt.reset();
  CHECK(SampleOf(node).round_trip == std::chrono::microseconds(4200));
  node.targets[0].stun_rtt.reset();
  CHECK_FALSE(SampleOf(node).round_trip);
}

TEST_CASE("packets of relay and STUN count together, those of a skipped stage do not",
          "[history]") {
  NodeReport node = test::HealthyNode("5a", "192.0.2.1");
  node.relay_sent = 20;
  node.relay_received = 18;
  node.targets[0].stun_sent = 5;
  node.targets[0].stun_rtts = {std::chrono::milliseconds(4)};
  CHECK(SampleOf(node).sent == 25);
  CHECK(SampleOf(node).lost == 6);
  for (auto& stage : node.stages) {
    if (stage.stage == diagnosis::Stage::kStun) stage.outcome = diagnosis::Outcome::kSkipped;
  }
  CHECK(SampleOf(node).sent == 20);
  CHECK(SampleOf(node).lost == 2);
}

TEST_CASE("a region's sample has its best node's round trip and everybody's packets", "[history]") {
  NodeReport slow = test::HealthyNode("5a", "192.0.2.1");
  slow.relay_rtt = std::chrono::milliseconds(30);
  slow.relay_sent = 20;
  slow.relay_received = 20;
  NodeReport quick = slow;
  quick.relay_rtt = std::chrono::milliseconds(2);
  quick.relay_received = 19;
  const RoundSample sample = SampleOf(Verdict::kImpaired, {&slow, &quick});
  CHECK(sample.verdict == Verdict::kImpaired);
  CHECK(sample.round_trip == std::chrono::milliseconds(2));
  CHECK(sample.sent == 40);
  CHECK(sample.lost == 1);
}

}  // namespace derp
