#include <algorithm>
#include <array>

#include "common/diagnosis/catalogue.h"
#include "common/diagnosis/judgement.h"

namespace derp::diagnosis {

namespace {

constexpr std::array kFamilyChain = {Stage::kTcp, Stage::kTls, Stage::kCert, Stage::kHttp,
                                     Stage::kDerp};

// How the main chain went over one family.
enum class Chain { kWorks, kFails, kNotTried };

// An error that stops no client (cert.expiring_soon …) hides nothing and lets the walk go on.
bool Stops(const StageResult& result) {
  if (result.outcome == Outcome::kNotReached) return true;
  if (result.outcome != Outcome::kFail) return false;
  const CatalogueEntry* entry = FindEntry(result.code);
  return entry == nullptr || !HiddenStages(*entry).empty();
}

Chain ChainOf(const NodeReport& node, AddressFamily family) {
  bool tried = false;
  for (const Stage stage : kFamilyChain) {
    const StageResult* result = node.Find(stage, family);
    if (result == nullptr) continue;
    if (result->outcome == Outcome::kSkipped) {
      if (result->reason == kInterceptedReason) return Chain::kNotTried;
      continue;
    }
    if (Stops(*result)) return Chain::kFails;
    tried = true;
  }
  return tried ? Chain::kWorks : Chain::kNotTried;
}

bool StoppedBefore(const NodeReport& node) {
  return std::any_of(node.stages.begin(), node.stages.end(), [](const StageResult& result) {
    return (result.stage == Stage::kMap || result.stage == Stage::kDns) &&
           result.outcome == Outcome::kFail;
  });
}

bool IsIntercepted(const NodeReport& node) {
  return std::any_of(node.stages.begin(), node.stages.end(), [](const StageResult& result) {
    return result.outcome == Outcome::kSkipped && result.reason == kInterceptedReason;
  });
}

bool OnlyProberStandsInTheWay(const NodeReport& node) {
  const bool excused =
      std::any_of(node.stages.begin(), node.stages.end(), [](const StageResult& result) {
        return result.outcome == Outcome::kSkipped &&
               (result.reason == kNoIpv4Reason || result.reason == kNoIpv6Reason ||
                result.reason == kOfflineReason || result.reason == kUdpBlockedReason);
      });
  const bool ran = std::any_of(node.stages.begin(), node.stages.end(), [](const StageResult& r) {
    return r.outcome == Outcome::kOk || r.outcome == Outcome::kWarn || r.outcome == Outcome::kFail;
  });
  return excused && !ran;
}

bool IsSpotless(const NodeReport& node) {
  const bool stages =
      std::none_of(node.stages.begin(), node.stages.end(), [](const StageResult& r) {
        return r.outcome == Outcome::kWarn || r.outcome == Outcome::kFail;
      });
  return stages && std::all_of(node.findings.begin(), node.findings.end(), [](const Finding& f) {
           return f.severity == Severity::kInfo || f.stage == Stage::kMap;
         });
}

Verdict VerdictOf(const NodeReport& node) {
  if (StoppedBefore(node)) return Verdict::kUnusable;
  if (OnlyProberStandsInTheWay(node)) return Verdict::kUnknown;
  bool works = false;
  bool fails = false;
  for (const FamilyTarget& target : node.targets) {
    const Chain chain = ChainOf(node, target.family);
    works = works || chain == Chain::kWorks;
    fails = fails || chain == Chain::kFails;
  }
  if (!works && !fails && IsIntercepted(node)) return Verdict::kUnknown;
  const StageResult* relay = node.Find(Stage::kRelay, {});
  const bool relay_fails =
      relay != nullptr && relay->outcome == Outcome::kFail && relay->code != "relay.idle_cut";
  if (relay_fails || (fails && !works)) return Verdict::kUnusable;
  return !fails && IsSpotless(node) ? Verdict::kUsable : Verdict::kImpaired;
}

Verdict RegionVerdict(const RunReport& report, std::int64_t region_id) {
  bool any = false;
  bool all_unusable = true;
  bool flaw = false;
  Verdict best = Verdict::kUnusable;
  for (const NodeReport& node : report.nodes) {
    if (node.region_id != region_id || node.verdict == Verdict::kUnknown) continue;
    any = true;
    if (Badness(node.verdict) < Badness(best)) best = node.verdict;
    all_unusable = all_unusable && node.verdict == Verdict::kUnusable;
    flaw = flaw || node.verdict == Verdict::kUnusable;
  }
  if (!any) return Verdict::kUnknown;
  if (all_unusable) return Verdict::kUnusable;
  for (const MeshReport& mesh : report.meshes) {
    if (mesh.region_id != region_id) continue;
    flaw = flaw || std::any_of(mesh.directions.begin(), mesh.directions.end(),
                               [](const MeshDirection& d) { return !d.first; });
  }
  return flaw ? Verdict::kImpaired : best;
}

void Count(Verdict verdict, Counts& counts) {
  switch (verdict) {
    case Verdict::kUsable:
      ++counts.usable;
      break;
    case Verdict::kImpaired:
      ++counts.impaired;
      break;
    case Verdict::kUnusable:
      ++counts.unusable;
      break;
    case Verdict::kUnknown:
      ++counts.unknown;
      break;
  }
}

}  // namespace

void JudgeVerdicts(RunReport& report) {
  const bool blind =
      std::any_of(report.findings.begin(), report.findings.end(),
                  [](const Finding& finding) { return finding.code == "prober.offline"; });
  for (NodeReport& node : report.nodes) {
    node.verdict = blind ? Verdict::kUnknown : VerdictOf(node);
    Count(node.verdict, report.counts);
    const bool known = std::any_of(
        report.regions.begin(), report.regions.end(),
        [&node](const RegionReport& region) { return region.region_id == node.region_id; });
    if (!known) report.regions.push_back({node.region, node.region_id, node.region_name, {}});
  }
  for (RegionReport& region : report.regions) {
    region.verdict = RegionVerdict(report, region.region_id);
  }
}

}  // namespace derp::diagnosis
