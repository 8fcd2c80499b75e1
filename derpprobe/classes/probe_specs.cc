#include <fmt/format.h>

#include "common/base/text.h"
#include "derpprobe/classes/views.h"

namespace derp::probe {
namespace {

using derpmap::Node;
using derpmap::Region;

// Everything about a node that a probe's target depends on.
std::string Fingerprint(const Node& node) {
  return fmt::format("{}|{}|{}|{}|{}|{}|{}", node.host_name, node.cert_name, node.ipv4, node.ipv6,
                     node.EffectiveDerpPort(), node.stun_port, node.insecure_for_tests);
}

// Findings and probes name a region by its code, or by its number when it has none.
std::string RegionText(const Region& region) {
  return region.code.empty() ? fmt::format("{}", region.id) : region.code;
}

ProbeSpec NodeSpec(const Region& region, const Node& node, std::string_view rest,
                   std::string_view probe_class, Duration interval) {
  ProbeSpec spec;
  spec.name = fmt::format("derp/{}/{}/{}", RegionText(region), node.name, rest);
  spec.probe_class = probe_class;
  spec.labels = {{"hostname", node.host_name},
                 {"region", RegionText(region)},
                 {"region_id", fmt::format("{}", region.id)}};
  spec.interval = interval;
  spec.target = Fingerprint(node);
  return spec;
}

void AddUdp(const Region& region, const Node& node, Duration interval,
            std::vector<ProbeSpec>& specs) {
  if (!node.EffectiveStunPort()) return;
  for (const AddressFamily family : {AddressFamily::kIpv4, AddressFamily::kIpv6}) {
    if (node.Use(family) == Node::FamilyUse::kOff) continue;
    const std::string_view rest = family == AddressFamily::kIpv4 ? "udp" : "udp6";
    ProbeSpec spec = NodeSpec(region, node, rest, "derp_udp", interval);
    spec.labels.emplace_back("address_family", FamilyName(family));
    specs.push_back(std::move(spec));
  }
}

constexpr auto kContinuous = std::chrono::seconds(-10);  // as the reference exports it

ProbeSpec PairSpec(const Region& region, const Node& from, const Node& to, std::string_view rest,
                   std::string_view probe_class, Duration interval) {
  ProbeSpec spec =
      NodeSpec(region, from, fmt::format("{}/{}", to.name, rest), probe_class, interval);
  spec.labels.emplace_back("derp_path", to.name == from.name ? "single" : "mesh");
  spec.labels.emplace_back("from", from.name);
  spec.labels.emplace_back("to", to.name);
  spec.target += "→" + Fingerprint(to);
  return spec;
}

void AddPairs(const Region& region, const Node& from, const ClassIntervals& intervals,
              std::vector<ProbeSpec>& specs) {
  for (const Node& to : region.nodes) {
    if (to.stun_only) continue;
    if (intervals.asks_bandwidth()) {
      ProbeSpec spec = PairSpec(region, from, to, "bw", kBandwidthClass, intervals.bandwidth);
      spec.labels.emplace_back("tcp_in_tcp", intervals.bandwidth_over_tun ? "true" : "false");
      spec.target += fmt::format("|{}", intervals.bandwidth_size);
      specs.push_back(std::move(spec));
    }
    if (intervals.asks_queue()) {
      ProbeSpec spec = PairSpec(region, from, to, "qd", kQueueClass, kContinuous);
      spec.target += fmt::format("|{}", intervals.queue_per_second);
      specs.push_back(std::move(spec));
    }
  }
}

void AddMesh(const Region& region, const Node& from, Duration interval,
             std::vector<ProbeSpec>& specs) {
  for (const Node& to : region.nodes) {
    if (to.stun_only) continue;
    specs.push_back(PairSpec(region, from, to, "mesh", "derp_mesh", interval));
  }
}

}  // namespace

std::string PairProbeName(std::string_view region, std::string_view from, std::string_view to,
                          std::string_view rest) {
  return fmt::format("derp/{}/{}/{}/{}", region, from, to, rest);
}

ProbeSpec MapProbeSpec(Duration interval) {
  return {std::string(kMapProbe), "derp_map", {}, interval, ""};
}

std::vector<ProbeSpec> ProbesOf(const derpmap::DerpMap& map, const ClassIntervals& intervals) {
  std::vector<ProbeSpec> specs;
  for (const auto& [id, region] : map.regions) {
    for (const Node& node : region.nodes) {
      if (!node.stun_only && intervals.tls > Duration::zero()) {
        specs.push_back(NodeSpec(region, node, "tls", "tls", intervals.tls));
      }
      if (intervals.stun > Duration::zero()) AddUdp(region, node, intervals.stun, specs);
      if (!node.stun_only && intervals.mesh > Duration::zero()) {
        AddMesh(region, node, intervals.mesh, specs);
      }
      if (!node.stun_only) AddPairs(region, node, intervals, specs);
    }
  }
  return specs;
}

}  // namespace derp::probe
