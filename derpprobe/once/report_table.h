// The rows of the report: nodes with a mark per stage, the mesh as a matrix, and with -v every
// stage's words.
#pragma once

#include <string>

#include "common/cli/terminal.h"
#include "common/diagnosis/report.h"

namespace derp::probe {

// Worst first. Without `verbose` usable nodes are one line as soon as another is not usable or
// there are more than 12.
std::string NodeTable(const diagnosis::RunReport& report, bool verbose,
                      const cli::Terminal& terminal);

// Stage by stage with durations and reasons.
std::string StageDetails(const diagnosis::RunReport& report, const cli::Terminal& terminal);

// "from\to" with milliseconds; each line begins with `indent`.
std::string MeshMatrix(const diagnosis::MeshReport& mesh, std::string_view indent,
                       const cli::Terminal& terminal);

cli::Mark MarkOf(diagnosis::Verdict verdict);
cli::Mark MarkOf(diagnosis::Outcome outcome);

// "fra/5b", or the region alone.
std::string PlaceOf(const diagnosis::Finding& finding);

}  // namespace derp::probe
