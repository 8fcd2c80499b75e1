// derpprobe as a service: listens, probes, serves pages until SIGINT or SIGTERM.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "common/base/log.h"
#include "common/diagnosis/measure.h"
#include "derpprobe/alerts/alert_desk.h"
#include "derpprobe/alerts/alert_tracker.h"
#include "derpprobe/service/prober.h"
#include "derpprobe/service/prober_watch.h"

namespace derp::probe {

struct ServiceOptions {
  std::string listen = ":8030";  // Go syntax; an empty host is every interface
  ProberOptions prober;
  PairProberOptions pairs;
  ProberWatchOptions watch{};  // `round` is set here
  std::string state_dir{};     // where the history is kept; empty: in memory only
  AlertRule alert_rule{};
  AlertDeskOptions alerts{};
  std::vector<std::string> probe_allow{};  // HOST:PORT, targets of /probe outside the map
  // Reads configuration, mesh key and maps anew (SIGHUP, POST /-/reload) and puts them in force;
  // gives the intervals in force then. An error says what is wrong, and everything stays as it was.
  // Called in a pool thread, one call at a time.
  std::function<Expected<ClassIntervals, Error>()> reload;
};

// Blocks until a signal ends it. The exit status: 0 after a signal, 1 when it could not start.
int RunService(const ServiceOptions& options, Prober::LoadMap load_map,
               const diagnosis::WalkContext& context, const Clock& clock, const Logger& logger);

}  // namespace derp::probe
