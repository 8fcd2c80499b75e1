// A whole run of traffic: engines on their threads, storm and slow-loris beside them, and the
// server's CPU time over just the time of measurement.
#pragma once

#include "common/base/result.h"
#include "tests/bench/load/figures.h"
#include "tests/bench/load/options.h"

namespace derp::load {

// Blocks; reports stages to stderr.
std::optional<Error> RunTraffic(const Options& options, Figures& figures);

}  // namespace derp::load
