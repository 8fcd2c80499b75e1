// The map's sources through time (derpprobe.md 3): asked together, each with what it answered last,
// so that an unchanged map costs next to nothing; a source that fails keeps its last good document
// while the others go on; a failure is excused while that document is younger than ten minutes.
// Used by the service's refreshes, by -once and by -lint.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/derp/map_fetch.h"
#include "derpprobe/maps/loaded_map.h"

namespace derp::probe {

inline constexpr auto kMapGrace = std::chrono::minutes(10);
inline constexpr int kStaleIntervals = 5;

// A source as people may see it: no user name, no password, no query.
std::string ShownSource(const std::string& text);

struct MapSourcesOptions {
  std::vector<std::string> sources;  // as on the command line, each fit for ParseMapSource()
  RegionFilter filter;
  Duration interval = std::chrono::seconds(15);  // between refreshes: says when a map is stale
  std::string tailscaled_socket{kTailscaledSocket};
};

// How a source stands after a refresh.
struct SourceState {
  std::string shown;                // fit for people: no user name, no password, no query
  std::optional<WallTime> fetched;  // its last good answer, "not modified" included
  std::string failure;              // of the last try; empty when it was good
};

struct MapRefresh {
  // In force; null until a source was read. The same object as long as nothing changed.
  std::shared_ptr<const LoadedMap> map;
  std::vector<SourceState> sources;  // in their order
  std::string failure;               // all that went wrong now, excused or not; for the log
  std::string fatal;                 // what is not excused: the refresh as a probe has failed
  // What speaks against new settings: a source that never gave a map, an answer that is none, a
  // filter that leaves nothing. A source that is down keeps its last good map.
  std::string wrong;
  std::vector<derpmap::Note> notes;     // map.unreadable, map.stale and map.empty as they stand
  std::optional<TimePoint> good_since;  // when the map in force was last known to be the newest

  std::string Shown() const;                // the sources, joined
  std::optional<WallTime> fetched() const;  // by the source that was good longest ago
};

// Any thread; refreshes wait for each other.
class MapSources {
 public:
  // `clock` tells ages and outlives the object; deadlines are the system's. A source that `before`
  // has too begins with what it answered there.
  MapSources(MapSourcesOptions options, const Clock& clock, const MapSources* before = nullptr);
  ~MapSources();

  // Blocking; asks all sources at once.
  MapRefresh Refresh(TimePoint deadline);

 private:
  struct Source;

  std::vector<Source> Known() const;
  void Ask(TimePoint deadline) DERP_REQUIRES(mutex_);
  void Rebuild() DERP_REQUIRES(mutex_);
  void ReportSources(TimePoint now, MapRefresh& refresh) const DERP_REQUIRES(mutex_);
  void ReportFilter(TimePoint now, MapRefresh& refresh) DERP_REQUIRES(mutex_);

  const MapSourcesOptions options_;
  const Clock& clock_;
  mutable Mutex mutex_;
  std::vector<Source> sources_ DERP_GUARDED_BY(mutex_);
  std::shared_ptr<const LoadedMap> map_ DERP_GUARDED_BY(mutex_);
  std::string filter_failure_ DERP_GUARDED_BY(mutex_);  // of the documents at hand
  TimePoint fitting_ DERP_GUARDED_BY(mutex_){};         // when the filter last fitted them
};

}  // namespace derp::probe
