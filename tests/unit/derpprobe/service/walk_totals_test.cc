#include "derpprobe/service/walk_totals.h"

#include <catch2/catch.hpp>

#include "tests/support/node_reports.h"

using namespace derp;
using namespace derp::probe;
using std::chrono::milliseconds;

namespace {

diagnosis::NodeReport Walk(int sent, std::vector<Duration> answered) {
  auto node = derp::test::HealthyNode("5a", "192.0.2.1");
  node.targets[0].stun_sent = sent;
  node.targets[0].stun_rtts = std::move(answered);
  return node;
}

const metrics::Sample& Only(const std::vector<metrics::Family>& families, std::string_view name) {
  for (const auto& family : families) {
    if (family.name != name) continue;
    REQUIRE(family.samples.size() == 1);
    return family.samples[0];
  }
  throw std::runtime_error("no such family");
}

}  // namespace

TEST_CASE("answers fall into buckets up to and with their bound, what is lost is counted",
          "[service]") {
  WalkTotals totals;
  totals.Record(Walk(5, {milliseconds(1), milliseconds(2), milliseconds(600)}));
  totals.Record(Walk(5, {std::chrono::seconds(6)}));
  std::vector<metrics::Family> families;
  totals.Collect(families);
  const metrics::Sample& stun = Only(families, "derpprobe_stun_rtt_seconds");
  CHECK(stun.labels ==
        metrics::Labels{{"family", "ipv4"}, {"node", "5a"}, {"region", "fra"}, {"region_id", "5"}});
  CHECK(stun.histogram.buckets.front() == std::pair<double, std::uint64_t>(0.001, 1));
  CHECK(stun.histogram.buckets.back() == std::pair<double, std::uint64_t>(5, 3));
  CHECK(stun.histogram.count == 4);
  CHECK(stun.histogram.sum == Approx(6.603));
  CHECK(Only(families, "derpprobe_stun_lost_total").value == 6);
  CHECK(Only(families, "derpprobe_relay_rtt_seconds").histogram.count == 2);
}

TEST_CASE("nodes that left the map are forgotten", "[service]") {
  WalkTotals totals;
  totals.Record(Walk(1, {}));
  totals.Keep({});
  std::vector<metrics::Family> families;
  totals.Collect(families);
  CHECK(families.empty());
}
