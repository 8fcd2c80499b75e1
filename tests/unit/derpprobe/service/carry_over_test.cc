#include "derpprobe/service/carry_over.h"

#include <catch2/catch.hpp>

#include "common/diagnosis/judgement.h"
#include "tests/unit/derpprobe/service/samples.h"

using namespace derp;
using namespace derp::probe;
using diagnosis::Outcome;
using diagnosis::Stage;

namespace {

// A later walk of the same node that measured STUN alone.
diagnosis::NodeReport StunOnlyRound(diagnosis::NodeReport report) {
  report.findings.clear();
  report.relay_rtt.reset();
  report.cert_days_left.reset();
  for (diagnosis::StageResult& result : report.stages) {
    if (result.stage == Stage::kStun) continue;
    result = {result.stage,
              result.family,
              Outcome::kSkipped,
              {},
              "",
              std::string(diagnosis::kNotAskedReason),
              {}};
  }
  return report;
}

struct Fixture {
  derpmap::DerpMap map = probe::test::SampleMap(1, 1);
  const derpmap::Region& region = map.regions.at(900);
};

}  // namespace

TEST_CASE("a round of one class keeps what an earlier round found for the others", "[service]") {
  Fixture f;
  const auto before = probe::test::ExpiredWalk(f.region, f.region.nodes[0]);
  auto fresh = StunOnlyRound(before);
  CarryOver(before, fresh);
  CHECK(fresh.Worst(Stage::kCert) == Outcome::kFail);
  CHECK(fresh.Worst(Stage::kRelay) == Outcome::kNotReached);
  REQUIRE(fresh.findings.size() == 1);
  CHECK(fresh.findings[0].code == "cert.expired");
  CHECK(fresh.cert_days_left == before.cert_days_left);
}

TEST_CASE("what was measured now replaces what was found before", "[service]") {
  Fixture f;
  const auto before = probe::test::ExpiredWalk(f.region, f.region.nodes[0]);
  auto fresh = probe::test::HealthyWalk(f.region, f.region.nodes[0]);
  CarryOver(before, fresh);
  CHECK(fresh.Worst(Stage::kCert) == Outcome::kOk);
  CHECK(fresh.findings.empty());
}

TEST_CASE("a side stage of an earlier round does not outlive the main chain", "[service]") {
  Fixture f;
  const diagnosis::StageResult not_asked{
      Stage::kLatency, {}, Outcome::kSkipped, {}, "", std::string(diagnosis::kNotAskedReason), {}};
  auto before = probe::test::HealthyWalk(f.region, f.region.nodes[0]);
  before.stages.push_back(
      {Stage::kLatency, {}, Outcome::kOk, std::chrono::milliseconds(2), "", "", {}});
  auto healthy = probe::test::HealthyWalk(f.region, f.region.nodes[0]);
  healthy.stages.push_back(not_asked);
  CarryOver(before, healthy);
  CHECK(healthy.Worst(Stage::kLatency) == Outcome::kOk);

  auto expired = probe::test::ExpiredWalk(f.region, f.region.nodes[0]);
  expired.stages.push_back(not_asked);
  CarryOver(before, expired);
  CHECK(expired.Worst(Stage::kLatency) == Outcome::kNotReached);
  CHECK(expired.stages.back().after == Stage::kCert);
}
