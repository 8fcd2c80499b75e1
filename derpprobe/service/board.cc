#include "derpprobe/service/board.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "common/base/text.h"
#include "common/diagnosis/catalogue.h"
#include "derpprobe/service/carry_over.h"

namespace derp::probe {
namespace {

using diagnosis::Finding;
using diagnosis::RunReport;
using diagnosis::Severity;
using diagnosis::Verdict;

std::string PlaceOf(const Finding& finding) {
  if (finding.region.empty()) return finding.stage == diagnosis::Stage::kProber ? "prober" : "map";
  return finding.node.empty() ? finding.region : finding.region + "/" + finding.node;
}

constexpr std::size_t kMostFresh = 1000;  // transitions that wait for the store
// So many walks of a node, and with them at least one whole round of its region, have to pass
// before a finding of an earlier run is called ended.
constexpr std::uint64_t kWalksToForget = 2;

// Code and place of what FindingKey() made a key of; empty when neither map nor catalogue know it.
std::optional<Finding> NamedBy(const std::string& key, const std::vector<MapRegion>& regions) {
  const auto parts = Split(key, '\n');
  if (parts.size() < 3 || diagnosis::FindEntry(parts[0]) == nullptr) return std::nullopt;
  Finding finding = diagnosis::MakeFinding(parts[0]);
  const std::string_view id = parts[1];
  std::from_chars(id.data(), id.data() + id.size(), finding.region_id);
  finding.node = parts[2];
  for (const MapRegion& region : regions) {
    if (region.id == finding.region_id) finding.region = region.code;
  }
  if (finding.region.empty() && finding.region_id != 0) return std::nullopt;
  return finding;
}

}  // namespace

std::string FindingKey(const Finding& finding) {
  std::string key = fmt::format("{}\n{}\n{}", finding.code, finding.region_id, finding.node);
  for (const std::string& peer : finding.peers) key += "\n" + peer;
  return key;
}

const FindingAge* BoardState::Age(const Finding& finding) const {
  const auto found = ages.find(FindingKey(finding));
  return found == ages.end() ? nullptr : &found->second;
}

Board::Board(const Clock& clock, bool mesh_asked)
    : clock_(clock), mesh_asked_(mesh_asked), state_(std::make_shared<BoardState>()) {}

void Board::SetMeshAsked(bool asked) {
  const MutexLock lock(mutex_);
  dirty_ = dirty_ || mesh_asked_ != asked;
  mesh_asked_ = asked;
}

void Board::SetMap(const derpmap::DerpMap& map, std::vector<Finding> map_findings,
                   MapState source) {
  const MutexLock lock(mutex_);
  std::map<NodeKey, NodeSlot> kept;
  order_.clear();
  map_regions_.clear();
  for (const auto& [id, region] : map.regions) {
    map_regions_.push_back({region.code.empty() ? fmt::format("{}", id) : region.code, id,
                            region.name, region.nodes.size()});
    for (const derpmap::Node& node : region.nodes) {
      const NodeKey key{id, node.name};
      order_.push_back(key);
      const auto old = nodes_.find(key);
      const bool unchanged = old != nodes_.end() && old->second.node == node;
      kept[key] = unchanged ? std::move(old->second) : NodeSlot{node, std::nullopt, 0};
    }
  }
  nodes_ = std::move(kept);
  std::erase_if(meshes_, [&](const auto& entry) { return !map.regions.contains(entry.first); });
  std::erase_if(transfers_, [&](const auto& entry) { return !Knows(entry.first); });
  std::erase_if(queues_, [&](const auto& entry) { return !Knows(entry.first); });
  map_findings_ = std::move(map_findings);
  source_ = std::move(source);
  dirty_ = true;
}

void Board::SetMapState(MapState source, std::vector<Finding> map_findings) {
  const MutexLock lock(mutex_);
  source_ = std::move(source);
  map_findings_ = std::move(map_findings);
  dirty_ = true;
}

void Board::SetProber(diagnosis::ProberState prober) {
  const MutexLock lock(mutex_);
  prober_ = std::move(prober);
  dirty_ = true;
}

void Board::PublishNode(diagnosis::NodeReport report) {
  const MutexLock lock(mutex_);
  const auto slot = nodes_.find({report.region_id, report.node});
  if (slot == nodes_.end()) return;
  if (slot->second.report) CarryOver(*slot->second.report, report);
  slot->second.report = std::move(report);
  ++slot->second.walks;
  slot->second.walked = clock_.WallNow();
  last_result_ = slot->second.walked;
  dirty_ = true;
}

void Board::PublishMesh(std::int64_t region_id, std::optional<diagnosis::MeshReport> report) {
  const MutexLock lock(mutex_);
  meshes_.erase(region_id);
  if (report) meshes_.emplace(region_id, std::move(*report));
  dirty_ = true;
}

bool Board::Knows(const PairKey& pair) const {
  const auto& [region_id, from, to] = pair;
  return nodes_.contains({region_id, from}) && nodes_.contains({region_id, to});
}

void Board::AskPairs(const diagnosis::PairsAsked& asked) {
  const MutexLock lock(mutex_);
  if (asked == pairs_asked_) return;
  pairs_asked_ = asked;
  if (!asked.bandwidth) transfers_.clear();
  if (!asked.queue) queues_.clear();
  dirty_ = true;
}

void Board::PublishTransfer(diagnosis::TransferReport report) {
  const MutexLock lock(mutex_);
  PairKey key{report.region_id, report.from, report.to};
  if (!Knows(key)) return;
  transfers_.insert_or_assign(std::move(key), std::move(report));
  dirty_ = true;
}

void Board::PublishQueue(diagnosis::QueueReport report) {
  const MutexLock lock(mutex_);
  PairKey key{report.region_id, report.from, report.to};
  if (!Knows(key)) return;
  queues_.insert_or_assign(std::move(key), std::move(report));
  dirty_ = true;
}

std::shared_ptr<const BoardState> Board::State() {
  const MutexLock lock(mutex_);
  if (dirty_) Judge();
  return state_;
}

void Board::Judge() {
  dirty_ = false;
  diagnosis::Measurement measured;
  measured.mesh_asked = mesh_asked_;
  measured.map_findings = map_findings_;
  measured.prober = prober_;
  for (const NodeKey& key : order_) {
    const NodeSlot& slot = nodes_.at(key);
    if (slot.report) measured.nodes.push_back(*slot.report);
  }
  for (const auto& [id, mesh] : meshes_) measured.meshes.push_back(mesh);
  measured.pairs = pairs_asked_;
  for (const auto& [key, transfer] : transfers_) measured.transfers.push_back(transfer);
  for (const auto& [key, queue] : queues_) measured.queues.push_back(queue);
  const BoardState& before = *state_;
  auto next = std::make_shared<BoardState>();
  next->source = source_;
  next->regions = map_regions_;
  for (const NodeKey& key : order_) next->map_nodes.push_back({key.first, key.second});
  next->last_result = last_result_;
  next->nodes_total = order_.size();
  next->nodes_done = measured.nodes.size();
  next->report = diagnosis::Judge(std::move(measured));
  next->ages = before.ages;
  next->transitions = before.transitions;
  const WallTime now = clock_.WallNow();
  FollowFindings(before, now, *next);
  FollowVerdicts(before, now, *next);
  FollowFailures(before, *next);
  for (const auto& node : next->report.nodes) {
    next->walks.push_back(nodes_.at({node.region_id, node.node}).walks);
  }
  state_ = std::move(next);
}

void Board::FollowFailures(const BoardState& before, BoardState& next) const {
  for (const auto& [key, slot] : nodes_) {
    const auto old = before.failures.find(key);
    if (old != before.failures.end()) next.failures.insert(*old);
  }
  for (const auto& node : next.report.nodes) {
    if (!HasFailed(node)) continue;
    const NodeKey key{node.region_id, node.node};
    const WallTime walked = nodes_.at(key).walked;
    auto& log = next.failures[key];
    if (!log || log->at != walked) {
      log = std::make_shared<FailureLog>(FailureLog{walked, StepLog(node)});
    }
  }
}

void Board::Remember(Transition transition, BoardState& next) {
  fresh_transitions_.push_back(transition);
  if (fresh_transitions_.size() > kMostFresh) fresh_transitions_.erase(fresh_transitions_.begin());
  next.transitions.push_front(std::move(transition));
  if (next.transitions.size() > BoardState::kTransitions) next.transitions.pop_back();
}

void Board::FollowVerdicts(const BoardState& before, WallTime now, BoardState& next) {
  std::map<std::int64_t, Verdict> old;
  for (const auto& region : before.report.regions) old[region.region_id] = region.verdict;
  for (const auto& region : next.report.regions) {
    const auto was = old.find(region.region_id);
    if (was == old.end() || was->second == region.verdict) continue;
    Remember({now, region.region,
              fmt::format("{} → {}", VerdictName(was->second), VerdictName(region.verdict)),
              region.verdict},
             next);
  }
}

FindingAge Board::NewAge(const std::string& key, std::uint64_t walks, WallTime now, bool& known) {
  FindingAge age{now, walks, 1, 0};
  const auto restored = restored_.find(key);
  known = restored != restored_.end();
  if (!known) return age;
  age.since = restored->second.since;
  age.before = restored->second.rounds;
  age.rounds = age.before + 1;
  restored_.erase(restored);
  return age;
}

void Board::FollowFindings(const BoardState& before, WallTime now, BoardState& next) {
  std::set<std::string> standing;
  for (const Finding& finding : next.report.findings) {
    const std::string key = FindingKey(finding);
    standing.insert(key);
    const auto slot = nodes_.find({finding.region_id, finding.node});
    const std::uint64_t walks = slot == nodes_.end() ? 0 : slot->second.walks;
    auto age = next.ages.find(key);
    bool known = true;
    if (age == next.ages.end()) age = next.ages.emplace(key, NewAge(key, walks, now, known)).first;
    FindingAge& entry = age->second;
    if (walks < entry.first_walk) entry.first_walk = walks;  // the node changed and counts anew
    if (walks > 0) entry.rounds = entry.before + walks - entry.first_walk + 1;
    if (!known && finding.severity != Severity::kInfo) {
      Remember({now, PlaceOf(finding), finding.code + " began",
                finding.severity == Severity::kError ? Verdict::kUnusable : Verdict::kImpaired},
               next);
    }
  }
  for (const Finding& finding : before.report.findings) {
    if (standing.contains(FindingKey(finding)) || finding.severity == Severity::kInfo) continue;
    Remember({now, PlaceOf(finding), finding.code + " ended", Verdict::kUsable}, next);
  }
  std::erase_if(next.ages, [&](const auto& entry) { return !standing.contains(entry.first); });
  if (!restored_.empty()) EndRestored(now, next);
}

// What is left in restored_ was not found by the walks so far. What the map no longer names goes
// without a word.
void Board::EndRestored(WallTime now, BoardState& next) {
  if (order_.empty()) return;
  std::uint64_t fewest = nodes_.begin()->second.walks;
  for (const auto& [key, slot] : nodes_) fewest = std::min(fewest, slot.walks);
  for (auto it = restored_.begin(); it != restored_.end();) {
    const auto finding = NamedBy(it->first, map_regions_);
    std::uint64_t walks = fewest;
    if (finding) {
      const auto slot = nodes_.find({finding->region_id, finding->node});
      if (slot != nodes_.end()) walks = slot->second.walks;
    }
    if (finding && walks < kWalksToForget) {
      ++it;
      continue;
    }
    if (finding && finding->severity != Severity::kInfo) {
      Remember({now, PlaceOf(*finding), finding->code + " ended", Verdict::kUsable}, next);
    }
    it = restored_.erase(it);
  }
}

std::shared_ptr<const BoardState> Board::StateWithPast() {
  const auto state = State();
  auto with_past = std::make_shared<BoardState>(*state);
  const WallTime now = clock_.WallNow();
  for (const MapRegion& region : state->regions) {
    with_past->region_past[region.id] = history_.PastOf({region.id, ""}, now);
  }
  for (const auto& node : state->report.nodes) {
    with_past->node_past[{node.region_id, node.node}] =
        history_.PastOf({node.region_id, node.node}, now);
  }
  return with_past;
}

void Board::Restore(const HistoryImage& image) {
  const MutexLock lock(mutex_);
  restored_ = image.findings;
  auto state = std::make_shared<BoardState>(*state_);
  state->transitions.assign(image.transitions.begin(), image.transitions.end());
  state_ = std::move(state);
}

std::vector<Transition> Board::TakeTransitions() {
  const MutexLock lock(mutex_);
  return std::exchange(fresh_transitions_, {});
}

bool Board::has_fresh_transitions() {
  const MutexLock lock(mutex_);
  return !fresh_transitions_.empty();
}

std::map<std::string, StoredFinding> Board::StandingFindings() {
  const MutexLock lock(mutex_);
  auto findings = restored_;
  for (const auto& [key, age] : state_->ages) findings[key] = {age.since, age.rounds};
  return findings;
}

}  // namespace derp::probe
