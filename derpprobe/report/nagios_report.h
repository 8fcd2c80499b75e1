// -format nagios: what a monitoring plugin prints. The first line stands alone in fewer than 80
// characters, a line per finding follows, performance data stands behind the only "|". Pure.
#pragma once

#include <string>
#include <string_view>

#include "derpprobe/report/json_report.h"

namespace derp::probe {

struct NagiosReport {
  int status = 0;  // 0 ok, 1 warning, 2 critical, 3 unknown
  std::string text;
};

// Unknown only when nothing but the prober's own trouble stands in the way. With
// `warnings_are_errors` (-fail-on warning) a warning is critical.
NagiosReport NagiosText(const diagnosis::RunReport& report, const ReportFacts& facts,
                        bool warnings_are_errors);

// The prober could not run: status 3.
NagiosReport NagiosUnknown(std::string_view why);

}  // namespace derp::probe
