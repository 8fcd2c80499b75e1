// One tile and one row per region. Rows come worst first, those in trouble open; an opened row
// shows its nodes, mesh, transfers and plots. Pure.
#pragma once

#include <string>

#include "derpprobe/service/board.h"
#include "derpprobe/service/status_page.h"

namespace derp::probe {

// In the map's order, so that places stay learnable.
std::string RegionTiles(const BoardState& state);

std::string RegionRows(const BoardState& state, const PageOptions& options);

}  // namespace derp::probe
