// The service's work: refreshes the map, walks every region in its rounds, feeds board and probe
// table (derpprobe.md 12.3). A region is one task, because its mesh is measured between its nodes;
// it starts at its own point of the round.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/base/log.h"
#include "common/base/mutex.h"
#include "common/diagnosis/measure.h"
#include "derpprobe/classes/views.h"
#include "derpprobe/maps/map_sources.h"
#include "derpprobe/schedule/probe_table.h"
#include "derpprobe/schedule/task_runner.h"
#include "derpprobe/service/board.h"

namespace derp::probe {

struct ProberOptions {
  ClassIntervals intervals;
  bool spread = true;
  std::string instance;  // mixes into the spread: usually the host name
  diagnosis::MeshKeyRule mesh_key_rule{};
};

class Prober {
 public:
  // Asks the map's sources; called in a pool thread, never twice at once.
  using LoadMap = std::function<MapRefresh()>;

  // What is handed in must outlive the prober.
  Prober(ProberOptions options, LoadMap load, diagnosis::Measurer& measurer, Board& board,
         ProbeTable& table, const Clock& clock, const Logger& logger);
  ~Prober();  // Stop()

  void Start();
  void Stop();  // waits for walks under way

  // Runs the probe now, outside its schedule, together with what belongs to its node's region.
  // Blocks. Empty: no such probe.
  std::optional<ProbeInfo> RunNow(std::string_view name);

  // derpprobe_map_*.
  void Collect(std::vector<metrics::Family>& families);

  Duration round() const { return round_; }

 private:
  // What is remembered of a region's classes, to know which are due.
  struct RegionState {
    std::string code;
    std::optional<TimePoint> tls, stun, mesh;  // last start
    std::shared_ptr<Mutex> running =
        std::make_shared<Mutex>();  // a run now waits for a run under way
  };

  void RefreshMap();
  void UseMap(const MapRefresh& refresh) DERP_REQUIRES(mutex_);
  void Schedule(const derpmap::DerpMap& map) DERP_REQUIRES(mutex_);
  void RunRegion(std::int64_t region_id, bool all_classes);
  diagnosis::StagesAsked ClaimDue(RegionState& state, bool all_classes) DERP_REQUIRES(mutex_);
  void RecordViews(const std::string& code, const std::vector<std::string>& begun);

  const ProberOptions options_;
  const LoadMap load_;
  diagnosis::Measurer& measurer_;
  Board& board_;
  ProbeTable& table_;
  const Clock& clock_;
  const Logger& logger_;
  const Duration round_;

  Mutex refreshing_;  // held through a refresh, before mutex_
  Mutex mutex_;
  std::shared_ptr<const LoadedMap> map_ DERP_GUARDED_BY(mutex_);  // null before the first one
  std::optional<TimePoint> map_good_since_ DERP_GUARDED_BY(mutex_);
  std::uint64_t map_failures_ DERP_GUARDED_BY(mutex_) = 0;
  std::map<std::int64_t, RegionState> regions_ DERP_GUARDED_BY(mutex_);

  TaskRunner runner_;  // last: its threads use the members above
};

}  // namespace derp::probe
