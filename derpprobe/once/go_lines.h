// The reference's log lines of -once (derpprobe.md 2.2), from a judged round: which probes there
// are, which failed, which are good and bad, and the exit status that agrees with them. Pure; the
// lines are without the date.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/derpmap/model.h"
#include "common/diagnosis/report.h"
#include "derpprobe/classes/views.h"
#include "derpprobe/options/options.h"

namespace derp::probe {

// "adding DERP TLS probe for 5a (Frankfurt) every 15s", in the map's order.
std::vector<std::string> AddingLines(const derpmap::DerpMap& map, const ClassIntervals& intervals);

// findings.md 4: 1 for an error, for a node that could not be judged and for nothing to judge; with
// kWarning for a warning too.
int ExitStatus(const diagnosis::RunReport& report, FailOn fail_on);

// What is known to have failed when one node's walk ended, before the round is judged: view and
// error. Failures that the other nodes may yet show to be the prober's own trouble are left out.
std::vector<ViewResult> EarlyFailures(const diagnosis::NodeReport& walked);

// "probe derp/fra/5b/tls: error", on one line.
std::string FailureLine(std::string_view view, std::string_view error);

// FailureLine() for each failure that is not in `told` yet, then "good: …" and "bad: …", each
// sorted bytewise. A bad line exists exactly when ExitStatus() is 1. `map_latency` is the map
// probe's.
std::vector<std::string> ResultLines(const diagnosis::RunReport& report, Duration map_latency,
                                     FailOn fail_on, const std::set<std::string>& told = {});

}  // namespace derp::probe
