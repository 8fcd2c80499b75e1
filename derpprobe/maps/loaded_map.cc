#include "derpprobe/maps/loaded_map.h"

#include <algorithm>
#include <iterator>
#include <map>

#include <fmt/format.h>

#include "common/derpmap/lint.h"

namespace derp::probe {
namespace {

std::set<derpmap::RegionId> Contested(const std::vector<derpmap::SourcedMap>& documents) {
  std::map<std::string, std::set<std::size_t>> users;  // of codes and numbers, by source
  const auto number = [](derpmap::RegionId id) { return fmt::format("{}", id); };
  for (std::size_t i = 0; i < documents.size(); ++i) {
    for (const auto& [id, region] : documents[i].document.map.regions) {
      users[number(id)].insert(i);
      if (!region.code.empty()) users[region.code].insert(i);
    }
  }
  std::set<derpmap::RegionId> contested;
  for (const derpmap::SourcedMap& source : documents) {
    for (const auto& [id, region] : source.document.map.regions) {
      const bool by_code = !region.code.empty() && users[region.code].size() > 1;
      if (by_code || users[number(id)].size() > 1) contested.insert(id);
    }
  }
  return contested;
}

bool IsAboutMap(const derpmap::Note& note) { return note.region.empty(); }

}  // namespace

// A region's notes come from the selected regions alone: two nodes of one name are no fault when
// only one of them is probed. What is said of the map as a whole is about the whole map.
Expected<LoadedMap, Error> MakeMap(const std::vector<derpmap::SourcedMap>& documents,
                                   const RegionFilter& filter) {
  LoadedMap loaded;
  loaded.merged = derpmap::Merge(documents);
  loaded.contested = Contested(documents);
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
