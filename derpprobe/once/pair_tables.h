// What was measured between two nodes of a region: the mesh as a matrix, and a line per pair for
// bandwidth and queuing delay.
#pragma once

#include <string>
#include <string_view>

#include "common/cli/terminal.h"
#include "common/diagnosis/report.h"

namespace derp::probe {

// "from\to" with milliseconds, a node to itself through its own relay. Empty for fewer than three
// nodes, and where it would be too wide. Each line begins with `indent`.
std::string MeshMatrix(const diagnosis::RunReport& report, std::int64_t region_id,
                       std::string_view indent, const cli::Terminal& terminal);

// Without `verbose` only what is not good as soon as there are more than 12 pairs. Empty when
// neither was asked for.
std::string PairLines(const diagnosis::RunReport& report, bool verbose,
                      const cli::Terminal& terminal);

}  // namespace derp::probe
