#include "derpprobe/service/carry_over.h"

#include <algorithm>
#include <set>

#include "common/diagnosis/judgement.h"

namespace derp::probe {
namespace {

using diagnosis::NodeReport;
using diagnosis::Stage;
using diagnosis::StageResult;

bool WasAsked(const StageResult& result) { return result.reason != diagnosis::kNotAskedReason; }

// Where the walk ended before the login, if it did.
std::optional<Stage> EndedAt(const NodeReport& fresh) {
  const StageResult* relay = fresh.Find(Stage::kRelay, std::nullopt);
  if (relay == nullptr || relay->outcome != diagnosis::Outcome::kNotReached) return std::nullopt;
  return relay->after;
}

// Findings.md rule 8: these ask over the main chain's connection.
bool NeedsTheChain(Stage stage) { return stage == Stage::kLatency || stage == Stage::kWs; }

template <typename T>
void KeepIfMissing(const std::optional<T>& before, std::optional<T>& fresh) {
  if (!fresh) fresh = before;
}

void CarryTargets(const NodeReport& before, bool stun, NodeReport& fresh) {
  for (diagnosis::FamilyTarget& target : fresh.targets) {
    const diagnosis::FamilyTarget* old = before.Target(target.family);
    if (old == nullptr) continue;
    KeepIfMissing(old->derp, target.derp);
    KeepIfMissing(old->stun, target.stun);
    KeepIfMissing(old->tcp_rtt, target.tcp_rtt);
    if (!stun) continue;
    KeepIfMissing(old->stun_rtt, target.stun_rtt);
    KeepIfMissing(old->stun_first, target.stun_first);
    KeepIfMissing(old->stun_mapped, target.stun_mapped);
  }
}

}  // namespace

void CarryOver(const NodeReport& before, NodeReport& fresh) {
  std::set<Stage> carried;
  const std::optional<Stage> ended = EndedAt(fresh);
  for (StageResult& result : fresh.stages) {
    if (WasAsked(result)) continue;
    if (ended && NeedsTheChain(result.stage)) {
      result = {result.stage, result.family, diagnosis::Outcome::kNotReached, {}, {}, {}, ended};
      continue;
    }
    const StageResult* old = before.Find(result.stage, result.family);
    if (old == nullptr || !WasAsked(*old)) continue;
    result = *old;
    carried.insert(result.stage);
  }
  for (const diagnosis::Finding& finding : before.findings) {
    if (carried.contains(finding.stage)) fresh.findings.push_back(finding);
  }
  CarryTargets(before, carried.contains(Stage::kStun), fresh);
  if (carried.contains(Stage::kRelay)) {
    KeepIfMissing(before.relay_rtt, fresh.relay_rtt);
    KeepIfMissing(before.relay_first, fresh.relay_first);
    KeepIfMissing(before.relay_family, fresh.relay_family);
    if (fresh.server_key.empty()) fresh.server_key = before.server_key;
  }
  if (carried.contains(Stage::kCert)) {
    KeepIfMissing(before.cert_days_left, fresh.cert_days_left);
    KeepIfMissing(before.cert_not_after, fresh.cert_not_after);
    KeepIfMissing(before.meta_version, fresh.meta_version);
  }
}

}  // namespace derp::probe
