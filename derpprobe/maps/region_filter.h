// -region-code and -exclude-region: which regions of the merged map are probed (derpprobe.md 12.1).
// Pure.
#pragma once

#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/derpmap/note.h"

namespace derp::probe {

struct RegionFilter {
  std::vector<std::string> only;      // codes or numbers; empty: all
  std::vector<std::string> excluded;  // likewise

  bool Selects(derpmap::RegionId id, std::string_view code) const;
  bool selects_all() const { return only.empty() && excluded.empty(); }
};

// Takes the regions that are not selected out of the map, with what was noted of them. kNotFound,
// and nothing is done, for a name that matches no region and when no region is left: a check that
// silently checks nothing is worse than a failure.
Expected<void, Error> KeepSelected(const RegionFilter& filter, derpmap::MapDocument& document);

}  // namespace derp::probe
