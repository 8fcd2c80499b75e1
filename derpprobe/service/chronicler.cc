#include "derpprobe/service/chronicler.h"

#include <algorithm>
#include <utility>

namespace derp::probe {
namespace {

using diagnosis::Finding;
using diagnosis::NodeReport;

constexpr auto kMostBetweenLooks = std::chrono::seconds(5);
constexpr auto kLeastBetweenLooks = std::chrono::milliseconds(50);

// The errors by the place they stand on; those of the map as a whole are nobody's. A region's map
// findings leave its relays alone (findings.md rule 7).
std::map<PlaceKey, std::vector<const Finding*>> ErrorsOf(const diagnosis::RunReport& report) {
  std::map<PlaceKey, std::vector<const Finding*>> errors;
  for (const Finding& finding : report.findings) {
    if (finding.severity != diagnosis::Severity::kError) continue;
    if (finding.stage == diagnosis::Stage::kProber) {
      errors[{kProberRegion, ""}].push_back(&finding);
    } else if (finding.stage != diagnosis::Stage::kMap || !finding.node.empty()) {
      errors[{finding.region_id, finding.node}].push_back(&finding);
    }
  }
  return errors;
}

std::vector<const Finding*> At(const std::map<PlaceKey, std::vector<const Finding*>>& errors,
                               const PlaceKey& place) {
  const auto found = errors.find(place);
  return found == errors.end() ? std::vector<const Finding*>{} : found->second;
}

}  // namespace

Chronicler::Chronicler(const ChroniclerOptions& options, Board& board, AlertDesk& desk,
                       const Clock& clock)
    : options_(options), board_(board), desk_(desk), clock_(clock), tracker_(options.alert_rule) {}

Expected<std::unique_ptr<Chronicler>, Error> Chronicler::Make(const ChroniclerOptions& options,
                                                              Board& board, AlertDesk& desk,
                                                              const Clock& clock,
                                                              const Logger& logger) {
  std::unique_ptr<Chronicler> made(new Chronicler(options, board, desk, clock));
  if (options.state_dir.empty()) return made;
  auto store =
      std::make_unique<HistoryStore>(HistoryStoreOptions{options.state_dir}, clock, logger);
  auto opened = store->Open();
  if (!opened && (opened.error().code == ErrorCode::kExists ||
                  opened.error().code == ErrorCode::kInvalidArgument)) {
    return Fail(opened.error());
  }
  const auto image = opened ? store->Load(board.history()) : Fail(opened.error());
  if (image) {
    board.Restore(*image);
    made->tracker_.Restore(image->alerts);
    const MutexLock lock(made->mutex_);
    made->standing_ = image->alerts;
  } else {
    logger.Error("history: not read, the service goes on without it: {}", image.error().context);
  }
  Chronicler* self = made.get();
  made->writer_ = std::make_unique<HistoryWriter>(
      std::move(store), board.history(), [self] { return self->WhatChanged(); },
      options.save_interval, clock, logger);
  return made;
}

Chronicler::~Chronicler() { Stop(); }

void Chronicler::Start() {
  thread_ = std::thread([this] { Run(); });
}

void Chronicler::Stop() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  wake_.NotifyAll();
  if (thread_.joinable()) thread_.join();
  desk_.Stop();
  writer_.reset();
}

void Chronicler::Run() {
  for (bool stopping = false; !stopping;) {
    const Duration pause =
        std::clamp<Duration>(options_.round() / 2, kLeastBetweenLooks, kMostBetweenLooks);
    {
      const MutexLock lock(mutex_);
      const TimePoint until = clock_.Now() + pause;
      while (!stopping_ && wake_.WaitUntil(mutex_, until)) {
      }
      stopping = stopping_;
    }
    Look();
  }
}

void Chronicler::Look() {
  const WallTime now = clock_.WallNow();
  if (const std::int64_t quarter = BucketNumber(now); quarter != std::exchange(quarter_, quarter)) {
    board_.history().Expire(now);
  }
  auto state = board_.State();
  const bool news = state != seen_;
  seen_ = state;
  const Errors errors = ErrorsOf(state->report);
  if (state->nodes_done > 0) LookAtProber(errors, now);
  if (news) {
    LookAtNodes(*state, errors, now);
    LookAtRegions(*state, errors, now);
    LookAtMap(*state, now);
  }
  if (std::exchange(alerts_changed_, false) || board_.has_fresh_transitions()) Save();
}

void Chronicler::LookAtProber(const Errors& errors, WallTime now) {
  const bool round =
      !prober_round_ || now < *prober_round_ || now - *prober_round_ >= options_.round();
  if (round) prober_round_ = now;
  Tell(tracker_.ObserveProber(At(errors, {kProberRegion, ""}), round, now));
}

void Chronicler::LookAtNodes(const BoardState& state, const Errors& errors, WallTime now) {
  for (std::size_t i = 0; i < state.report.nodes.size(); ++i) {
    const NodeReport& node = state.report.nodes[i];
    const PlaceKey place{node.region_id, node.node};
    if (std::exchange(walks_[place], state.walks[i]) == state.walks[i]) continue;
    board_.history().Record(place, SampleOf(node), now);
    Tell(tracker_.Observe({place, node.region, node.verdict, At(errors, place)}, now));
  }
}

// A region's round is over when the last of its nodes was walked again.
void Chronicler::LookAtRegions(const BoardState& state, const Errors& errors, WallTime now) {
  std::map<std::int64_t, std::uint64_t> fewest;
  std::map<std::int64_t, std::vector<const NodeReport*>> nodes;
  for (std::size_t i = 0; i < state.report.nodes.size(); ++i) {
    const NodeReport& node = state.report.nodes[i];
    const auto [entry, is_new] = fewest.try_emplace(node.region_id, state.walks[i]);
    if (!is_new) entry->second = std::min(entry->second, state.walks[i]);
    nodes[node.region_id].push_back(&node);
  }
  std::map<std::int64_t, std::size_t> sizes;
  for (const MapRegion& region : state.regions) sizes[region.id] = region.nodes;
  for (const auto& region : state.report.regions) {
    const PlaceKey place{region.region_id, ""};
    const std::uint64_t walks = fewest[region.region_id];
    if (std::exchange(walks_[place], walks) == walks) continue;
    board_.history().Record(place, SampleOf(region.verdict, nodes[region.region_id]), now);
    // One node is its region: it speaks for itself.
    if (sizes[region.region_id] < 2) continue;
    Tell(tracker_.Observe({place, region.region, region.verdict, At(errors, place)}, now));
  }
}

void Chronicler::LookAtMap(const BoardState& state, WallTime now) {
  if (state.nodes_total == 0) return;  // no map yet, or an empty one: nothing is said of it
  std::set<PlaceKey> places;
  for (const MapRegion& region : state.regions) places.insert({region.id, ""});
  places.insert(state.map_nodes.begin(), state.map_nodes.end());
  for (const AlertEvent& event : tracker_.Retain(places, now)) Tell(event);
  std::erase_if(walks_, [&](const auto& entry) { return !places.contains(entry.first); });
}

void Chronicler::Tell(const std::optional<AlertEvent>& event) {
  if (!event) return;
  desk_.Tell(*event);
  alerts_changed_ = true;
}

void Chronicler::Save() {
  if (!writer_) return;
  {
    const MutexLock lock(mutex_);
    standing_ = tracker_.Standing();
  }
  writer_->WriteSoon();
}

HistoryBatch Chronicler::WhatChanged() {
  HistoryBatch batch;
  batch.transitions = board_.TakeTransitions();
  batch.findings = board_.StandingFindings();
  const MutexLock lock(mutex_);
  batch.alerts = standing_;
  return batch;
}

void Chronicler::Collect(std::vector<metrics::Family>& families) {
  families.push_back({"derpprobe_history_write_failures_total",
                      metrics::Kind::kCounter,
                      "Writes to -state-dir that failed.",
                      {{{}, writer_ ? static_cast<double>(writer_->failures()) : 0, {}}}});
}

}  // namespace derp::probe
