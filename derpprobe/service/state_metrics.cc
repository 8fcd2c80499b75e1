#include "derpprobe/service/state_metrics.h"

#include "derpprobe/report/run_metrics.h"

namespace derp::probe {

void AddStateMetrics(const BoardState& state, std::vector<metrics::Family>& families) {
  AddRunMetrics(state.report, families);
}

}  // namespace derp::probe
