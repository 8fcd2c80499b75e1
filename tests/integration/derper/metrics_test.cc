// The relay's families against the recorded list of the Go program.
#include <map>
#include <set>

#include <catch2/catch.hpp>

#include "tests/integration/derper/relay_fixture.h"
#include "tests/support/vectors.h"

using namespace derp;
using namespace derp::test;

namespace {

std::string_view KindName(metrics::Kind kind) {
  switch (kind) {
    case metrics::Kind::kCounter:
      return "counter";
    case metrics::Kind::kGauge:
      return "gauge";
    case metrics::Kind::kUntyped:
      return "untyped";
    case metrics::Kind::kHistogram:
      return "histogram";
  }
  return "";
}

// Not the relay's: made by the site.
bool IsRelayFamily(const std::string& name) {
  return name.starts_with("derp_") || name.starts_with("tls_listener_") ||
         name.starts_with("derper_tls_");
}

}  // namespace

TEST_CASE("every recorded family of the relay is there with its kind and labels", "[relay]") {
  RelayFixture f;
  auto client = f.Connect();
  client.RoundTrip();
  f.WaitForMetricSum("derp_tcp_rtt", 1);
  std::map<std::string, metrics::Family> families;
  for (metrics::Family& family : f.GatherMetrics()) families.emplace(family.name, family);

  const nlohmann::json recorded = ReadJson("go-varz-derper.json");
  for (const auto& [name, golden] : recorded.items()) {
    if (!IsRelayFamily(name)) continue;
    CAPTURE(name);
    REQUIRE(families.count(name) == 1);
    const metrics::Family& family = families[name];
    CHECK(KindName(family.kind) == golden["type"].get<std::string>());
    if (family.kind == metrics::Kind::kHistogram) {
      REQUIRE(family.samples.size() == 1);
      // All recorded bounds but +Inf.
      CHECK(family.samples[0].histogram.buckets.size() == golden["labels"]["le"].size() - 1);
      continue;
    }
    std::size_t expected = 1;
    for (const auto& [label, values] : golden["labels"].items()) {
      std::set<std::string> seen;
      for (const metrics::Sample& sample : family.samples) {
        for (const auto& [key, value] : sample.labels) {
          if (key == label) seen.insert(value);
        }
      }
      for (const auto& value : values) {
        if (value != "\u2026") CHECK(seen.count(value.get<std::string>()) == 1);
      }
      expected = family.samples.size();
    }
    CHECK(family.samples.size() == expected);
    CHECK_FALSE(family.samples.empty());
  }
}
