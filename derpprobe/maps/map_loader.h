// One reading of the map's sources, for a program that runs once.
#pragma once

#include "derpprobe/maps/map_sources.h"

namespace derp::probe {

// The sources as people may see them: without user names, passwords and queries.
std::string ShownSources(const std::vector<std::string>& sources);

// Blocking. kNotFound: the filter fits nothing; else what the sources said.
Expected<LoadedMap, Error> LoadProbedMap(const std::vector<std::string>& sources,
                                         const std::vector<std::string>& codes, TimePoint deadline);

}  // namespace derp::probe
