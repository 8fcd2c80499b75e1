#include <algorithm>

#include "common/diagnosis/judgement.h"

namespace derp::diagnosis {

namespace {

// No family connected, and at least one tried.
bool TcpFails(const NodeReport& node) {
  bool failed = false;
  for (const StageResult& result : node.stages) {
    if (result.stage != Stage::kTcp) continue;
    if (result.outcome == Outcome::kOk || result.outcome == Outcome::kWarn) return false;
    failed = failed || result.outcome == Outcome::kFail;
  }
  return failed;
}

}  // namespace

// A host that refuses or swallows its relay's port and port 80 alike has one fault, not two.
void JudgeClosedPorts(RunReport& report) {
  for (NodeReport& node : report.nodes) {
    if (!TcpFails(node)) continue;
    for (StageResult& result : node.stages) {
      if (result.stage != Stage::kPort80 || result.code != "port80.closed") continue;
      result = {Stage::kPort80, {}, Outcome::kNotReached, {}, {}, {}, Stage::kTcp};
      std::erase_if(node.findings,
                    [](const Finding& finding) { return finding.code == "port80.closed"; });
    }
  }
}

}  // namespace derp::diagnosis
