#include "common/diagnosis/judgement.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>

#include <fmt/format.h>

#include "common/base/text.h"
#include "common/diagnosis/catalogue.h"

namespace derp::diagnosis {

namespace {

void Append(std::string& text, const std::string& more, std::string_view separator) {
  if (more.empty() || text == more) return;
  if (!text.empty()) text += separator;
  text += more;
}

// What the finding kept from being measured, in the chain's order and each stage once.
void CollectNotReached(const NodeReport& node, Finding& finding) {
  if (finding.severity != Severity::kError) return;
  for (const StageResult& result : node.stages) {
    if (result.outcome != Outcome::kNotReached || result.after != finding.stage) continue;
    const bool same_family = !result.family || finding.families.empty() ||
                             std::find(finding.families.begin(), finding.families.end(),
                                       *result.family) != finding.families.end();
    const bool known = std::find(finding.not_reached.begin(), finding.not_reached.end(),
                                 result.stage) != finding.not_reached.end();
    if (same_family && !known) finding.not_reached.push_back(result.stage);
  }
  std::sort(finding.not_reached.begin(), finding.not_reached.end());
}

// "derp5b.example.net:443 (192.0.2.52, 2001:db8::52)"
std::string WhereOf(const NodeReport& node, const Finding& finding) {
  const bool stun = finding.stage == Stage::kStun;
  std::vector<std::string> addresses;
  std::optional<std::uint16_t> port;
  for (const FamilyTarget& target : node.targets) {
    const auto& address = stun ? target.stun : target.derp;
    const bool concerned =
        finding.families.empty() || std::find(finding.families.begin(), finding.families.end(),
                                              target.family) != finding.families.end();
    if (!address || !concerned) continue;
    port = address->port;
    addresses.push_back(address->ip.ToString());
  }
  const std::string host = PrintablePeerText(node.host);
  if (stun && !port) return {};
  const std::string place = JoinHostPort(host, port.value_or(node.derp_port));
  std::erase(addresses, host);
  return addresses.empty() ? place : fmt::format("{} ({})", place, fmt::join(addresses, ", "));
}

// The contract's order of stages; the families of one stage stay as they are.
void OrderStages(NodeReport& node) {
  std::vector<StageResult> ordered;
  for (int stage = 0; stage <= static_cast<int>(Stage::kProber); ++stage) {
    std::copy_if(node.stages.begin(), node.stages.end(), std::back_inserter(ordered),
                 [stage](const StageResult& r) { return static_cast<int>(r.stage) == stage; });
  }
  node.stages = std::move(ordered);
}

// Errors first. Of one severity: the prober's own trouble, which may explain the rest, then nodes
// that are out of use, then all else in the map's order.
void OrderFindings(RunReport& report) {
  std::set<std::pair<std::int64_t, std::string_view>> unusable;
  for (const NodeReport& node : report.nodes) {
    if (node.verdict == Verdict::kUnusable) unusable.emplace(node.region_id, node.node);
  }
  std::map<std::pair<Severity, int>, std::vector<Finding>> groups;
  for (Finding& finding : report.findings) {
    const bool out = unusable.contains({finding.region_id, finding.node});
    const int urgency = finding.stage == Stage::kProber ? 0 : out ? 1 : 2;
    groups[{finding.severity, urgency}].push_back(std::move(finding));
  }
  report.findings.clear();
  for (auto& [rank, findings] : groups) {
    std::move(findings.begin(), findings.end(), std::back_inserter(report.findings));
  }
}

void GatherFindings(RunReport& report) {
  for (NodeReport& node : report.nodes) {
    for (Finding& finding : node.findings) {
      CollectNotReached(node, finding);
      if (finding.where.empty() && finding.stage != Stage::kMesh) {
        finding.where = WhereOf(node, finding);
      }
      report.findings.push_back(finding);
    }
  }
  OrderFindings(report);
  for (const Finding& finding : report.findings) {
    if (finding.severity == Severity::kError) ++report.counts.errors;
    if (finding.severity == Severity::kWarning) ++report.counts.warnings;
    if (finding.severity == Severity::kInfo) ++report.counts.infos;
  }
}

}  // namespace

void MergeFamilies(NodeReport& node) {
  std::vector<Finding> merged;
  for (Finding& finding : node.findings) {
    const auto same = std::find_if(merged.begin(), merged.end(), [&finding](const Finding& other) {
      return other.code == finding.code;
    });
    if (same == merged.end()) {
      merged.push_back(std::move(finding));
      continue;
    }
    for (const AddressFamily family : finding.families) {
      if (std::find(same->families.begin(), same->families.end(), family) == same->families.end()) {
        same->families.push_back(family);
      }
    }
    Append(same->fact, finding.fact, "; ");
    Append(same->where, finding.where, ", ");
  }
  node.findings = std::move(merged);
}

RunReport Judge(Measurement measured) {
  RunReport report;
  report.nodes = std::move(measured.nodes);
  report.meshes = std::move(measured.meshes);
  report.transfers = std::move(measured.transfers);
  report.queues = std::move(measured.queues);
  report.findings = std::move(measured.map_findings);
  JudgeClosedPorts(report);
  JudgeProber(report, measured.prober);
  JudgeMesh(report, measured.mesh_asked);
  JudgePairs(report, measured.pairs);
  for (NodeReport& node : report.nodes) MergeFamilies(node);
  JudgeVerdicts(report);
  for (NodeReport& node : report.nodes) OrderStages(node);
  GatherFindings(report);
  report.exit_status =
      report.counts.errors > 0 || report.counts.unknown > 0 || report.counts.nodes() == 0 ? 1 : 0;
  return report;
}

}  // namespace derp::diagnosis
