#include "netcheck/report/text.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "common/base/text.h"
#include "netcheck/report/words.h"

namespace derp::netcheck {
namespace {

constexpr std::size_t kCodeWidth = 3;
constexpr std::size_t kLatencyWidth = 7;

std::string_view TrueOrFalse(bool value) { return value ? "true" : "false"; }

std::string Ipv4Text(const Report& report) {
  return report.global_v4 ? "yes, " + report.global_v4->ToString() : "(no addr found)";
}

std::string Ipv6Text(const Report& report) {
  if (report.global_v6) return "yes, " + report.global_v6->ToString();
  if (report.ipv6) return "(no addr found)";
  return report.os_has_ipv6 ? "no, but OS has support" : "no, unavailable in OS";
}

std::string PortMappingText(const Report& report) {
  if (!report.upnp && !report.pmp && !report.pcp) return "not checked";
  std::vector<std::string> found;
  if (report.upnp.value_or(false)) found.emplace_back("UPnP");
  if (report.pmp.value_or(false)) found.emplace_back("NAT-PMP");
  if (report.pcp.value_or(false)) found.emplace_back("PCP");
  return Join(found, ", ");
}

std::string NearestText(const Report& report, const derpmap::DerpMap& map) {
  if (report.region_latency.empty()) return "unknown (no response to latency probes)";
  if (report.preferred_derp == 0) return "[none]";
  const auto region = map.regions.find(report.preferred_derp);
  if (region == map.regions.end())
    return fmt::format("{} (region not found in map)", report.preferred_derp);
  return PrintablePeerText(region->second.name);
}

std::string LatencyRow(const Report& report, const derpmap::Region& region, bool verbose) {
  const auto latency = report.region_latency.find(region.id);
  const std::string shown =
      latency == report.region_latency.end() ? std::string() : LatencyText(latency->second);
  return fmt::format("\t\t- {}: {} ({}{})\n", PadLeft(PrintablePeerText(region.code), kCodeWidth),
                     PadRight(shown, kLatencyWidth),
                     verbose ? fmt::format("derp{}, ", region.id) : "",
                     PrintablePeerText(region.name));
}

}  // namespace

std::vector<RegionId> RegionsByLatency(const Report& report, const derpmap::DerpMap& map) {
  std::vector<RegionId> ids;
  for (const auto& [id, region] : map.regions) ids.push_back(id);
  const auto latency = [&](RegionId id) {
    const auto at = report.region_latency.find(id);
    return at == report.region_latency.end() ? Duration::max() : at->second;
  };
  std::sort(ids.begin(), ids.end(), [&](RegionId a, RegionId b) {
    return std::pair(latency(a), a) < std::pair(latency(b), b);
  });
  return ids;
}

std::string FormatText(const Report& report, const derpmap::DerpMap& map,
                       const TextOptions& options) {
  std::string text = "\nReport:\n";
  const auto line = [&](std::string_view name, std::string_view value) {
    text += fmt::format("\t* {}: {}\n", name, value);
  };
  const auto& varies = report.mapping_varies_by_dest_ip;
  line("Time", TimeText(report.now, options.zone));
  line("UDP", TrueOrFalse(report.udp));
  line("IPv4", Ipv4Text(report));
  line("IPv6", Ipv6Text(report));
  line("MappingVariesByDestIP", varies ? TrueOrFalse(*varies) : "");
  line("PortMapping", PortMappingText(report));
  if (report.captive_portal) line("CaptivePortal", TrueOrFalse(*report.captive_portal));
  line("Nearest DERP", NearestText(report, map));
  if (report.region_latency.empty()) return text;
  text += "\t* DERP latency:\n";
  for (const RegionId id : RegionsByLatency(report, map))
    text += LatencyRow(report, map.regions.at(id), options.verbose);
  return text;
}

}  // namespace derp::netcheck
