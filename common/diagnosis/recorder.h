// Writes the results of stages into a NodeReport: one place that keeps outcome, code and finding in
// step (findings.md rules 1, 8). Not thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/diagnosis/report.h"

namespace derp::diagnosis {

class Recorder {
 public:
  // `report` must outlive the recorder; region, node and host are set already.
  explicit Recorder(NodeReport& report) : report_(report) {}

  using MaybeFamily = std::optional<AddressFamily>;

  void Ok(Stage stage, MaybeFamily family, Duration duration);
  void Skip(Stage stage, MaybeFamily family, std::string_view reason);
  void NotReached(Stage stage, MaybeFamily family, Stage after);
  // The stage ends as the finding's severity says: fail, warn, or ok with an info.
  void Decide(Stage stage, MaybeFamily family, Duration duration, Finding finding);
  // A finding that leaves the stages' outcomes as they are.
  void Note(Finding finding, MaybeFamily family = {});

  NodeReport& report() { return report_; }

 private:
  NodeReport& report_;
};

}  // namespace derp::diagnosis
