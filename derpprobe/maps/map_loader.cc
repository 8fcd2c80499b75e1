#include "derpprobe/maps/map_loader.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/base/text.h"
#include "common/derp/map_fetch.h"
#include "common/derpmap/lint.h"
#include "common/derpmap/source.h"

namespace derp::probe {

namespace {

bool Matches(const derpmap::Region& region, std::string_view code) {
  return region.code == code || fmt::format("{}", region.id) == code;
}

}  // namespace

std::string ShownSources(const std::vector<std::string>& sources) {
  std::vector<std::string> shown;
  for (const std::string& text : sources) {
    const auto source = derpmap::ParseMapSource(text);
    shown.push_back(source ? source->shown : PrintablePeerText(text));
  }
  return Join(shown, ", ");
}

Expected<LoadedMap, Error> LoadMap(const std::vector<std::string>& sources, TimePoint deadline) {
  std::vector<derpmap::SourcedMap> read;
  for (const std::string& text : sources) {
    const auto source = derpmap::ParseMapSource(text);
    if (!source) return Fail(source.error());
    auto document = FetchMap(*source, std::string(kTailscaledSocket), deadline);
    if (!document) return Fail(Within("map " + source->shown, document.error()));
    read.push_back({source->shown, std::move(*document)});
  }
  LoadedMap map;
  map.merged = derpmap::Merge(read);
  map.notes = derpmap::Lint(map.merged.document);
  map.shown = ShownSources(sources);
  return map;
}

Expected<void, Error> KeepRegions(const std::vector<std::string>& codes, LoadedMap& map) {
  if (codes.empty()) return {};
  auto& regions = map.merged.document.map.regions;
  for (const std::string& code : codes) {
    const bool found = std::any_of(regions.begin(), regions.end(), [&code](const auto& entry) {
      return Matches(entry.second, code);
    });
    if (found) continue;
    return Fail(Error{.code = ErrorCode::kNotFound,
                      .context = fmt::format("-region-code {}: no such region in the map",
                                             PrintablePeerText(code))});
  }
  std::erase_if(regions, [&codes](const auto& entry) {
    return std::none_of(codes.begin(), codes.end(),
                        [&entry](const std::string& code) { return Matches(entry.second, code); });
  });
  std::erase_if(map.notes, [&regions](const derpmap::Note& note) {
    return note.region_id != 0 && !regions.contains(note.region_id);
  });
  return {};
}

Expected<LoadedMap, Error> LoadProbedMap(const std::vector<std::string>& sources,
                                         const std::vector<std::string>& codes,
                                         TimePoint deadline) {
  auto map = LoadMap(sources, deadline);
  if (!map) return map;
  if (const auto kept = KeepRegions(codes, *map); !kept) return Fail(kept.error());
  return map;
}

}  // namespace derp::probe
