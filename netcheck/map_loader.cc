#include "netcheck/map_loader.h"

#include "common/derp/map_fetch.h"

namespace derp::netcheck {

Expected<derpmap::MapDocument, Error> LoadMap(const derpmap::MapSource& source,
                                              const std::string& socket, TimePoint deadline) {
  const std::string doing = "DERP map from " + source.shown;
  auto document = FetchMap(source, socket, deadline);
  if (!document) return Fail(Within(doing, document.error()));
  if (document->map.regions.empty())
    return Fail(Error{ErrorCode::kInvalidArgument, doing + ": the map has no region"});
  return document;
}

}  // namespace derp::netcheck
