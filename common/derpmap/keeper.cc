#include "common/derpmap/keeper.h"

#include <utility>

namespace derp::derpmap {

void MapKeeper::Accept(MergedMap map, TimePoint now) {
  map_ = std::move(map);
  accepted_ = now;
}

bool MapKeeper::Excuse(TimePoint now) {
  ++failures_;
  return map_ && now - accepted_ < kMapGrace;
}

std::optional<Duration> MapKeeper::Age(TimePoint now) const {
  if (!map_) return std::nullopt;
  return now - accepted_;
}

bool MapKeeper::IsStale(TimePoint now) const {
  return map_ && now - accepted_ > kStaleIntervals * interval_;
}

}  // namespace derp::derpmap
