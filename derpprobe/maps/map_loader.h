// Fetches the map's sources and makes one map of them, filtered by region (derpprobe.md 3). Used by
// -once and by the service's refreshes; keeping an old map through failures is
// derpmap::MapKeeper's.
#pragma once

#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/derpmap/merge.h"

namespace derp::probe {

struct LoadedMap {
  derpmap::MergedMap merged;
  std::vector<derpmap::Note> notes;  // of the linter, those of filtered regions taken out
  std::string shown;                 // the sources for people, without secrets
};

// The sources as people may see them: without user names, passwords and queries.
std::string ShownSources(const std::vector<std::string>& sources);

// Blocking; all sources in their order. kInvalidArgument: a source's text is wrong (usage).
Expected<LoadedMap, Error> LoadMap(const std::vector<std::string>& sources, TimePoint deadline);

// Keeps the regions whose code or number is in `codes`; all when it is empty. kNotFound names a
// code that matches no region: a check that silently checks nothing is worse than a failure.
Expected<void, Error> KeepRegions(const std::vector<std::string>& codes, LoadedMap& map);

// One after the other: the map that is probed.
Expected<LoadedMap, Error> LoadProbedMap(const std::vector<std::string>& sources,
                                         const std::vector<std::string>& codes, TimePoint deadline);

}  // namespace derp::probe
