// The map that is probed: the sources' documents merged, filtered and linted. Pure.
#pragma once

#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/derpmap/merge.h"
#include "derpprobe/maps/region_filter.h"

namespace derp::probe {

struct LoadedMap {
  derpmap::MergedMap merged;         // of the selected regions
  std::vector<derpmap::Note> notes;  // of readers, merge and linter; none of other regions
};

// The error is the filter's.
Expected<LoadedMap, Error> MakeMap(const std::vector<derpmap::SourcedMap>& documents,
                                   const RegionFilter& filter);

}  // namespace derp::probe
