#include <algorithm>

#include <catch2/catch.hpp>

#include "derpprobe/classes/views.h"

using namespace derp;
using namespace derp::probe;

namespace {

derpmap::Node BothFamilies(std::string name) {
  derpmap::Node node;
  node.name = std::move(name);
  node.host_name = node.name + ".example.net";
  node.ipv4 = "192.0.2.1";
  node.ipv6 = "2001:db8::1";
  return node;
}

derpmap::DerpMap MapOf(std::vector<derpmap::Node> nodes) {
  derpmap::DerpMap map;
  map.regions[1] = {1, "zero", "Zero", 0, 0, false, false, std::move(nodes)};
  return map;
}

std::vector<std::string> Names(const derpmap::DerpMap& map) {
  std::vector<std::string> names;
  for (const ProbeSpec& spec : ProbesOf(map, {})) names.push_back(spec.name);
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

TEST_CASE("two nodes with both families have ten probes, three have eighteen, one has four",
          "[classes]") {
  CHECK(ProbesOf(MapOf({BothFamilies("1a"), BothFamilies("1b")}), {}).size() == 10);
  CHECK(ProbesOf(MapOf({BothFamilies("1a"), BothFamilies("1b"), BothFamilies("1c")}), {}).size() ==
        18);
  CHECK(Names(MapOf({BothFamilies("1a")})) ==
        std::vector<std::string>{"derp/zero/1a/1a/mesh", "derp/zero/1a/tls", "derp/zero/1a/udp",
                                 "derp/zero/1a/udp6"});
}

TEST_CASE("'none' in an address field creates no udp probe for that family", "[classes]") {
  auto node = BothFamilies("1a");
  node.ipv6 = "none";
  CHECK(Names(MapOf({node})) ==
        std::vector<std::string>{"derp/zero/1a/1a/mesh", "derp/zero/1a/tls", "derp/zero/1a/udp"});
}

TEST_CASE("a STUN-only node has udp probes only, and nobody meshes with it", "[classes]") {
  auto stun_only = BothFamilies("1b");
  stun_only.stun_only = true;
  CHECK(Names(MapOf({BothFamilies("1a"), stun_only})) ==
        std::vector<std::string>{"derp/zero/1a/1a/mesh", "derp/zero/1a/tls", "derp/zero/1a/udp",
                                 "derp/zero/1a/udp6", "derp/zero/1b/udp", "derp/zero/1b/udp6"});
}

TEST_CASE("a class that is off has no probes", "[classes]") {
  ClassIntervals intervals;
  intervals.mesh = Duration::zero();
  intervals.stun = std::chrono::seconds(-1);
  CHECK(ProbesOf(MapOf({BothFamilies("1a")}), intervals).size() == 1);
}

TEST_CASE("a changed address changes the spec of the same name", "[classes]") {
  auto node = BothFamilies("1a");
  const auto before = ProbesOf(MapOf({node}), {});
  node.ipv4 = "192.0.2.9";
  const auto after = ProbesOf(MapOf({node}), {});
  CHECK(before[0].name == after[0].name);
  CHECK_FALSE(before[0] == after[0]);
}

TEST_CASE("labels are those of the reference", "[classes]") {
  using Label = std::pair<std::string, std::string>;
  for (const ProbeSpec& spec : ProbesOf(MapOf({BothFamilies("1a")}), {})) {
    CAPTURE(spec.name);
    CHECK(std::count(spec.labels.begin(), spec.labels.end(), Label("region_id", "1")) == 1);
    if (spec.probe_class == "derp_mesh") {
      for (const auto& label :
           {Label("derp_path", "single"), Label("from", "1a"), Label("to", "1a")}) {
        CHECK(std::count(spec.labels.begin(), spec.labels.end(), label) == 1);
      }
    }
  }
}

TEST_CASE("bandwidth and queuing delay have a probe per ordered pair, single ones included",
          "[classes]") {
  ClassIntervals intervals{.tls = {}, .stun = {}, .mesh = {}};
  intervals.bandwidth = std::chrono::minutes(1);
  intervals.bandwidth_size = 1000;
  intervals.queue_per_second = 10;
  const auto map = MapOf({BothFamilies("1a"), BothFamilies("1b")});
  const auto specs = ProbesOf(map, intervals);
  REQUIRE(specs.size() == 8);
  CHECK(specs[0].name == "derp/zero/1a/1a/bw");
  CHECK(specs[0].probe_class == "derp_bw");
  CHECK(specs[0].interval == Duration(std::chrono::minutes(1)));
  CHECK(specs[0].labels == metrics::Labels{{"hostname", "1a.example.net"},
                                           {"region", "zero"},
                                           {"region_id", "1"},
                                           {"derp_path", "single"},
                                           {"from", "1a"},
                                           {"to", "1a"},
                                           {"tcp_in_tcp", "false"}});
  CHECK(specs[3].name == "derp/zero/1a/1b/qd");
  CHECK(specs[3].probe_class == "derp_qd");
  CHECK(specs[3].interval == Duration(std::chrono::seconds(-10)));
  CHECK(specs[3].is_continuous());
  CHECK(specs[3].labels[3] == std::pair<std::string, std::string>("derp_path", "mesh"));
  CHECK(specs[3].labels.back() == std::pair<std::string, std::string>("to", "1b"));
  intervals.bandwidth_over_tun = true;
  CHECK(ProbesOf(map, intervals)[0].labels.back().second == "true");
  intervals.bandwidth_size = 0;
  CHECK(ProbesOf(map, intervals).size() == 4);
}
