// One report: the plan is run from one poll loop over the two probe sockets; only names are
// resolved beside it. Blocks for at most the limit of the STUN phase.
#pragma once

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/crypto/random.h"
#include "common/derpmap/model.h"
#include "netcheck/measure/interfaces.h"
#include "netcheck/measure/name_lookups.h"
#include "netcheck/measure/probe_sockets.h"
#include "netcheck/measure/report.h"

namespace derp::netcheck {

// What a measurement needs of the machine. All must outlive the call.
struct Tools {
  const Clock& clock;
  RandomSource& random;
  const Logger& log;
  NameLookups& names;
};

struct MeasureOptions {
  bool all_regions = false;  // wait for every region that may still answer
  LocalFamilies local;
};

Report Measure(const derpmap::DerpMap& map, const ProbeSockets& sockets,
               const MeasureOptions& options, const Tools& tools);

}  // namespace derp::netcheck
