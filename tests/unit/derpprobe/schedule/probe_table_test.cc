#include "derpprobe/schedule/probe_table.h"

#include <catch2/catch.hpp>

#include "tests/support/fake_clock.h"

using namespace derp;
using namespace derp::probe;

namespace {

ProbeSpec Spec(std::string name, std::string target = "192.0.2.1") {
  return {std::move(name), "tls", {}, std::chrono::seconds(15), std::move(target)};
}

std::size_t ResultSeries(const ProbeTable& table) {
  std::vector<metrics::Family> families;
  table.Collect(families);
  for (const auto& family : families) {
    if (family.name == "derpprobe_result") return family.samples.size();
  }
  return 0;
}

}  // namespace

TEST_CASE("series of removed probes vanish at once", "[schedule]") {
  test::FakeClock clock;
  ProbeTable table;
  std::vector<ProbeSpec> wanted;
  for (int i = 0; i < 100; ++i) wanted.push_back(Spec("probe" + std::to_string(i)));
  CHECK(table.Reconcile(wanted).added.size() == 100);
  for (const auto& spec : wanted) {
    table.Begin(spec.name, clock.WallNow());
    table.End(spec.name, clock.WallNow(), {true, std::chrono::milliseconds(1), ""});
  }
  CHECK(ResultSeries(table) == 100);
  wanted.resize(50);
  CHECK(table.Reconcile(wanted).removed.size() == 50);
  CHECK(ResultSeries(table) == 50);
}

TEST_CASE("a node that changes its address gets a fresh probe, the others keep their record",
          "[schedule]") {
  test::FakeClock clock;
  ProbeTable table;
  table.Reconcile({Spec("a"), Spec("b")});
  for (const auto* name : {"a", "b"}) {
    table.Begin(name, clock.WallNow());
    table.End(name, clock.WallNow(), {true, std::chrono::milliseconds(1), ""});
  }
  const auto changes = table.Reconcile({Spec("a"), Spec("b", "192.0.2.2")});
  CHECK(changes.added == std::vector<std::string>{"b"});
  CHECK(changes.removed == std::vector<std::string>{"b"});
  CHECK(table.Info("a")->status == ProbeStatus::kSucceeded);
  CHECK(table.Info("b")->status == ProbeStatus::kUnknown);
  CHECK_FALSE(table.Info("c").has_value());
}

TEST_CASE("the probes of one region are found by their common beginning", "[schedule]") {
  ProbeTable table;
  table.Reconcile({Spec("derp/fra/1a/tls"), Spec("derp/fra/1b/tls"), Spec("derp/frankfurt/1a/tls"),
                   Spec("derp/ams/1a/tls"), Spec("derpmap-probe")});
  const auto listed = table.Under("derp/fra/");
  REQUIRE(listed.size() == 2);
  CHECK(listed[0].name == "derp/fra/1a/tls");
  CHECK(listed[0].probe_class == Spec("").probe_class);
  CHECK(listed[1].name == "derp/fra/1b/tls");
  CHECK(table.Under("derp/par/").empty());
}
