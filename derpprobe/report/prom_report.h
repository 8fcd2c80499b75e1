// -format prom: a judged round for node_exporter's textfile collector. Pure.
#pragma once

#include <string>

#include "derpprobe/report/json_report.h"

namespace derp::probe {

// The metrics of the round (run_metrics.h) and derpprobe_last_run_timestamp_seconds,
// derpprobe_last_run_duration_seconds and derpprobe_last_run_exit_status.
std::string PromText(const diagnosis::RunReport& report, const ReportFacts& facts);

}  // namespace derp::probe
