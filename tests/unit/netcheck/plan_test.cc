#include "netcheck/measure/plan.h"

#include <catch2/catch.hpp>

#include "tests/support/vectors.h"

namespace derp::netcheck {
namespace {

derpmap::DerpMap MapOf(const nlohmann::json& regions) {
  derpmap::DerpMap map;
  for (const auto& item : regions) {
    derpmap::Region region;
    region.id = item.at("id").get<derpmap::RegionId>();
    region.avoid = item.at("avoid").get<bool>();
    region.no_measure_no_home = item.at("no_measure_no_home").get<bool>();
    for (const auto& entry : item.at("nodes")) {
      derpmap::Node node;
      node.name = entry.at("name").get<std::string>();
      node.region_id = region.id;
      node.ipv4 = entry.value("ipv4", "");
      node.ipv6 = entry.value("ipv6", "");
      node.stun_test_ip = entry.value("stun_test_ip", "");
      region.nodes.push_back(node);
    }
    map.regions[region.id] = region;
  }
  return map;
}

nlohmann::json AsJson(const Plan& plan) {
  nlohmann::json json = nlohmann::json::object();
  for (const ProbeSet& set : plan) {
    json[set.name] = nlohmann::json::array();
    for (const Probe& probe : set.probes) {
      const auto delay = std::chrono::duration_cast<std::chrono::milliseconds>(probe.delay);
      json[set.name].push_back({probe.node->name, delay.count()});
    }
  }
  return json;
}

}  // namespace

TEST_CASE("the plan of a first report is the reference's", "[netcheck]") {
  std::size_t compared = 0;
  const nlohmann::json vectors = test::ReadJson("netcheck.json").at("probe_plan");
  for (const auto& vector : vectors) {
    const bool first = vector.at("last").is_null() || vector.at("last").empty() ||
                       vector.at("name").get<std::string>().starts_with("initial");
    if (!first) continue;
    CAPTURE(vector.at("name"));
    const derpmap::DerpMap map = MapOf(vector.at("regions"));
    const Plan plan =
        MakeInitialPlan(map, {vector.at("have_v4").get<bool>(), vector.at("have_v6").get<bool>()});
    CHECK(AsJson(plan) == vector.at("expect"));
    ++compared;
  }
  CHECK(compared == 8U);
}

}  // namespace derp::netcheck
