// The status page as one HTML text (design: status page). No scripts, nothing loaded from
// elsewhere.
#pragma once

#include <optional>
#include <string>

#include "derpprobe/service/board.h"

namespace derp::probe {

struct PageOptions {
  std::string vantage;  // where this prober stands, usually the host name
  Duration round{};     // between two walks of a node
  WallTime now;
  std::optional<int> refresh_seconds;  // ?refresh=30
  std::string open;                    // ?open=fra: this region's row comes open
};

std::string StatusPage(const BoardState& state, const PageOptions& options);

}  // namespace derp::probe
