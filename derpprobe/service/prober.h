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
#include "common/derpmap/keeper.h"
#include "common/diagnosis/measure.h"
#include "derpprobe/classes/views.h"
#include "derpprobe/maps/map_loader.h"
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
  // Fetches the map to probe; called in a pool thread, never twice at once.
  using LoadMap = std::function<Expected<LoadedMap, Error>()>;

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
  std::vector<diagnosis::Finding> FailureFindings(const std::string& fatal) const
      DERP_REQUIRES(mutex_);
  void UseMap(LoadedMap loaded) DERP_REQUIRES(mutex_);
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

  Mutex mutex_;
  derpmap::MapKeeper keeper_ DERP_GUARDED_BY(mutex_);
  std::vector<derpmap::Note> notes_ DERP_GUARDED_BY(mutex_);
  std::map<std::int64_t, RegionState> regions_ DERP_GUARDED_BY(mutex_);

  TaskRunner runner_;  // last: its threads use the members above
};

}  // namespace derp::probe
