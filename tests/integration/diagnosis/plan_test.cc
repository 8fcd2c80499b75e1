// Where a walk looks: the map's words, the machine's routes.
#include <catch2/catch.hpp>

#include "common/diagnosis/walk_plan.h"
#include "tests/integration/diagnosis/walk_fixture.h"

using namespace derp;
using namespace derp::diagnosis;
using test::WalkFixture;

namespace {

struct Planned {
  NodeReport report;
  std::vector<FamilyPlan> plans;
  bool goes_on = false;
};

Planned PlanOf(const derpmap::Node& node, bool has_ipv6 = true) {
  WalkFixture fixture;
  fixture.context.has_ipv6 = has_ipv6;
  Planned planned;
  Recorder recorder(planned.report);
  planned.goes_on =
      PlanFamilies(node, fixture.context, fixture.clock.Now() + std::chrono::seconds(5), recorder,
                   planned.plans);
  return planned;
}

derpmap::Node Named(const char* host, const char* ipv4 = "", const char* ipv6 = "") {
  derpmap::Node node;
  node.name = "1a";
  node.host_name = host;
  node.ipv4 = ipv4;
  node.ipv6 = ipv6;
  return node;
}

const StageResult& Dns(const Planned& planned) { return planned.report.stages.at(0); }

}  // namespace

TEST_CASE("literals are used without DNS", "[diagnosis][plan]") {
  const Planned planned = PlanOf(Named("127.0.0.1", "127.0.0.1", "none"));
  CHECK(planned.goes_on);
  CHECK(Dns(planned).outcome == Outcome::kSkipped);
  CHECK(Dns(planned).reason == "literal");
  CHECK(planned.plans[0].addresses.size() == 1);
  CHECK(planned.plans[1].skip_reason == "map says none");
}

TEST_CASE("an address as HostName serves its own family only", "[diagnosis][plan]") {
  const Planned planned = PlanOf(Named("127.0.0.1"));
  CHECK(planned.plans[0].addresses.size() == 1);
  CHECK(planned.plans[1].skip_reason == "HostName is an IPv4 address");
}

TEST_CASE("a name without AAAA is nothing to complain of", "[diagnosis][plan]") {
  const Planned planned = PlanOf(Named("relay.test"));
  CHECK(planned.goes_on);
  CHECK(Dns(planned).outcome == Outcome::kOk);
  CHECK(planned.plans[1].skip_reason == "name has no IPv6 address");
  CHECK(planned.report.findings.empty());
}

TEST_CASE("both families switched off leave no way", "[diagnosis][plan]") {
  const Planned planned = PlanOf(Named("relay.test", "none", "none"));
  CHECK_FALSE(planned.goes_on);
  REQUIRE(planned.report.findings.size() == 1);
  CHECK(planned.report.findings[0].code == "dns.no_address");
}

TEST_CASE("without a route to the world loopback is still tried", "[diagnosis][plan]") {
  const Planned planned = PlanOf(Named("::1", "none", "::1"), false);
  CHECK(planned.goes_on);
  const bool tried = planned.plans[1].addresses.size() == 1;
  CHECK((tried || planned.plans[1].skip_reason == "prober has no IPv6"));
}
