#include "derpprobe/service/prober.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "common/diagnosis/catalogue.h"
#include "common/diagnosis/several_keys.h"
#include "derpprobe/maps/map_findings.h"
#include "derpprobe/schedule/spread.h"

namespace derp::probe {
namespace {

constexpr std::size_t kThreads = 2;                     // one may wait for the map's source
constexpr auto kViewsEvery = std::chrono::seconds(1);   // looked at
constexpr auto kViewsLatest = std::chrono::seconds(3);  // after those before
constexpr int kIdleShare = 49;                          // times as long as the work
constexpr std::string_view kMapTask = "map";
constexpr std::string_view kViewsTask = "views";

std::string TaskOf(std::int64_t region_id) { return fmt::format("region {}", region_id); }

// "derp/fra/5a/tls" belongs to region "fra".
std::string NamesOf(std::string_view region) { return fmt::format("derp/{}/", region); }

bool Covers(const diagnosis::StagesAsked& asked, std::string_view probe_class) {
  if (probe_class == "tls") return asked.tls;
  if (probe_class == "derp_udp") return asked.stun;
  return asked.mesh && probe_class == "derp_mesh";
}

}  // namespace

Prober::Prober(ProberOptions options, LoadMap load, diagnosis::Measurer& measurer, Board& board,
               ProbeTable& table, const Clock& clock, const Logger& logger)
    : options_(std::move(options)),
      load_(std::move(load)),
      measurer_(measurer),
      board_(board),
      table_(table),
      clock_(clock),
      logger_(logger),
      intervals_(options_.intervals),
      round_(RoundOf(options_.intervals)),
      runner_(clock, kThreads) {
  table_.Reconcile({MapProbeSpec(options_.intervals.map)});
}

Prober::~Prober() { Stop(); }

void Prober::Start() {
  for (const std::string& warning : IntervalWarnings(options_.intervals)) {
    logger_.Warn("{}", warning);
  }
  {
    const MutexLock lock(mutex_);
    ScheduleMap();
  }
  runner_.Add(std::string(kViewsTask), clock_.Now() + kViewsEvery, kViewsEvery,
              [this](const TaskRunner::Done& done) {
                if (ViewsAreDue()) RecordViews();
                done();
              });
}

bool Prober::ViewsAreDue() {
  const MutexLock lock(views_mutex_);
  return clock_.Now() >= record_again_;
}

void Prober::ScheduleMap() {
  const Duration delay = options_.spread ? SpreadDelay(options_.instance, kMapProbe, intervals_.map)
                                         : Duration::zero();
  runner_.Add(std::string(kMapTask), clock_.Now() + delay, intervals_.map,
              [this](const TaskRunner::Done& done) {
                RefreshMap();
                done();
              });
}

Duration Prober::round() const {
  const MutexLock lock(mutex_);
  return round_;
}

void Prober::SetIntervals(const ClassIntervals& intervals) {
  for (const std::string& warning : IntervalWarnings(intervals)) logger_.Warn("{}", warning);
  const MutexLock one_at_a_time(refreshing_);
  const MutexLock lock(mutex_);
  intervals_ = intervals;
  round_ = RoundOf(intervals);
  for (auto& [id, state] : regions_) {
    state.due = DueStages(intervals, static_cast<std::uint64_t>(id), options_.asked);
  }
  board_.SetMeshAsked(intervals.mesh > Duration::zero());
  ScheduleMap();
  if (map_) Reconcile();
}

void Prober::Stop() {
  runner_.Stop();
  RecordViews();
}

void Prober::RefreshMap() {
  const MutexLock one_at_a_time(refreshing_);
  const TimePoint began = clock_.Now();
  table_.Begin(kMapProbe, clock_.WallNow());
  const MapRefresh refresh = load_();
  MapState state{refresh.Shown(), refresh.fetched(), refresh.failure};
  std::vector<diagnosis::Finding> findings = SourceFindings(refresh);
  std::shared_ptr<const LoadedMap> in_force;
  ClassIntervals intervals;
  {
    const MutexLock lock(mutex_);
    map_good_since_ = refresh.good_since;
    if (!refresh.failure.empty()) ++map_failures_;
    if (refresh.map && refresh.map != map_) {
      map_ = refresh.map;
      if (map_->merged.document.map.NodeCount() == 0) {
        logger_.Warn("derp map: no node to probe in {}", refresh.Shown());
      }
      Reconcile();
      board_.SetMap(map_->merged.document.map, std::move(findings), std::move(state));
    } else {
      board_.SetMapState(std::move(state), std::move(findings));
    }
    in_force = map_;
    intervals = intervals_;
  }
  // With an old map too: mesh key and intervals may be others.
  if (pairs_ != nullptr && in_force) pairs_->SetMap(in_force->merged.document.map, intervals);
  if (!refresh.failure.empty()) logger_.Warn("derp map: {}", refresh.failure);
  const std::string errors = MapErrors(board_.State()->report);
  const std::string& fatal = refresh.fatal.empty() ? errors : refresh.fatal;
  table_.End(kMapProbe, clock_.WallNow(), {fatal.empty(), clock_.Now() - began, fatal});
}

// Probes and rounds become those of the map and the intervals in force.
void Prober::Reconcile() {
  const derpmap::DerpMap& map = map_->merged.document.map;
  std::vector<ProbeSpec> specs = ProbesOf(map, intervals_);
  specs.push_back(MapProbeSpec(intervals_.map));
  const ProbeTable::Changes changes = table_.Reconcile(specs);
  for (const std::string& name : changes.removed) logger_.Info("removing probe {}", name);
  for (const std::string& name : changes.added) logger_.Info("adding probe {}", name);
  Schedule(map);
}

void Prober::Schedule(const derpmap::DerpMap& map) {
  totals_.Keep(map);
  for (auto it = regions_.begin(); it != regions_.end();) {
    const bool kept = map.regions.contains(it->first);
    if (!kept) runner_.Remove(TaskOf(it->first));
    it = kept ? std::next(it) : regions_.erase(it);
  }
  for (const auto& [id, region] : map.regions) {
    const std::string code = region.code.empty() ? fmt::format("{}", id) : region.code;
    const DueStages due(intervals_, static_cast<std::uint64_t>(id), options_.asked);
    RegionState& state = regions_.try_emplace(id, code, due).first->second;
    state.code = code;
    const Duration delay =
        options_.spread ? SpreadDelay(options_.instance, "derp/" + code, round_) : Duration::zero();
    runner_.Add(TaskOf(id), clock_.Now() + delay, round_,
                [this, region_id = id](TaskRunner::Done done) {
                  StartRegion(region_id, /*all_classes=*/false, std::move(done));
                });
  }
}

std::optional<std::vector<diagnosis::WalkTask>> Prober::Plan(RegionRun& run, bool all_classes) {
  const auto state = regions_.find(run.region_id);
  if (state == regions_.end() || !map_) return std::nullopt;
  const auto& regions = map_->merged.document.map.regions;
  const auto region = regions.find(run.region_id);
  if (region == regions.end()) return std::nullopt;
  run.code = state->second.code;
  DueStages& due = state->second.due;
  run.asked = all_classes ? due.ClaimAll(clock_.Now()) : due.Claim(clock_.Now());
  derpmap::DerpMap only;
  only.regions[run.region_id] = region->second;
  return diagnosis::PlanWalks(only, map_->notes, run.asked, options_.mesh_key_rule);
}

void Prober::StartRegion(std::int64_t region_id, bool all_classes, Finished finished) {
  RegionRun run;
  run.region_id = region_id;
  std::optional<std::vector<diagnosis::WalkTask>> tasks;
  {
    const MutexLock lock(mutex_);
    if (const auto busy = under_way_.find(region_id); busy != under_way_.end() && all_classes) {
      busy->second.push_back(std::move(finished));
      return;
    } else if (busy == under_way_.end()) {
      tasks = Plan(run, all_classes);
    }
    if (tasks) under_way_.try_emplace(region_id);
  }
  if (!tasks) {
    finished();
    return;
  }
  for (const ProbeTable::Listed& probe : table_.Under(NamesOf(run.code))) {
    if (!Covers(run.asked, probe.probe_class)) continue;
    table_.Begin(probe.name, clock_.WallNow());
    run.begun.push_back(probe.name);
  }
  measurer_.Start(std::move(*tasks), {},
                  [this, run = std::move(run),
                   finished = std::move(finished)](diagnosis::Measurement measured) {
                    const std::int64_t id = run.region_id;
                    EndRegion(run, std::move(measured));
                    std::vector<Finished> waiting;
                    {
                      const MutexLock lock(mutex_);
                      waiting = std::move(under_way_.extract(id).mapped());
                    }
                    if (!waiting.empty()) {
                      StartRegion(id, /*all_classes=*/true, [waiting = std::move(waiting)] {
                        for (const Finished& each : waiting) each();
                      });
                    }
                    finished();
                  });
}

void Prober::EndRegion(RegionRun run, diagnosis::Measurement measured) {
  for (auto& node : measured.nodes) {
    totals_.Record(node);
    CompareGreetings(run.region_id, node);
    board_.PublishNode(std::move(node));
  }
  if (run.asked.mesh) {
    std::optional<diagnosis::MeshReport> mesh;
    if (!measured.meshes.empty()) mesh = std::move(measured.meshes.front());
    board_.PublishMesh(run.region_id, std::move(mesh));
  }
  {
    const MutexLock lock(views_mutex_);
    unrecorded_.push_back(std::move(run));
  }
  if (ViewsAreDue()) RecordViews();
}

// A load balancer may show one relay per round: only the rounds together tell.
void Prober::CompareGreetings(std::int64_t region_id, diagnosis::NodeReport& report) {
  const auto key = NodePublic::Parse(report.server_key);
  if (!key) return;
  std::set<NodePublic> keys;
  {
    const MutexLock lock(mutex_);
    const auto state = regions_.find(region_id);
    if (state == regions_.end()) return;
    GreetingHistory& history = state->second.greetings[report.node];
    history.Add(*key);
    keys = history.Alternating();
  }
  const bool said = std::any_of(report.findings.begin(), report.findings.end(),
                                [](const auto& each) { return each.code == "derp.several_keys"; });
  if (keys.empty() || said) return;
  diagnosis::ExcuseRelay(report);
  diagnosis::ReportSeveralKeys(keys, report.relay_family, report);
}

void Prober::RecordViews() {
  const MutexLock one_at_a_time(recording_);
  std::vector<RegionRun> runs;
  {
    const MutexLock lock(views_mutex_);
    runs.swap(unrecorded_);
  }
  if (runs.empty()) return;
  const TimePoint start = clock_.Now();
  std::map<std::string, ProbeOutcome> outcomes;
  for (ViewResult& view : ViewsOf(board_.State()->report)) {
    outcomes[std::move(view.name)] = std::move(view.outcome);
  }
  for (const RegionRun& run : runs) {
    for (const std::string& name : run.begun) {
      const auto outcome = outcomes.find(name);
      if (outcome == outcomes.end()) {
        table_.Abandon(name);
        continue;
      }
      if (!outcome->second.ok) logger_.Info("probe {}: {}", name, outcome->second.error);
      table_.End(name, clock_.WallNow(), outcome->second);
    }
  }
  const TimePoint end = clock_.Now();
  const MutexLock lock(views_mutex_);
  record_again_ = end + std::min<Duration>(kViewsLatest, kIdleShare * (end - start));
}

std::optional<ProbeInfo> Prober::RunNow(std::string_view name) {
  if (!table_.Info(name)) return std::nullopt;
  if (name == kMapProbe) {
    RefreshMap();
    return table_.Info(name);
  }
  if (name.ends_with("/bw") || name.ends_with("/qd")) {
    return pairs_ == nullptr ? std::nullopt : pairs_->RunNow(std::string(name));
  }
  std::optional<std::int64_t> region_id;
  {
    const MutexLock lock(mutex_);
    for (const auto& [id, state] : regions_) {
      if (name.starts_with(NamesOf(state.code))) region_id = id;
    }
  }
  if (region_id) {
    Mutex mutex;
    CondVar changed;
    bool finished = false;
    StartRegion(*region_id, /*all_classes=*/true, [&] {
      const MutexLock lock(mutex);
      finished = true;
      changed.NotifyAll();
    });
    {
      const MutexLock lock(mutex);
      while (!finished) changed.Wait(mutex);
    }
    RecordViews();
  }
  return table_.Info(name);
}

std::vector<diagnosis::WalkTask> Prober::WalksFor(std::string_view node,
                                                  const diagnosis::StagesAsked& asked) {
  const MutexLock lock(mutex_);
  if (!map_) return {};
  for (const auto& [id, region] : map_->merged.document.map.regions) {
    const auto named = [&](const auto& each) { return each.name == node; };
    if (std::none_of(region.nodes.begin(), region.nodes.end(), named)) continue;
    derpmap::DerpMap only;
    only.regions[id] = region;
    auto tasks = diagnosis::PlanWalks(only, map_->notes, asked, options_.mesh_key_rule);
    std::stable_partition(tasks.begin(), tasks.end(),
                          [&](const auto& task) { return task.node.name == node; });
    return tasks;
  }
  return {};
}

void Prober::Collect(std::vector<metrics::Family>& families) {
  RecordViews();
  totals_.Collect(families);
  const MutexLock lock(mutex_);
  const auto add = [&families](std::string name, metrics::Kind kind, std::string help,
                               double value) {
    families.push_back({std::move(name), kind, std::move(help), {{{}, value, {}}}});
  };
  if (map_good_since_) {
    const Duration age = clock_.Now() - *map_good_since_;
    add("derpprobe_map_age_seconds", metrics::Kind::kGauge, "Time since the last good map.",
        std::chrono::duration<double>(age).count());
  }
  add("derpprobe_map_nodes", metrics::Kind::kGauge, "Nodes of the map after the region filter.",
      map_ ? static_cast<double>(map_->merged.document.map.NodeCount()) : 0);
  add("derpprobe_map_fetch_failures_total", metrics::Kind::kCounter,
      "Map refreshes that failed, excused ones included.", static_cast<double>(map_failures_));
}

}  // namespace derp::probe
