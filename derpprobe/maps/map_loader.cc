#include "derpprobe/maps/map_loader.h"

namespace derp::probe {

std::string ShownSources(const std::vector<std::string>& sources) {
  MapRefresh refresh;
  for (const std::string& source : sources)
    refresh.sources.push_back({ShownSource(source), {}, {}});
  return refresh.Shown();
}

Expected<LoadedMap, Error> LoadProbedMap(const std::vector<std::string>& sources,
                                         const std::vector<std::string>& codes,
                                         TimePoint deadline) {
  const SystemClock clock;
  MapSources asked({.sources = sources, .filter = {codes, {}}}, clock);
  const MapRefresh refresh = asked.Refresh(deadline);
  if (!refresh.map || !refresh.fatal.empty()) {
    const bool filtered = refresh.fatal.starts_with("-region-code");
    return Fail(Error{.code = filtered ? ErrorCode::kNotFound : ErrorCode::kProtocol,
                      .context = refresh.fatal});
  }
  LoadedMap map = *refresh.map;
  map.shown = refresh.Shown();
  return map;
}

}  // namespace derp::probe
