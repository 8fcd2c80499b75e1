// What is to be said about the map, as findings with advice.
#pragma once

#include <vector>

#include "common/diagnosis/report.h"
#include "derpprobe/maps/map_sources.h"

namespace derp::probe {

// The linter's findings on the map in force, then those about its sources and the region filter.
std::vector<diagnosis::Finding> SourceFindings(const MapRefresh& refresh);

}  // namespace derp::probe
