// Several sources to one map, in their order (derp-protocol.md 8.2): a later source replaces a
// region wholly, a null region takes it away, omitDefaultRegions takes away all that came before.
// Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/derpmap/note.h"

namespace derp::derpmap {

struct SourcedMap {
  std::string source;  // as shown to people
  MapDocument document;
};

struct MergedMap {
  MapDocument document;
  std::map<RegionId, std::size_t> source_of;  // index of the source a region came from
};

MergedMap Merge(const std::vector<SourcedMap>& sources);

}  // namespace derp::derpmap
