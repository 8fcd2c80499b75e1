#include "netcheck/measure/plan.h"

#include <fmt/format.h>

namespace derp::netcheck {
namespace {

bool IsTestNode(const derpmap::Node& node) {
  return !node.stun_test_ip.empty() || node.ipv4 == "127.0.0.1";
}

// A test node is asked whatever the interfaces say, unless the map itself says "none".
bool IsWorthAsking(const derpmap::Node& node, AddressFamily family, bool have_family) {
  const std::string& text = family == AddressFamily::kIpv4 ? node.ipv4 : node.ipv6;
  if (text == "none") return false;
  if (IsTestNode(node)) return true;
  return have_family && node.Use(family) != derpmap::Node::FamilyUse::kOff;
}

ProbeSet MakeSet(const derpmap::Region& region, AddressFamily family, bool have_family) {
  const bool v4 = family == AddressFamily::kIpv4;
  ProbeSet set{fmt::format("region-{}-{}", region.id, v4 ? "v4" : "v6"), region.id, family, {}};
  for (std::size_t attempt = 0; attempt < kInitialTries; ++attempt) {
    const derpmap::Node& node = region.nodes[attempt % region.nodes.size()];
    if (!IsWorthAsking(node, family, have_family)) continue;
    set.probes.push_back({&node, static_cast<int>(attempt) * kInitialRetransmitStep});
  }
  return set;
}

}  // namespace

Plan MakeInitialPlan(const derpmap::DerpMap& map, LocalFamilies local) {
  Plan plan;
  for (const auto& [id, region] : map.regions) {
    if (region.no_measure_no_home || region.nodes.empty()) continue;
    for (const AddressFamily family : {AddressFamily::kIpv4, AddressFamily::kIpv6}) {
      ProbeSet set = MakeSet(region, family, family == AddressFamily::kIpv4 ? local.v4 : local.v6);
      if (!set.probes.empty()) plan.push_back(std::move(set));
    }
  }
  return plan;
}

}  // namespace derp::netcheck
