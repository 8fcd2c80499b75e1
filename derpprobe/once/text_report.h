// The report of -once for people (design/output.md 2): a row per node, a block per finding, the
// verdict as the last line. Pure: a judged round in, text out.
#pragma once

#include <string>

#include "common/base/clock.h"
#include "common/cli/terminal.h"
#include "common/diagnosis/report.h"

namespace derp::probe {

struct TextReportInput {
  const diagnosis::RunReport& report;
  std::string map_shown;
  std::size_t map_regions = 0;
  std::size_t map_nodes = 0;
  WallTime time;
  Duration took{};
  bool verbose = false;
  bool only_map = false;  // -lint: no node was asked, the last line counts findings
};

std::string TextReport(const TextReportInput& input, const cli::Terminal& terminal);

}  // namespace derp::probe
