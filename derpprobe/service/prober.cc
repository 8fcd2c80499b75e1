#include "derpprobe/service/prober.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "common/diagnosis/catalogue.h"
#include "derpprobe/schedule/spread.h"

namespace derp::probe {
namespace {

constexpr std::size_t kMostThreads = 256;  // regions under way at once; a blocked one costs a stack
constexpr std::string_view kMapTask = "map";

std::string TaskOf(std::int64_t region_id) { return fmt::format("region {}", region_id); }

// The shortest interval of the enabled classes; the map's when all are off.
Duration RoundOf(const ClassIntervals& intervals) {
  std::optional<Duration> round;
  for (const Duration interval : {intervals.tls, intervals.stun, intervals.mesh}) {
    if (interval > Duration::zero() && (!round || interval < *round)) round = interval;
  }
  return round.value_or(intervals.map);
}

// "derp/fra/5a/tls" belongs to region "fra".
bool BelongsTo(std::string_view probe, std::string_view region) {
  return probe.starts_with(fmt::format("derp/{}/", region));
}

bool Covers(const diagnosis::StagesAsked& asked, std::string_view probe_class) {
  if (probe_class == "tls") return asked.tls;
  if (probe_class == "derp_udp") return asked.stun;
  return asked.mesh;
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
      round_(RoundOf(options_.intervals)),
      runner_(clock, kMostThreads) {
  table_.Reconcile({MapProbeSpec(options_.intervals.map)});
}

Prober::~Prober() { Stop(); }

void Prober::Start() {
  const Duration delay = options_.spread
                             ? SpreadDelay(options_.instance, kMapProbe, options_.intervals.map)
                             : Duration::zero();
  runner_.Add(std::string(kMapTask), clock_.Now() + delay, options_.intervals.map,
              [this] { RefreshMap(); });
}

void Prober::Stop() { runner_.Stop(); }

void Prober::RefreshMap() {
  const MutexLock one_at_a_time(refreshing_);
  const TimePoint began = clock_.Now();
  table_.Begin(kMapProbe, clock_.WallNow());
  const MapRefresh refresh = load_();
  MapState state{refresh.Shown(), refresh.fetched(), refresh.failure};
  std::vector<diagnosis::Finding> findings = diagnosis::MapFindings(refresh.AllNotes());
  {
    const MutexLock lock(mutex_);
    map_good_since_ = refresh.good_since;
    if (!refresh.failure.empty()) ++map_failures_;
    if (refresh.map && refresh.map != map_) {
      UseMap(refresh);
      board_.SetMap(map_->merged.document.map, std::move(findings), std::move(state));
    } else {
      board_.SetMapState(std::move(state), std::move(findings));
    }
  }
  if (!refresh.failure.empty()) logger_.Warn("derp map: {}", refresh.failure);
  const std::string errors = MapErrors(board_.State()->report);
  const std::string& fatal = refresh.fatal.empty() ? errors : refresh.fatal;
  table_.End(kMapProbe, clock_.WallNow(), {fatal.empty(), clock_.Now() - began, fatal});
}

void Prober::UseMap(const MapRefresh& refresh) {
  map_ = refresh.map;
  const derpmap::DerpMap& map = map_->merged.document.map;
  std::vector<ProbeSpec> specs = ProbesOf(map, options_.intervals);
  if (specs.empty()) logger_.Warn("derp map: no node to probe in {}", refresh.Shown());
  specs.push_back(MapProbeSpec(options_.intervals.map));
  const ProbeTable::Changes changes = table_.Reconcile(specs);
  for (const std::string& name : changes.removed) logger_.Info("removing probe {}", name);
  for (const std::string& name : changes.added) logger_.Info("adding probe {}", name);
  Schedule(map);
}

void Prober::Schedule(const derpmap::DerpMap& map) {
  for (auto it = regions_.begin(); it != regions_.end();) {
    const bool kept = map.regions.contains(it->first);
    if (!kept) runner_.Remove(TaskOf(it->first));
    it = kept ? std::next(it) : regions_.erase(it);
  }
  for (const auto& [id, region] : map.regions) {
    RegionState& state = regions_[id];
    state.code = region.code.empty() ? fmt::format("{}", id) : region.code;
    const Duration delay = options_.spread
                               ? SpreadDelay(options_.instance, "derp/" + state.code, round_)
                               : Duration::zero();
    runner_.Add(TaskOf(id), clock_.Now() + delay, round_,
                [this, region_id = id] { RunRegion(region_id, /*all_classes=*/false); });
  }
}

diagnosis::StagesAsked Prober::ClaimDue(RegionState& state, bool all_classes) {
  const TimePoint now = clock_.Now();
  // Half a round early is on time: rounds do not begin to the nanosecond.
  const auto claim = [&](Duration interval, std::optional<TimePoint>& last) {
    if (interval <= Duration::zero()) return false;
    if (!all_classes && last && now - *last < interval - round_ / 2) return false;
    last = now;
    return true;
  };
  diagnosis::StagesAsked asked;
  asked.tls = claim(options_.intervals.tls, state.tls);
  asked.stun = claim(options_.intervals.stun, state.stun);
  asked.mesh = claim(options_.intervals.mesh, state.mesh);
  return asked;
}

void Prober::RunRegion(std::int64_t region_id, bool all_classes) {
  std::shared_ptr<Mutex> running;
  {
    const MutexLock lock(mutex_);
    const auto state = regions_.find(region_id);
    if (state == regions_.end()) return;
    running = state->second.running;
  }
  const MutexLock one_at_a_time(*running);
  diagnosis::StagesAsked asked;
  std::vector<diagnosis::WalkTask> tasks;
  std::string code;
  {
    const MutexLock lock(mutex_);
    const auto state = regions_.find(region_id);
    if (state == regions_.end() || !map_) return;
    const auto& regions = map_->merged.document.map.regions;
    const auto region = regions.find(region_id);
    if (region == regions.end()) return;
    code = state->second.code;
    asked = ClaimDue(state->second, all_classes);
    derpmap::DerpMap only;
    only.regions[region_id] = region->second;
    tasks = diagnosis::PlanWalks(only, map_->notes, asked, options_.mesh_key_rule);
  }
  std::vector<std::string> begun;
  for (const ProbeInfo& info : table_.All()) {
    if (!BelongsTo(info.spec.name, code) || !Covers(asked, info.spec.probe_class)) continue;
    table_.Begin(info.spec.name, clock_.WallNow());
    begun.push_back(info.spec.name);
  }
  diagnosis::Measurement measured = measurer_.Measure(std::move(tasks));
  for (auto& node : measured.nodes) board_.PublishNode(std::move(node));
  if (asked.mesh) {
    std::optional<diagnosis::MeshReport> mesh;
    if (!measured.meshes.empty()) mesh = std::move(measured.meshes.front());
    board_.PublishMesh(region_id, std::move(mesh));
  }
  RecordViews(code, begun);
}

void Prober::RecordViews(const std::string& code, const std::vector<std::string>& begun) {
  std::map<std::string, ProbeOutcome> outcomes;
  for (ViewResult& view : ViewsOf(board_.State()->report)) {
    if (BelongsTo(view.name, code)) outcomes[view.name] = std::move(view.outcome);
  }
  for (const std::string& name : begun) {
    const auto outcome = outcomes.find(name);
    if (outcome == outcomes.end()) {
      table_.Abandon(name);
      continue;
    }
    if (!outcome->second.ok) logger_.Info("probe {}: {}", name, outcome->second.error);
    table_.End(name, clock_.WallNow(), outcome->second);
  }
}

std::optional<ProbeInfo> Prober::RunNow(std::string_view name) {
  if (!table_.Info(name)) return std::nullopt;
  if (name == kMapProbe) {
    RefreshMap();
    return table_.Info(name);
  }
  std::optional<std::int64_t> region_id;
  {
    const MutexLock lock(mutex_);
    for (const auto& [id, state] : regions_) {
      if (BelongsTo(name, state.code)) region_id = id;
    }
  }
  if (region_id) RunRegion(*region_id, /*all_classes=*/true);
  return table_.Info(name);
}

void Prober::Collect(std::vector<metrics::Family>& families) {
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
