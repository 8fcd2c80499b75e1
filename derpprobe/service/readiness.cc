#include "derpprobe/service/readiness.h"

#include <fmt/format.h>

#include "derpprobe/service/page/verdict_box.h"

namespace derp::probe {

std::string WhyNotReady(const BoardState& state, Duration round, WallTime now) {
  if (!state.source.fetched) {
    return state.source.failure.empty() ? "no DERP map read yet"
                                        : "no DERP map read yet: " + state.source.failure;
  }
  if (state.nodes_total == 0) return "the DERP map has no node to probe";
  if (state.nodes_done < state.nodes_total) {
    return fmt::format("first round: {} of {} nodes done", state.nodes_done, state.nodes_total);
  }
  if (IsStale(state, round, now)) {
    return fmt::format("no result since {}", FormatRfc3339(*state.last_result));
  }
  return "";
}

}  // namespace derp::probe
