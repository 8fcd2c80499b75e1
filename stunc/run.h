// The whole of a stunc run: resolve, open a socket, ask, report. Single-threaded and blocking;
// every wait has a deadline.
#pragma once

#include "common/base/clock.h"
#include "common/crypto/random.h"
#include "common/net/resolver.h"
#include "stunc/options.h"
#include "stunc/report.h"

namespace derp::stunc {

struct Environment {
  net::Resolver& resolver;
  const Clock& clock;
  RandomSource& random;
};

// The exit status: 0 when every address asked gave at least one reply, else 1.
int Run(const Options& options, const Environment& environment, Report& report);

}  // namespace derp::stunc
