// Whether the service has something to say (/readyz). Pure.
#pragma once

#include <string>

#include "derpprobe/service/board.h"

namespace derp::probe {

// Empty when ready; else why not: no map yet, the first round under way, no result for long.
std::string WhyNotReady(const BoardState& state, Duration round, WallTime now);

}  // namespace derp::probe
