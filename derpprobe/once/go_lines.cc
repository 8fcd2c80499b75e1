#include "derpprobe/once/go_lines.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "common/base/go_duration.h"
#include "common/base/text.h"
#include "common/derpmap/note.h"
#include "common/diagnosis/judgement.h"

namespace derp::probe {

namespace {

using diagnosis::Severity;
using diagnosis::Stage;

constexpr std::string_view kProber = "prober";

// Errors of several lines are joined (derpprobe.md 2.2): one line, whatever a peer's words hold.
std::string OneLine(std::string_view text) {
  std::string line;
  for (const std::string_view part : Split(text, '\n')) {
    const std::string_view trimmed = TrimSpace(part);
    if (trimmed.empty()) continue;
    if (!line.empty()) line += "; ";
    line += trimmed;
  }
  std::replace(line.begin(), line.end(), '\r', ' ');
  return line;
}

void AddPairs(const derpmap::Region& region, const derpmap::Node& from,
              const ClassIntervals& intervals, std::vector<std::string>& lines) {
  for (const derpmap::Node& to : region.nodes) {
    if (to.stun_only) continue;
    const std::string pair =
        fmt::format("{}->{} ({})", PrintablePeerText(from.name), PrintablePeerText(to.name),
                    PrintablePeerText(region.name));
    if (intervals.asks_bandwidth()) {
      lines.push_back(fmt::format("adding{} DERP bandwidth probe for {} {} bytes every {}",
                                  intervals.bandwidth_over_tun ? " (TUN)" : "", pair,
                                  intervals.bandwidth_size, FormatGoDuration(intervals.bandwidth)));
    }
    if (intervals.asks_queue()) {
      lines.push_back(fmt::format("adding DERP queuing delay probe for {}", pair));
    }
  }
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
  if (node.stun_only) return;
  AddPairs(region, node, intervals, lines);
  if (intervals.mesh <= Duration::zero()) return;
  for (const derpmap::Node& to : region.nodes) {
    if (to.stun_only) continue;
    lines.push_back(fmt::format("adding DERP mesh probe for {}->{} ({}) every {}", name,
                                PrintablePeerText(to.name), place,
                                FormatGoDuration(intervals.mesh)));
  }
}

// The lines in the making.
struct Results {
  std::map<std::string, std::string> good;               // view to latency
  std::vector<std::pair<std::string, std::string>> bad;  // view and error

  void Fail(const std::string& view, std::string_view error) {
    good.erase(view);
    bad.emplace_back(view, OneLine(error));
  }

  std::vector<std::string> Lines(const std::set<std::string>& told) const {
    std::vector<std::string> failures;
    std::vector<std::string> good_lines;
    std::vector<std::string> bad_lines;
    for (const auto& [view, latency] : good) {
      good_lines.push_back(fmt::format("good: {}: {}", view, latency));
    }
    for (const auto& [view, error] : bad) {
      if (view != kProber && !told.contains(view)) failures.push_back(FailureLine(view, error));
      bad_lines.push_back(fmt::format("bad: {}: {}", view, error));
    }
    std::sort(good_lines.begin(), good_lines.end());
    std::sort(bad_lines.begin(), bad_lines.end());
    failures.insert(failures.end(), good_lines.begin(), good_lines.end());
    failures.insert(failures.end(), bad_lines.begin(), bad_lines.end());
    return failures;
  }
};

// The views that a finding belongs to; a stage that no view of the reference stands for has one of
// its own name.
std::vector<std::string> ViewsOfFinding(const diagnosis::Finding& finding) {
  if (finding.stage == Stage::kMap) return {std::string(kMapProbe)};
  if (finding.stage == Stage::kProber || finding.region.empty()) return {std::string(kProber)};
  const std::string node = finding.node.empty() ? "*" : PrintablePeerText(finding.node);
  const std::string prefix = fmt::format("derp/{}/{}", PrintablePeerText(finding.region), node);
  switch (finding.stage) {
    case Stage::kDns:
    case Stage::kTcp:
    case Stage::kTls:
    case Stage::kCert:
      return {prefix + "/tls"};
    case Stage::kHttp:
    case Stage::kDerp:
    case Stage::kRelay:
      return {fmt::format("{}/{}/mesh", prefix, node)};
    case Stage::kMesh:
    case Stage::kBandwidth:
    case Stage::kQueue: {
      const std::string_view kind = finding.stage == Stage::kMesh        ? "mesh"
                                    : finding.stage == Stage::kBandwidth ? "bw"
                                                                         : "qd";
      std::vector<std::string> views;
      for (const std::string& peer : finding.peers) {
        views.push_back(fmt::format("{}/{}/{}", prefix, PrintablePeerText(peer), kind));
      }
      // A node to itself has no peer.
      if (views.empty()) views.push_back(fmt::format("{}/{}/{}", prefix, node, kind));
      return views;
    }
    case Stage::kStun: {
      std::vector<std::string> views;
      for (const AddressFamily family : finding.families) {
        views.push_back(prefix + (family == AddressFamily::kIpv6 ? "/udp6" : "/udp"));
      }
      if (views.empty()) views.push_back(prefix + "/udp");
      return views;
    }
    default:
      return {fmt::format("{}/{}", prefix, StageName(finding.stage))};
  }
}

// Stages that the reference has no probe for; nor do ViewsOf() for all of them.
bool HasNoView(Stage stage) { return stage > Stage::kStun && stage < Stage::kProber; }

// What no view has failed for yet: with -fail-on warning the warnings, and always errors beside the
// reference's probes.
void AddFindings(const diagnosis::RunReport& report, FailOn fail_on, Results& results) {
  for (const diagnosis::Finding& finding : report.findings) {
    const bool counts = finding.severity == Severity::kError
                            ? HasNoView(finding.stage)
                            : finding.severity == Severity::kWarning && fail_on == FailOn::kWarning;
    if (!counts) continue;
    for (const std::string& view : ViewsOfFinding(finding)) {
      const bool fails_already =
          std::any_of(results.bad.begin(), results.bad.end(),
                      [&view](const auto& known) { return known.first == view; });
      if (!fails_already || view == kProber) results.Fail(view, FindingText(finding));
    }
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

int ExitStatus(const diagnosis::RunReport& report, FailOn fail_on) {
  const auto& counts = report.counts;
  const bool warned = fail_on == FailOn::kWarning && counts.warnings > 0;
  return counts.errors > 0 || counts.unknown > 0 || counts.nodes() == 0 || warned ? 1 : 0;
}

std::vector<ViewResult> EarlyFailures(const diagnosis::NodeReport& walked) {
  // Once bytes came back over TCP the fault is the node's; all else waits for the other nodes.
  const bool certain = std::any_of(
      walked.findings.begin(), walked.findings.end(), [](const diagnosis::Finding& finding) {
        return finding.severity == Severity::kError &&
               (finding.stage == Stage::kTls || finding.stage == Stage::kHttp ||
                finding.stage == Stage::kDerp || finding.stage == Stage::kRelay);
      });
  std::vector<ViewResult> failures;
  if (!certain) return failures;
  diagnosis::NodeReport merged = walked;
  diagnosis::MergeFamilies(merged);
  for (ViewResult& view : NodeViews(merged)) {
    const bool udp = view.name.ends_with("/udp") || view.name.ends_with("/udp6");
    if (!view.outcome.ok && !udp) failures.push_back(std::move(view));
  }
  return failures;
}

std::string FailureLine(std::string_view view, std::string_view error) {
  return fmt::format("probe {}: {}", view, OneLine(error));
}

std::vector<std::string> ResultLines(const diagnosis::RunReport& report, Duration map_latency,
                                     FailOn fail_on, const std::set<std::string>& told) {
  Results results;
  for (const ViewResult& view : ViewsOf(report)) {
    if (view.outcome.ok) {
      results.good[view.name] = FormatGoDuration(view.outcome.latency);
    } else {
      results.Fail(view.name, view.outcome.error);
    }
  }
  std::string map_errors = MapErrors(report);
  if (map_errors.empty() && report.counts.nodes() == 0) map_errors = "no node to probe";
  if (map_errors.empty()) {
    results.good[std::string(kMapProbe)] = FormatGoDuration(map_latency);
  } else {
    results.Fail(std::string(kMapProbe), map_errors);
  }
  AddFindings(report, fail_on, results);
  for (const std::string& error : ProberErrors(report)) results.Fail(std::string(kProber), error);
  return results.Lines(told);
}

}  // namespace derp::probe
