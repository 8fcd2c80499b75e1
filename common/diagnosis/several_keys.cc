#include "common/diagnosis/several_keys.h"

#include <string>
#include <vector>

#include <fmt/format.h>

#include "common/diagnosis/catalogue.h"
#include "common/diagnosis/recorder.h"

namespace derp::diagnosis {

void ReportSeveralKeys(const std::set<NodePublic>& keys, std::optional<AddressFamily> family,
                       NodeReport& report) {
  std::vector<std::string> names;
  for (const NodePublic& key : keys) names.push_back(key.ShortString());
  Finding finding =
      MakeFinding("derp.several_keys", "several relays answer for this node",
                  fmt::format("{} different server keys: {}", names.size(), fmt::join(names, ", ")),
                  "enter each relay as a node of its own, and mesh them");
  finding.data["keys"] = static_cast<std::int64_t>(names.size());
  for (StageResult& result : report.stages) {
    if (result.stage != Stage::kDerp || result.outcome != Outcome::kOk) continue;
    result.outcome = Outcome::kFail;
    result.code = finding.code;
  }
  Recorder(report).Note(std::move(finding), family);
}

void ExcuseRelay(NodeReport& report) {
  for (StageResult& result : report.stages) {
    if (result.stage != Stage::kRelay || result.outcome != Outcome::kFail) continue;
    result = {Stage::kRelay, result.family, Outcome::kNotReached, {}, {}, {}, Stage::kDerp};
  }
  std::erase_if(report.findings, [](const Finding& finding) {
    return finding.stage == Stage::kRelay && finding.severity == Severity::kError;
  });
}

}  // namespace derp::diagnosis
