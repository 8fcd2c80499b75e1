// The service's work: refreshes the map, walks every region in its rounds, feeds board and probe
// table (derpprobe.md 12.3). A region is one task, because its mesh is measured between its nodes;
// it starts at its own point of the round, holds no thread while its walks are under way, and
// misses the rounds that come due meanwhile.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
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
#include "derpprobe/service/due_stages.h"
#include "derpprobe/service/greeting_history.h"
#include "derpprobe/service/pair_prober.h"
#include "derpprobe/service/walk_totals.h"

namespace derp::probe {

struct ProberOptions {
  ClassIntervals intervals;
  bool spread = true;
  std::string instance;  // mixes into the spread: usually the host name
  diagnosis::MeshKeyRule mesh_key_rule{};
  diagnosis::StagesAsked asked{};  // admission and idle are taken from here (due_stages.h)
};

class Prober {
 public:
  // Asks the map's sources; called in a pool thread, never twice at once.
  using LoadMap = std::function<MapRefresh()>;

  // What is handed in must outlive the prober.
  Prober(ProberOptions options, LoadMap load, diagnosis::Measurer& measurer, Board& board,
         ProbeTable& table, const Clock& clock, const Logger& logger);
  ~Prober();  // Stop()

  // Whom the map in force goes to as well. Before Start(); outlives the prober's work.
  void Feed(PairProber& pairs) { pairs_ = &pairs; }

  void Start();
  void Stop();  // waits for walks under way

  // Runs the probe now, outside its schedule, together with what belongs to its node's region.
  // Blocks. Empty: no such probe.
  std::optional<ProbeInfo> RunNow(std::string_view name);

  // Walks of the region to which `node` of the map at hand belongs, that node's first; empty when
  // there is no such node.
  std::vector<diagnosis::WalkTask> WalksFor(std::string_view node,
                                            const diagnosis::StagesAsked& asked);

  // derpprobe_map_* and what adds up over the walks. First records what was measured: collect the
  // table's metrics after this.
  void Collect(std::vector<metrics::Family>& families);

  // Other intervals from now on, for probes and map; what the map names is unchanged. Any thread.
  void SetIntervals(const ClassIntervals& intervals);

  Duration round() const;

 private:
  using Finished = std::function<void()>;

  struct RegionState {
    RegionState(std::string its_code, const DueStages& due_stages)
        : code(std::move(its_code)), due(due_stages) {}
    std::string code;
    DueStages due;
    std::map<std::string, GreetingHistory, std::less<>> greetings;  // by node
  };
  // One run of a region, from its start to its results.
  struct RegionRun {
    std::int64_t region_id = 0;
    std::string code;
    diagnosis::StagesAsked asked;
    std::vector<std::string> begun;  // the probes it is a run of
  };

  void RefreshMap();
  void ScheduleMap() DERP_REQUIRES(mutex_);
  void Reconcile() DERP_REQUIRES(mutex_);
  void Schedule(const derpmap::DerpMap& map) DERP_REQUIRES(mutex_);
  // `finished` is called when the region was measured, or at once when there is nothing to do: it
  // is gone or, unless `all_classes`, already under way.
  void StartRegion(std::int64_t region_id, bool all_classes, Finished finished);
  std::optional<std::vector<diagnosis::WalkTask>> Plan(RegionRun& run, bool all_classes)
      DERP_REQUIRES(mutex_);
  void EndRegion(RegionRun run, diagnosis::Measurement measured);
  void CompareGreetings(std::int64_t region_id, diagnosis::NodeReport& report);
  bool ViewsAreDue();
  void RecordViews();

  const ProberOptions options_;  // but for the intervals, which may change
  const LoadMap load_;
  diagnosis::Measurer& measurer_;
  Board& board_;
  ProbeTable& table_;
  const Clock& clock_;
  const Logger& logger_;
  PairProber* pairs_ = nullptr;

  WalkTotals totals_;
  Mutex refreshing_;  // held through a refresh, before mutex_
  mutable Mutex mutex_;
  ClassIntervals intervals_ DERP_GUARDED_BY(mutex_);
  Duration round_ DERP_GUARDED_BY(mutex_);
  std::shared_ptr<const LoadedMap> map_ DERP_GUARDED_BY(mutex_);  // null before the first one
  std::optional<TimePoint> map_good_since_ DERP_GUARDED_BY(mutex_);
  std::uint64_t map_failures_ DERP_GUARDED_BY(mutex_) = 0;
  std::map<std::int64_t, RegionState> regions_ DERP_GUARDED_BY(mutex_);

  // Regions being measured, and who waits for one more run after that.
  std::map<std::int64_t, std::vector<Finished>> under_way_ DERP_GUARDED_BY(mutex_);

  // Measured, not yet recorded. The whole fleet is judged for that, in about a fiftieth of the
  // time: of a small one at once, of a large one every three seconds for all that ended meanwhile.
  Mutex views_mutex_;
  std::vector<RegionRun> unrecorded_ DERP_GUARDED_BY(views_mutex_);
  TimePoint record_again_ DERP_GUARDED_BY(views_mutex_){};
  Mutex recording_;  // one at a time; never taken while another is held

  TaskRunner runner_;  // last: its threads use the members above
};

}  // namespace derp::probe
