// The rows of the report: nodes with a mark per stage.
#pragma once

#include <string>

#include "common/cli/terminal.h"
#include "common/diagnosis/report.h"

namespace derp::probe {

// Worst first. Without `verbose` usable nodes are one line as soon as another is not usable or
// there are more than 12.
std::string NodeTable(const diagnosis::RunReport& report, bool verbose,
                      const cli::Terminal& terminal);

// "fra/5b", or the region alone.
std::string PlaceOf(const diagnosis::Finding& finding);

}  // namespace derp::probe
