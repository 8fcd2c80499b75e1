// The reference's log lines of -once (derpprobe.md 2.2), from a judged round: which probes there
// are, which failed, which are good and bad. Pure; the lines are without the date.
#pragma once

#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/derpmap/model.h"
#include "common/diagnosis/report.h"
#include "derpprobe/classes/views.h"

namespace derp::probe {

// "adding DERP TLS probe for 5a (Frankfurt) every 15s", in the map's order.
std::vector<std::string> AddingLines(const derpmap::DerpMap& map, const ClassIntervals& intervals);

// "probe NAME: error" for each failure, then "good: …" and "bad: …", each sorted bytewise. A bad
// line exists exactly when the report's exit status is 1. `map_latency` is the map probe's.
std::vector<std::string> ResultLines(const diagnosis::RunReport& report, Duration map_latency);

}  // namespace derp::probe
