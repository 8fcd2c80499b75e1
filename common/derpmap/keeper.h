// The last good map through refreshes that fail (derpprobe.md 3.3): a map is kept until a better
// one comes, a failure while it is young is only worth a log line, and it is stale after five
// intervals. Not safe for concurrent use.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "common/base/clock.h"
#include "common/derpmap/merge.h"

namespace derp::derpmap {

inline constexpr auto kMapGrace = std::chrono::minutes(10);
inline constexpr int kStaleIntervals = 5;

class MapKeeper {
 public:
  explicit MapKeeper(Duration refresh_interval) : interval_(refresh_interval) {}

  void Accept(MergedMap map, TimePoint now);

  // A refresh failed, for any reason. True: the map at hand is young, so the failure is logged and
  // counted only. False: the refresh counts as failed.
  bool Excuse(TimePoint now);

  // Empty until the first map.
  const std::optional<MergedMap>& map() const { return map_; }
  std::optional<Duration> Age(TimePoint now) const;
  bool IsStale(TimePoint now) const;
  std::uint64_t failures() const { return failures_; }

 private:
  Duration interval_;
  std::optional<MergedMap> map_;
  TimePoint accepted_{};
  std::uint64_t failures_ = 0;
};

}  // namespace derp::derpmap
