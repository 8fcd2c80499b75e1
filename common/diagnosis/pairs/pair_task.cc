#include "common/diagnosis/pairs/pair_task.h"

#include "common/derpmap/note.h"

namespace derp::diagnosis {

std::vector<PairTask> PairsOf(const derpmap::DerpMap& map, const MeshKeyRule& key_rule) {
  std::vector<PairTask> tasks;
  for (const auto& [id, region] : map.regions) {
    const std::optional<MeshKey> key = key_rule ? key_rule(region.code, id) : std::nullopt;
    for (const derpmap::Node& from : region.nodes) {
      for (const derpmap::Node& to : region.nodes) {
        if (from.stun_only || to.stun_only) continue;
        tasks.push_back({derpmap::RegionLabel(region), id, from, to, key});
      }
    }
  }
  return tasks;
}

}  // namespace derp::diagnosis
