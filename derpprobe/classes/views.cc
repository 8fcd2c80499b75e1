#include "derpprobe/classes/views.h"

#include <algorithm>
#include <optional>
#include <span>

#include <fmt/format.h>

#include "common/diagnosis/judgement.h"

namespace derp::probe {
namespace {

using diagnosis::Finding;
using diagnosis::MeshDirection;
using diagnosis::MeshReport;
using diagnosis::NodeReport;
using diagnosis::Outcome;
using diagnosis::RunReport;
using diagnosis::Severity;
using diagnosis::Stage;
using diagnosis::StageResult;

constexpr Stage kTlsStages[] = {Stage::kDns, Stage::kTcp, Stage::kTls, Stage::kCert};
constexpr Stage kSessionStages[] = {Stage::kHttp, Stage::kDerp, Stage::kRelay};
constexpr Stage kUdpStages[] = {Stage::kStun};

bool Contains(std::span<const Stage> stages, Stage stage) {
  return std::find(stages.begin(), stages.end(), stage) != stages.end();
}

// The error that explains why something of this node was not reached; one in the map itself stands
// among the findings of the round.
std::string FirstError(const NodeReport& node, std::span<const Finding> of_round) {
  for (const Finding& finding : node.findings) {
    if (finding.severity == Severity::kError) return FindingText(finding);
  }
  for (const Finding& finding : of_round) {
    const bool here = finding.region_id == node.region_id && finding.node == node.node;
    if (here && finding.severity == Severity::kError) return FindingText(finding);
  }
  return "not reached";
}

// The part of a walk that one probe stands for.
struct Slice {
  const NodeReport& node;
  std::span<const Finding> of_round;
  std::span<const Stage> stages;
  std::optional<AddressFamily> family;  // only results of this family; none: of all

  bool Has(const StageResult& result) const {
    return Contains(stages, result.stage) &&
           (!family || !result.family || *result.family == *family);
  }
  bool Has(const Finding& finding) const {
    return Contains(stages, finding.stage) &&
           (!family || finding.families.empty() ||
            std::find(finding.families.begin(), finding.families.end(), *family) !=
                finding.families.end());
  }
};

// The time of the stages over the family that carries the relay, or over the first one.
Duration TimeOf(const Slice& slice) {
  std::optional<AddressFamily> family = slice.family ? slice.family : slice.node.relay_family;
  if (!family && !slice.node.targets.empty()) family = slice.node.targets.front().family;
  Duration sum{};
  for (const StageResult& result : slice.node.stages) {
    if (!Contains(slice.stages, result.stage)) continue;
    if (!result.family || !family || *result.family == *family) sum += result.duration;
  }
  return sum;
}

// A trouble of the prober's own that leaves what could be measured without a meaning.
bool IsBlind(const StageResult& result) {
  return result.outcome == Outcome::kSkipped && (result.reason == diagnosis::kOfflineReason ||
                                                 result.reason == diagnosis::kInterceptedReason);
}

// Good, bad or (everything skipped) nothing.
std::optional<ProbeOutcome> Outcomes(const Slice& slice, Duration latency) {
  for (const Finding& finding : slice.node.findings) {
    if (finding.severity == Severity::kError && slice.Has(finding)) {
      return ProbeOutcome{false, latency, FindingText(finding)};
    }
  }
  bool measured = false;
  for (const StageResult& result : slice.node.stages) {
    if (!slice.Has(result)) continue;
    if (IsBlind(result)) return std::nullopt;
    // Of the main chain one family may fall short while the other serves; that was a finding above.
    if (result.outcome == Outcome::kNotReached) {
      return ProbeOutcome{false, latency, FirstError(slice.node, slice.of_round)};
    }
    measured = measured || result.outcome != Outcome::kSkipped;
  }
  if (!measured) return std::nullopt;
  return ProbeOutcome{true, latency, ""};
}

void AddNodeViews(const NodeReport& node, std::span<const Finding> of_round,
                  std::vector<ViewResult>& views) {
  const std::string prefix = fmt::format("derp/{}/{}", node.region, node.node);
  const auto add = [&views](std::string name, std::optional<ProbeOutcome> outcome) {
    if (outcome) views.push_back({std::move(name), *outcome});
  };
  const Slice tls{node, of_round, kTlsStages, std::nullopt};
  const Slice session{node, of_round, kSessionStages, std::nullopt};
  if (!node.stun_only) {
    add(prefix + "/tls", Outcomes(tls, TimeOf(tls)));
    // Not tested is neither good nor bad: admission is closed to a throw-away key.
    if (node.Worst(Stage::kRelay) != Outcome::kSkipped) {
      add(fmt::format("{}/{}/mesh", prefix, node.node),
          Outcomes(session, TimeOf(tls) + TimeOf(session)));
    }
  }
  for (const auto& target : node.targets) {
    const Slice udp{node, of_round, kUdpStages, target.family};
    const std::string_view rest = target.family == AddressFamily::kIpv4 ? "/udp" : "/udp6";
    add(fmt::format("{}{}", prefix, rest), Outcomes(udp, target.stun_first.value_or(TimeOf(udp))));
  }
}

const NodeReport* FindNode(const RunReport& report, std::int64_t region_id, std::string_view name) {
  for (const NodeReport& node : report.nodes) {
    if (node.region_id == region_id && node.node == name) return &node;
  }
  return nullptr;
}

// Packets could not be sent because one end never logged in.
std::optional<ProbeOutcome> UnreachedPair(const RunReport& report, const NodeReport& from,
                                          const NodeReport& to) {
  for (const NodeReport* end : {&from, &to}) {
    const auto relay = end->Worst(Stage::kRelay);
    if (relay == Outcome::kFail || relay == Outcome::kNotReached) {
      return ProbeOutcome{
          false, {}, fmt::format("{}: {}", end->node, FirstError(*end, report.findings))};
    }
  }
  return std::nullopt;
}

std::optional<ProbeOutcome> PairOutcome(const RunReport& report, const MeshReport* mesh,
                                        const NodeReport& from, const NodeReport& to) {
  const MeshDirection* direction = mesh == nullptr ? nullptr : mesh->Find(from.node, to.node);
  if (direction == nullptr) return UnreachedPair(report, from, to);
  if (direction->outcome != Outcome::kFail) {
    return ProbeOutcome{true, direction->first.value_or(Duration::zero()), ""};
  }
  for (const Finding& finding : report.findings) {
    if (finding.code == direction->code && finding.region_id == from.region_id) {
      return ProbeOutcome{false, direction->waited, FindingText(finding)};
    }
  }
  return ProbeOutcome{false, direction->waited, direction->code};
}

void AddMeshViews(const RunReport& report, std::vector<ViewResult>& views) {
  for (const NodeReport& from : report.nodes) {
    if (from.stun_only || !from.Worst(Stage::kMesh)) continue;
    const auto mesh = std::find_if(
        report.meshes.begin(), report.meshes.end(),
        [&from](const MeshReport& candidate) { return candidate.region_id == from.region_id; });
    for (const NodeReport& to : report.nodes) {
      if (to.region_id != from.region_id || to.stun_only || &to == &from) continue;
      const auto outcome =
          PairOutcome(report, mesh == report.meshes.end() ? nullptr : &*mesh, from, to);
      if (!outcome) continue;
      views.push_back(
          {fmt::format("derp/{}/{}/{}/mesh", from.region, from.node, to.node), *outcome});
    }
  }
}

// A pair that was not measured because packets cannot pass: by the fault that stands in the way.
std::optional<ProbeOutcome> BlockedPair(const RunReport& report, const NodeReport& from,
                                        const NodeReport& to) {
  if (auto unreached = UnreachedPair(report, from, to)) return unreached;
  for (const MeshReport& mesh : report.meshes) {
    if (mesh.region_id != from.region_id || mesh.Find(from.node, to.node) == nullptr) continue;
    auto outcome = PairOutcome(report, &mesh, from, to);
    if (outcome && !outcome->ok) return outcome;
  }
  return std::nullopt;
}

// `error` is the pair's own; `latency` that of a success.
std::optional<ProbeOutcome> PairViewOutcome(const RunReport& report, Outcome outcome,
                                            std::int64_t region_id, std::string_view from,
                                            std::string_view to, Duration latency,
                                            const std::string& error) {
  if (outcome == Outcome::kSkipped) return std::nullopt;
  if (outcome == Outcome::kFail) return ProbeOutcome{false, latency, error};
  if (outcome != Outcome::kNotReached) return ProbeOutcome{true, latency, ""};
  const NodeReport* sender = FindNode(report, region_id, from);
  const NodeReport* receiver = FindNode(report, region_id, to);
  if (sender == nullptr || receiver == nullptr) return std::nullopt;
  auto blocked = BlockedPair(report, *sender, *receiver);
  return blocked ? blocked : ProbeOutcome{false, latency, "not reached"};
}

// Pairs of which there is no report because one end or the way between was found broken before.
template <typename Report>
void AddUnmeasuredPairs(const RunReport& report, Stage stage, const std::vector<Report>& measured,
                        std::string_view rest, std::vector<ViewResult>& views) {
  for (const NodeReport& from : report.nodes) {
    if (!from.Worst(stage) || from.stun_only) continue;
    for (const NodeReport& to : report.nodes) {
      if (to.region_id != from.region_id || to.stun_only) continue;
      const bool known = std::any_of(measured.begin(), measured.end(), [&](const Report& pair) {
        return pair.region_id == from.region_id && pair.from == from.node && pair.to == to.node;
      });
      if (known) continue;
      if (const auto outcome = BlockedPair(report, from, to)) {
        views.push_back({PairProbeName(from.region, from.node, to.node, rest), *outcome});
      }
    }
  }
}

void AddPairViews(const RunReport& report, std::vector<ViewResult>& views) {
  const auto add = [&](const auto& pair, std::string_view rest, Duration latency) {
    const auto outcome = PairViewOutcome(report, pair.outcome, pair.region_id, pair.from, pair.to,
                                         latency, fmt::format("{}: {}", pair.code, pair.error));
    if (outcome) views.push_back({PairProbeName(pair.region, pair.from, pair.to, rest), *outcome});
  };
  for (const auto& transfer : report.transfers) add(transfer, "bw", transfer.took);
  AddUnmeasuredPairs(report, Stage::kBandwidth, report.transfers, "bw", views);
  for (const auto& queue : report.queues) add(queue, "qd", queue.p50.value_or(Duration::zero()));
  AddUnmeasuredPairs(report, Stage::kQueue, report.queues, "qd", views);
}

}  // namespace

std::string FindingText(const Finding& finding) {
  return finding.fact.empty() ? fmt::format("{}: {}", finding.code, finding.headline)
                              : fmt::format("{}: {}", finding.code, finding.fact);
}

std::vector<ViewResult> NodeViews(const NodeReport& node) {
  std::vector<ViewResult> views;
  AddNodeViews(node, {}, views);
  return views;
}

std::vector<ViewResult> ViewsOf(const RunReport& report) {
  std::vector<ViewResult> views;
  for (const NodeReport& node : report.nodes) AddNodeViews(node, report.findings, views);
  AddMeshViews(report, views);
  AddPairViews(report, views);
  return views;
}

std::string MapErrors(const RunReport& report) {
  std::string errors;
  for (const Finding& finding : report.findings) {
    if (finding.stage != Stage::kMap || finding.severity != Severity::kError) continue;
    // A node whose own entry is broken fails by its own probes.
    if (const auto* node = FindNode(report, finding.region_id, finding.node);
        node != nullptr && node->Worst(Stage::kMap) == Outcome::kFail) {
      continue;
    }
    errors += (errors.empty() ? "" : "; ") + FindingText(finding);
  }
  return errors;
}

std::vector<std::string> ProberErrors(const RunReport& report) {
  std::vector<std::string> errors;
  for (const Finding& finding : report.findings) {
    if (finding.stage == Stage::kProber && finding.severity == Severity::kError) {
      errors.push_back(FindingText(finding));
    }
  }
  if (errors.empty() && report.counts.unknown > 0) {
    errors.push_back(fmt::format("{} of {} nodes could not be judged from here",
                                 report.counts.unknown, report.counts.nodes()));
  }
  return errors;
}

}  // namespace derp::probe
