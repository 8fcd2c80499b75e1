#include "common/derpmap/lint.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "common/base/text.h"
#include "common/derpmap/lint_nodes.h"
#include "common/derpmap/lint_shared.h"

namespace derp::derpmap {
namespace {

// The range reserved for those who run their own relays (Go: tailcfg/derpmap.go).
constexpr RegionId kFirstOwnId = 900;
constexpr RegionId kLastOwnId = 999;

bool IsVendors(const Region& region) {
  return std::any_of(region.nodes.begin(), region.nodes.end(), [](const Node& node) {
    return ToLowerAscii(node.host_name).ends_with(".tailscale.com");
  });
}

Note AboutMap(std::string code, std::string fact) {
  Note note;
  note.code = std::move(code);
  note.fact = std::move(fact);
  return note;
}

Note AboutRegion(const Region& region, std::string code, std::string fact) {
  Note note = AboutMap(std::move(code), std::move(fact));
  note.region_id = region.id;
  note.region = RegionLabel(region);
  return note;
}

void LintMap(const DerpMap& map, std::vector<Note>& notes) {
  if (map.regions.empty()) {
    notes.push_back(AboutMap("map.empty", "the map has no region"));
  } else if (map.NodeCount() == 0) {
    notes.push_back(
        AboutMap("map.empty",
                 fmt::format("the map has no node in any of its {} regions", map.regions.size())));
  } else if (map.regions.size() == 1) {
    notes.push_back(AboutMap("map.single_region",
                             fmt::format("region {} is the only one: there is no fall-back",
                                         RegionLabel(map.regions.begin()->second))));
  }
  for (const RegionId id : map.null_regions) {
    Note note = AboutMap("map.null_region",
                         fmt::format("region {} is null: switched off, and not checked", id));
    note.region_id = id;
    note.region = std::to_string(id);
    notes.push_back(std::move(note));
  }
}

void LintRegion(const Region& region, bool map_has_nodes, std::vector<Note>& notes) {
  const std::string label = RegionLabel(region);
  if (region.nodes.empty() && map_has_nodes)
    notes.push_back(
        AboutRegion(region, "map.no_nodes", fmt::format("region {} has no nodes", label)));
  if (region.avoid || region.no_measure_no_home) {
    const std::string_view member = region.no_measure_no_home ? "NoMeasureNoHome" : "Avoid";
    notes.push_back(
        AboutRegion(region, "map.avoid", fmt::format("region {} is marked {}", label, member)));
  }
  const bool reserved = region.id >= kFirstOwnId && region.id <= kLastOwnId;
  if (!reserved && region.id > 0 && !region.nodes.empty() && !IsVendors(region))
    notes.push_back(
        AboutRegion(region, "map.custom_id_range",
                    fmt::format("region {} has the ID {}, outside {}-{}, the range for one's own",
                                label, region.id, kFirstOwnId, kLastOwnId)));
  for (const Node& node : region.nodes) LintNode(region, node, notes);
}

// About the whole map first, then by region; within a region as they were found.
std::vector<Note> InMapOrder(std::vector<Note> notes) {
  std::map<std::pair<bool, RegionId>, std::vector<Note>> by_region;
  for (Note& note : notes)
    by_region[{!note.region.empty(), note.region_id}].push_back(std::move(note));
  std::vector<Note> ordered;
  for (auto& [key, group] : by_region)
    ordered.insert(ordered.end(), std::make_move_iterator(group.begin()),
                   std::make_move_iterator(group.end()));
  return ordered;
}

}  // namespace

std::vector<Note> Lint(const MapDocument& document) {
  std::vector<Note> notes = document.notes;
  LintMap(document.map, notes);
  const bool has_nodes = document.map.NodeCount() > 0;
  for (const auto& [id, region] : document.map.regions) LintRegion(region, has_nodes, notes);
  LintShared(document.map, notes);
  return InMapOrder(std::move(notes));
}

bool EndsWalk(std::string_view code) {
  static constexpr std::array<std::string_view, 5> kCodes = {
      "map.bad_hostname", "map.bad_address", "map.bad_port", "map.bad_pin", "map.pin_uppercase"};
  return std::find(kCodes.begin(), kCodes.end(), code) != kCodes.end();
}

}  // namespace derp::derpmap
