// /debug/: what this process is, its pages, and the reference's probes, each of which can be run
// now. Pure.
#pragma once

#include <string>
#include <vector>

#include "derpprobe/schedule/probe_record.h"

namespace derp::probe {

std::string DebugIndexPage(const std::vector<ProbeInfo>& probes, Duration uptime,
                           const std::string& machine);

}  // namespace derp::probe
