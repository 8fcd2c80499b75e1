// A judged round as metrics (findings.md 4): the service's /metrics and the textfile of
// -format prom say the same under the same names.
#pragma once

#include <vector>

#include "common/diagnosis/report.h"
#include "common/metrics/registry.h"

namespace derp::probe {

// derpprobe_stage_result, derpprobe_stage_duration_seconds, derpprobe_node_usable,
// derpprobe_tls_cert_not_after_secs, derpprobe_finding and derpprobe_build_info.
void AddRunMetrics(const diagnosis::RunReport& report, std::vector<metrics::Family>& families);

}  // namespace derp::probe
