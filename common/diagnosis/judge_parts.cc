#include "common/diagnosis/judge_parts.h"

#include <algorithm>

namespace derp::diagnosis {

bool Has(const NodeReport& node, std::string_view code, std::optional<AddressFamily> family) {
  return std::any_of(node.findings.begin(), node.findings.end(), [&](const Finding& finding) {
    if (finding.code != code) return false;
    return !family || std::find(finding.families.begin(), finding.families.end(), *family) !=
                          finding.families.end();
  });
}

void Remove(NodeReport& node, std::string_view code, std::optional<AddressFamily> family) {
  std::erase_if(node.findings, [&](const Finding& finding) {
    return finding.code == code &&
           (!family || finding.families == std::vector<AddressFamily>{*family});
  });
}

StageResult* StageOf(NodeReport& node, Stage stage, std::optional<AddressFamily> family) {
  for (StageResult& result : node.stages) {
    if (result.stage == stage && result.family == family) return &result;
  }
  return nullptr;
}

void NotReached(StageResult* result, Stage after) {
  if (result == nullptr || result->outcome == Outcome::kSkipped) return;
  *result = {result->stage, result->family, Outcome::kNotReached, {}, {}, {}, after};
}

void Skip(StageResult* result, std::string_view reason) {
  if (result == nullptr) return;
  *result = {result->stage, result->family, Outcome::kSkipped, {}, {}, std::string(reason), {}};
}

bool Ran(const NodeReport& node, Stage stage, std::optional<AddressFamily> family) {
  const StageResult* result = node.Find(stage, family);
  return result != nullptr && result->outcome != Outcome::kSkipped &&
         result->outcome != Outcome::kNotReached;
}

bool Works(const NodeReport& node, Stage stage, std::optional<AddressFamily> family) {
  const StageResult* result = node.Find(stage, family);
  return result != nullptr &&
         (result->outcome == Outcome::kOk || result->outcome == Outcome::kWarn);
}

std::string HostOf(const NodeReport& node) {
  std::string host = node.host;
  for (const FamilyTarget& target : node.targets) {
    if (target.derp) host = target.derp->ip.ToString();
    if (target.derp || target.stun) break;
  }
  return host;
}

std::set<std::string> Hosts(const std::vector<const NodeReport*>& nodes) {
  std::set<std::string> hosts;
  for (const NodeReport* node : nodes) hosts.insert(HostOf(*node));
  return hosts;
}

}  // namespace derp::diagnosis
