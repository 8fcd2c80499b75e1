#include "derpprobe/maps/region_filter.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/base/text.h"

namespace derp::probe {
namespace {

bool Names(const std::vector<std::string>& names, derpmap::RegionId id, std::string_view code) {
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    return name == code || name == fmt::format("{}", id);
  });
}

bool IsKnown(const std::string& name, const derpmap::DerpMap& map) {
  const bool named = std::any_of(map.regions.begin(), map.regions.end(), [&](const auto& entry) {
    return Names({name}, entry.first, entry.second.code);
  });
  return named || std::any_of(map.null_regions.begin(), map.null_regions.end(),
                              [&](derpmap::RegionId id) { return Names({name}, id, {}); });
}

Error NotFound(std::string context) {
  return Error{.code = ErrorCode::kNotFound, .context = std::move(context)};
}

// Empty when every name means something.
std::optional<Error> Unmatched(std::string_view flag, const std::vector<std::string>& names,
                               const derpmap::DerpMap& map) {
  for (const std::string& name : names) {
    if (IsKnown(name, map)) continue;
    return NotFound(
        fmt::format("-{} {}: no such region in the map", flag, PrintablePeerText(name)));
  }
  return std::nullopt;
}

}  // namespace

bool RegionFilter::Selects(derpmap::RegionId id, std::string_view code) const {
  return (only.empty() || Names(only, id, code)) && !Names(excluded, id, code);
}

Expected<void, Error> KeepSelected(const RegionFilter& filter, derpmap::MapDocument& document) {
  derpmap::DerpMap& map = document.map;
  if (auto error = Unmatched("region-code", filter.only, map)) return Fail(std::move(*error));
  if (auto error = Unmatched("exclude-region", filter.excluded, map)) {
    return Fail(std::move(*error));
  }
  const bool any =
      map.regions.empty() || std::any_of(map.regions.begin(), map.regions.end(), [&](auto& entry) {
        return filter.Selects(entry.first, entry.second.code);
      });
  if (!any) return Fail(NotFound("-region-code and -exclude-region leave no region of the map"));
  std::erase_if(document.notes, [&](const derpmap::Note& note) {
    if (note.region.empty()) return false;
    const auto region = map.regions.find(note.region_id);
    const bool there = region != map.regions.end();
    return !filter.Selects(note.region_id, there ? region->second.code : note.region);
  });
  std::erase_if(map.regions,
                [&](const auto& entry) { return !filter.Selects(entry.first, entry.second.code); });
  std::erase_if(map.null_regions, [&](derpmap::RegionId id) { return !filter.Selects(id, {}); });
  return {};
}

}  // namespace derp::probe
