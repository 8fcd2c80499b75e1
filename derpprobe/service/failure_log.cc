#include "derpprobe/service/failure_log.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/diagnosis/units.h"

namespace derp::probe {
namespace {

using diagnosis::Outcome;
using diagnosis::StageResult;

std::string FactOf(const diagnosis::NodeReport& node, const std::string& code) {
  for (const diagnosis::Finding& finding : node.findings) {
    if (finding.code == code) return finding.fact.empty() ? finding.headline : finding.fact;
  }
  return "";
}

std::string Line(const diagnosis::NodeReport& node, const StageResult& result) {
  std::string line(StageName(result.stage));
  if (result.family) line += " " + std::string(FamilyName(*result.family));
  if (result.outcome == Outcome::kNotReached) {
    return line + ": not reached" +
           (result.after ? fmt::format(" after {}", StageName(*result.after)) : "");
  }
  line += ": " + std::string(OutcomeName(result.outcome));
  if (!result.reason.empty()) line += ", " + result.reason;
  if (result.duration > Duration::zero()) {
    line += ", " + diagnosis::Milliseconds(result.duration);
  }
  if (!result.code.empty()) line += ", " + result.code;
  const std::string fact = result.code.empty() ? "" : FactOf(node, result.code);
  return fact.empty() ? line : line + ": " + fact;
}

}  // namespace

std::vector<std::string> StepLog(const diagnosis::NodeReport& node) {
  std::vector<const StageResult*> results;
  for (const StageResult& result : node.stages) results.push_back(&result);
  std::stable_sort(results.begin(), results.end(), [](const StageResult* a, const StageResult* b) {
    return std::pair(a->stage, a->family) < std::pair(b->stage, b->family);
  });
  std::vector<std::string> lines;
  for (const StageResult* result : results) lines.push_back(Line(node, *result));
  return lines;
}

bool HasFailed(const diagnosis::NodeReport& node) {
  return std::any_of(node.stages.begin(), node.stages.end(),
                     [](const StageResult& result) { return result.outcome == Outcome::kFail; });
}

}  // namespace derp::probe
