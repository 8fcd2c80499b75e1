#include "common/derpmap/merge.h"

#include <algorithm>

#include <fmt/format.h>

namespace derp::derpmap {
namespace {

class Merger {
 public:
  explicit Merger(const std::vector<SourcedMap>& sources) : sources_(sources) {}

  MergedMap Run() {
    for (std::size_t i = 0; i < sources_.size(); ++i) Add(i);
    std::sort(map().null_regions.begin(), map().null_regions.end());
    return std::move(merged_);
  }

 private:
  DerpMap& map() { return merged_.document.map; }
  std::vector<Note>& notes() { return merged_.document.notes; }

  void Add(std::size_t index) {
    const DerpMap& added = sources_[index].document.map;
    if (added.omit_default_regions && !added.regions.empty()) {
      map().omit_default_regions = true;
      while (!map().regions.empty())
        Replace(map().regions.begin()->first,
                fmt::format("left out: {} sets omitDefaultRegions", sources_[index].source));
    }
    for (const auto& [id, region] : added.regions) AddRegion(index, id, region);
    for (const RegionId id : added.null_regions) {
      Forget(id);
      map().null_regions.push_back(id);
    }
    for (const auto& [id, score] : added.region_score) map().region_score[id] = score;
    const std::vector<Note>& found = sources_[index].document.notes;
    notes().insert(notes().end(), found.begin(), found.end());
  }

  void AddRegion(std::size_t index, RegionId id, const Region& region) {
    if (map().regions.count(id) > 0)
      Replace(id, fmt::format("replaced by that of {}", sources_[index].source));
    else
      Forget(id);
    map().regions.emplace(id, region);
    merged_.source_of[id] = index;
  }

  // Takes a region away and says so, in place of what was noted about it.
  void Replace(RegionId id, std::string_view how) {
    Note note;
    note.code = "map.region_replaced";
    note.region_id = id;
    note.region = RegionLabel(map().regions.at(id));
    note.fact = fmt::format("region {} of {} is {}", note.region,
                            sources_[merged_.source_of.at(id)].source, how);
    Forget(id);
    notes().push_back(std::move(note));
  }

  void Forget(RegionId id) {
    map().regions.erase(id);
    merged_.source_of.erase(id);
    std::erase(map().null_regions, id);
    std::erase_if(notes(),
                  [&](const Note& note) { return note.region_id == id && !note.region.empty(); });
  }

  const std::vector<SourcedMap>& sources_;
  MergedMap merged_;
};

}  // namespace

MergedMap Merge(const std::vector<SourcedMap>& sources) { return Merger(sources).Run(); }

}  // namespace derp::derpmap
