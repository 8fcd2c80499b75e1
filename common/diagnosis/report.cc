#include "common/diagnosis/report.h"

#include <algorithm>

namespace derp::diagnosis {

namespace {

int Rank(Outcome outcome) {
  switch (outcome) {
    case Outcome::kFail:
      return 4;
    case Outcome::kWarn:
      return 3;
    case Outcome::kOk:
      return 2;
    case Outcome::kNotReached:
      return 1;
    case Outcome::kSkipped:
      return 0;
  }
  return 0;
}

}  // namespace

const FamilyTarget* NodeReport::Target(AddressFamily family) const {
  for (const FamilyTarget& target : targets) {
    if (target.family == family) return &target;
  }
  return nullptr;
}

const StageResult* NodeReport::Find(Stage stage, std::optional<AddressFamily> family) const {
  for (const StageResult& result : stages) {
    if (result.stage == stage && result.family == family) return &result;
  }
  return nullptr;
}

std::optional<Outcome> NodeReport::Worst(Stage stage) const {
  std::optional<Outcome> worst;
  for (const StageResult& result : stages) {
    if (result.stage != stage) continue;
    if (!worst || Rank(result.outcome) > Rank(*worst)) worst = result.outcome;
  }
  return worst;
}

std::optional<Duration> NodeReport::StunRtt() const {
  std::optional<Duration> best;
  for (const FamilyTarget& target : targets) {
    if (target.stun_rtt && (!best || *target.stun_rtt < *best)) best = target.stun_rtt;
  }
  return best;
}

const MeshDirection* MeshReport::Find(std::string_view from, std::string_view to) const {
  for (const MeshDirection& direction : directions) {
    if (direction.from == from && direction.to == to) return &direction;
  }
  return nullptr;
}

bool MeshReport::Works(std::string_view from, std::string_view to) const {
  const MeshDirection* direction = Find(from, to);
  return direction != nullptr && direction->first.has_value();
}

int Badness(Verdict verdict) {
  switch (verdict) {
    case Verdict::kUnusable:
      return 3;
    case Verdict::kUnknown:
      return 2;
    case Verdict::kImpaired:
      return 1;
    case Verdict::kUsable:
      return 0;
  }
  return 0;
}

}  // namespace derp::diagnosis
