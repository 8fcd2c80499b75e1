#include "derpprobe/once/go_lines.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/base/go_duration.h"
#include "common/base/text.h"
#include "common/derpmap/note.h"

namespace derp::probe {

namespace {

// One line, whatever a peer's words hold.
std::string OneLine(std::string_view text) {
  std::string line;
  for (const char c : text) line += c == '\n' || c == '\r' ? ' ' : c;
  return line;
}

void AddNode(const derpmap::Region& region, const derpmap::Node& node,
             const ClassIntervals& intervals, std::vector<std::string>& lines) {
  const std::string name = PrintablePeerText(node.name);
  const std::string place = PrintablePeerText(region.name);
  if (!node.stun_only && intervals.tls > Duration::zero()) {
    lines.push_back(fmt::format("adding DERP TLS probe for {} ({}) every {}", name, place,
                                FormatGoDuration(intervals.tls)));
  }
  if (intervals.stun > Duration::zero() && node.EffectiveStunPort()) {
    for (const AddressFamily family : {AddressFamily::kIpv4, AddressFamily::kIpv6}) {
      if (node.Use(family) == derpmap::Node::FamilyUse::kOff) continue;
      const std::string probe = fmt::format("derp/{}/{}/udp{}", derpmap::RegionLabel(region), name,
                                            family == AddressFamily::kIpv6 ? "6" : "");
      lines.push_back(fmt::format("adding DERP UDP probe for {} ({}) every {}", name, probe,
                                  FormatGoDuration(intervals.stun)));
    }
  }
  if (node.stun_only || intervals.mesh <= Duration::zero()) return;
  for (const derpmap::Node& to : region.nodes) {
    if (to.stun_only) continue;
    lines.push_back(fmt::format("adding DERP mesh probe for {}->{} ({}) every {}", name,
                                PrintablePeerText(to.name), place,
                                FormatGoDuration(intervals.mesh)));
  }
}

}  // namespace

std::vector<std::string> AddingLines(const derpmap::DerpMap& map, const ClassIntervals& intervals) {
  std::vector<std::string> lines;
  for (const auto& [id, region] : map.regions) {
    for (const derpmap::Node& node : region.nodes) AddNode(region, node, intervals, lines);
  }
  return lines;
}

std::vector<std::string> ResultLines(const diagnosis::RunReport& report, Duration map_latency) {
  std::vector<std::string> failures;
  std::vector<std::string> good;
  std::vector<std::string> bad;
  const auto fail = [&](std::string_view name, std::string_view error) {
    failures.push_back(fmt::format("probe {}: {}", name, OneLine(error)));
    bad.push_back(fmt::format("bad: {}: {}", name, OneLine(error)));
  };
  for (const ViewResult& view : ViewsOf(report)) {
    if (view.outcome.ok) {
      good.push_back(
          fmt::format("good: {}: {}", view.name, FormatGoDuration(view.outcome.latency)));
    } else {
      fail(view.name, view.outcome.error);
    }
  }
  std::string map_errors = MapErrors(report);
  if (map_errors.empty() && report.counts.nodes() == 0) map_errors = "no node to probe";
  if (map_errors.empty()) {
    good.push_back(fmt::format("good: {}: {}", kMapProbe, FormatGoDuration(map_latency)));
  } else {
    fail(kMapProbe, map_errors);
  }
  for (const std::string& error : ProberErrors(report)) {
    bad.push_back(fmt::format("bad: prober: {}", OneLine(error)));
  }
  std::sort(good.begin(), good.end());
  std::sort(bad.begin(), bad.end());
  std::vector<std::string> lines = std::move(failures);
  lines.insert(lines.end(), good.begin(), good.end());
  lines.insert(lines.end(), bad.begin(), bad.end());
  return lines;
}

}  // namespace derp::probe
