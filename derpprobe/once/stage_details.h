// What -v adds: node by node, stage by stage, with durations, codes and reasons.
#pragma once

#include <string>

#include "common/cli/terminal.h"
#include "common/diagnosis/report.h"

namespace derp::probe {

// Stages one after the other that did not run for the same reason share a line.
std::string StageDetails(const diagnosis::RunReport& report, const cli::Terminal& terminal);

}  // namespace derp::probe
