// What a walk on demand says as metrics, under the names blackbox_exporter made known. Pure.
#pragma once

#include <string>

#include "common/diagnosis/report.h"
#include "derpprobe/service/target_probe.h"

namespace derp::probe {

// The metrics of `node` in a judged report, and, for `debug`, its step log before them as comments.
std::string TargetMetrics(const diagnosis::RunReport& report, const diagnosis::NodeReport& node,
                          Duration took, bool debug);

// Whether what the module asked for works: something ran, nothing failed, no error stands.
bool ProbeSucceeded(const diagnosis::RunReport& report, const diagnosis::NodeReport& node);

}  // namespace derp::probe
