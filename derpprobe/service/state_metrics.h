// The board as metrics (findings.md 4, derpprobe.md 12.2): stages, findings, verdicts,
// certificates.
#pragma once

#include <vector>

#include "common/metrics/registry.h"
#include "derpprobe/service/board.h"

namespace derp::probe {

void AddStateMetrics(const BoardState& state, std::vector<metrics::Family>& families);

}  // namespace derp::probe
