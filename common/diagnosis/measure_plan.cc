#include <algorithm>
#include <set>

#include "common/derpmap/lint.h"
#include "common/diagnosis/catalogue.h"
#include "common/diagnosis/measure.h"

namespace derp::diagnosis {

namespace {

constexpr int kThoroughGreetings = 5;  // rule 9

}  // namespace

std::vector<WalkTask> PlanWalks(const derpmap::DerpMap& map,
                                const std::vector<derpmap::Note>& notes, const StagesAsked& asked,
                                const MeshKeyRule& mesh_key_rule) {
  std::vector<WalkTask> tasks;
  for (const auto& [id, region] : map.regions) {
    const auto relays = std::count_if(region.nodes.begin(), region.nodes.end(),
                                      [](const derpmap::Node& node) { return !node.stun_only; });
    for (const derpmap::Node& node : region.nodes) {
      WalkTask task;
      task.region = derpmap::RegionLabel(region);
      task.region_id = id;
      task.region_name = region.name;
      task.node = node;
      task.single_in_region = relays < 2;
      task.asked = asked;
      if (mesh_key_rule) task.mesh_key = mesh_key_rule(region.code, id);
      for (const derpmap::Note& note : notes) {
        const bool about = note.region_id == id && note.node == node.name;
        if (about && derpmap::EndsWalk(note.code)) task.map_error = note.code;
      }
      tasks.push_back(std::move(task));
    }
  }
  return tasks;
}

void AskThoroughly(std::vector<WalkTask>& tasks) {
  if (tasks.size() <= kThoroughNodes) {
    for (WalkTask& task : tasks) task.asked.greetings = kThoroughGreetings;
    return;
  }
  std::vector<std::size_t> candidates;  // the first relay of each region
  std::set<std::int64_t> regions;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    const bool walked = !tasks[i].node.stun_only && tasks[i].map_error.empty();
    if (walked && regions.insert(tasks[i].region_id).second) candidates.push_back(i);
  }
  std::set<std::size_t> sample;
  const std::size_t wanted = std::min(kThoroughNodes, candidates.size());
  for (std::size_t i = 0; i < wanted; ++i)
    sample.insert(candidates[i * candidates.size() / wanted]);
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    if (sample.contains(i)) {
      tasks[i].asked.greetings = kThoroughGreetings;
    } else {
      tasks[i].asked.ws = false;
    }
  }
}

std::vector<Finding> MapFindings(const std::vector<derpmap::Note>& notes) {
  std::vector<Finding> findings;
  for (const derpmap::Note& note : notes) {
    const CatalogueEntry* entry = FindEntry(note.code);
    if (entry == nullptr) continue;
    Finding finding = MakeFinding(note.code);
    finding.region = note.region;
    finding.region_id = note.region_id;
    finding.node = note.node;
    finding.peers = note.peers;
    finding.headline = entry->means;
    finding.fact = note.fact;
    finding.advice = entry->fix;
    finding.data.insert(note.data.begin(), note.data.end());
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace derp::diagnosis
