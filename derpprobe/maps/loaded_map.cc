#include "derpprobe/maps/loaded_map.h"

#include <algorithm>
#include <iterator>

#include "common/derpmap/lint.h"

namespace derp::probe {
namespace {

bool IsAboutMap(const derpmap::Note& note) { return note.region.empty(); }

}  // namespace

// A region's notes come from the selected regions alone: two nodes of one name are no fault when
// only one of them is probed. What is said of the map as a whole is about the whole map.
Expected<LoadedMap, Error> MakeMap(const std::vector<derpmap::SourcedMap>& documents,
                                   const RegionFilter& filter) {
  LoadedMap loaded;
  loaded.merged = derpmap::Merge(documents);
  if (filter.selects_all()) {
    loaded.notes = derpmap::Lint(loaded.merged.document);
    return loaded;
  }
  std::vector<derpmap::Note> whole = derpmap::Lint(loaded.merged.document);
  if (const auto kept = KeepSelected(filter, loaded.merged.document); !kept) {
    return Fail(kept.error());
  }
  const auto& regions = loaded.merged.document.map.regions;
  std::erase_if(loaded.merged.source_of,
                [&](const auto& entry) { return !regions.contains(entry.first); });
  std::vector<derpmap::Note> selected = derpmap::Lint(loaded.merged.document);
  std::erase_if(whole, [](const derpmap::Note& note) { return !IsAboutMap(note); });
  std::erase_if(selected, [](const derpmap::Note& note) {
    return IsAboutMap(note) && note.code != "map.empty";
  });
  loaded.notes = std::move(whole);
  std::move(selected.begin(), selected.end(), std::back_inserter(loaded.notes));
  return loaded;
}

}  // namespace derp::probe
