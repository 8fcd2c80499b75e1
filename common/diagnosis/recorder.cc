#include "common/diagnosis/recorder.h"

#include <utility>

namespace derp::diagnosis {

void Recorder::Ok(Stage stage, MaybeFamily family, Duration duration) {
  report_.stages.push_back({stage, family, Outcome::kOk, duration, {}, {}, {}});
}

void Recorder::Skip(Stage stage, MaybeFamily family, std::string_view reason) {
  report_.stages.push_back({stage, family, Outcome::kSkipped, {}, {}, std::string(reason), {}});
}

void Recorder::NotReached(Stage stage, MaybeFamily family, Stage after) {
  report_.stages.push_back({stage, family, Outcome::kNotReached, {}, {}, {}, after});
}

void Recorder::Decide(Stage stage, MaybeFamily family, Duration duration, Finding finding) {
  Outcome outcome = Outcome::kOk;
  if (finding.severity == Severity::kError) outcome = Outcome::kFail;
  if (finding.severity == Severity::kWarning) outcome = Outcome::kWarn;
  const std::string code = outcome == Outcome::kOk ? std::string() : finding.code;
  report_.stages.push_back({stage, family, outcome, duration, code, {}, {}});
  Note(std::move(finding), family);
}

void Recorder::Note(Finding finding, MaybeFamily family) {
  finding.region = report_.region;
  finding.region_id = report_.region_id;
  finding.node = report_.node;
  if (family && finding.families.empty()) finding.families = {*family};
  report_.findings.push_back(std::move(finding));
}

}  // namespace derp::diagnosis
