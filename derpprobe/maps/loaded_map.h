// The map that is probed: the sources' documents merged, filtered and linted. Pure.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/derpmap/merge.h"
#include "derpprobe/maps/region_filter.h"

namespace derp::probe {

struct LoadedMap {
  derpmap::MergedMap merged;         // of the selected regions
  std::vector<derpmap::Note> notes;  // of readers, merge and linter; none of other regions
  // Whose number or code more than one source uses: which of them was meant cannot be told.
  std::set<derpmap::RegionId> contested{};
  bool complete = true;  // every source was read at least once

  // findings.md rule 10: with several sources a region's name alone does not earn it the mesh key,
  // since any of them may use that name.
  bool MayHaveKey(derpmap::RegionId id) const { return complete && !contested.contains(id); }
};

// The error is the filter's.
Expected<LoadedMap, Error> MakeMap(const std::vector<derpmap::SourcedMap>& documents,
                                   const RegionFilter& filter);

}  // namespace derp::probe
