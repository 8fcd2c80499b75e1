#include "derpprobe/service/board.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

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

const diagnosis::RegionReport* FindRegion(const RunReport& report, std::int64_t id) {
  for (const auto& region : report.regions) {
    if (region.region_id == id) return &region;
  }
  return nullptr;
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

Board::Board(const Clock& clock, bool mesh_asked) : clock_(clock), mesh_asked_(mesh_asked) {}

void Board::SetMap(const derpmap::DerpMap& map, std::vector<Finding> map_findings,
                   MapState source) {
  const MutexLock lock(mutex_);
  std::map<NodeKey, NodeSlot> kept;
  order_.clear();
  for (const auto& [id, region] : map.regions) {
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
  std::erase_if(state_.strips,
                [&](const auto& entry) { return !map.regions.contains(entry.first); });
  map_findings_ = std::move(map_findings);
  state_.source = std::move(source);
  dirty_ = true;
}

void Board::SetMapFailure(std::string failure, std::vector<Finding> map_findings) {
  const MutexLock lock(mutex_);
  state_.source.failure = std::move(failure);
  map_findings_ = std::move(map_findings);
  dirty_ = true;
}

void Board::PublishNode(diagnosis::NodeReport report) {
  const MutexLock lock(mutex_);
  const auto slot = nodes_.find({report.region_id, report.node});
  if (slot == nodes_.end()) return;
  if (slot->second.report) CarryOver(*slot->second.report, report);
  slot->second.report = std::move(report);
  ++slot->second.walks;
  state_.last_result = clock_.WallNow();
  dirty_ = true;
}

void Board::PublishMesh(std::int64_t region_id, std::optional<diagnosis::MeshReport> report) {
  const MutexLock lock(mutex_);
  meshes_.erase(region_id);
  if (report) meshes_.emplace(region_id, std::move(*report));
  dirty_ = true;
}

BoardState Board::State() {
  const MutexLock lock(mutex_);
  if (dirty_) Judge();
  return state_;
}

void Board::Judge() {
  dirty_ = false;
  diagnosis::Measurement measured;
  measured.mesh_asked = mesh_asked_;
  measured.map_findings = map_findings_;
  for (const NodeKey& key : order_) {
    const NodeSlot& slot = nodes_.at(key);
    if (slot.report) measured.nodes.push_back(*slot.report);
  }
  for (const auto& [id, mesh] : meshes_) measured.meshes.push_back(mesh);
  state_.nodes_total = order_.size();
  state_.nodes_done = measured.nodes.size();
  const RunReport before = std::exchange(state_.report, diagnosis::Judge(std::move(measured)));
  const WallTime now = clock_.WallNow();
  FollowFindings(before, now);
  FollowVerdicts(before, now);
  for (const auto& region : state_.report.regions) {
    state_.strips[region.region_id].Record(now, region.verdict);
  }
}

void Board::FollowFindings(const RunReport& before, WallTime now) {
  std::set<std::string> standing;
  for (const Finding& finding : state_.report.findings) {
    const std::string key = FindingKey(finding);
    standing.insert(key);
    const auto slot = nodes_.find({finding.region_id, finding.node});
    const std::uint64_t walks = slot == nodes_.end() ? 0 : slot->second.walks;
    const auto [age, is_new] = state_.ages.try_emplace(key, FindingAge{now, walks, 1});
    if (walks > 0) age->second.rounds = walks - age->second.first_walk + 1;
    if (is_new && finding.severity != Severity::kInfo) {
      Remember({now, PlaceOf(finding), finding.code + " began",
                finding.severity == Severity::kError ? Verdict::kUnusable : Verdict::kImpaired});
    }
  }
  for (const Finding& finding : before.findings) {
    if (standing.contains(FindingKey(finding)) || finding.severity == Severity::kInfo) continue;
    Remember({now, PlaceOf(finding), finding.code + " ended", Verdict::kUsable});
  }
  std::erase_if(state_.ages, [&](const auto& entry) { return !standing.contains(entry.first); });
}

void Board::FollowVerdicts(const RunReport& before, WallTime now) {
  for (const auto& region : state_.report.regions) {
    const auto* old = FindRegion(before, region.region_id);
    if (old == nullptr || old->verdict == region.verdict) continue;
    Remember({now, region.region,
              fmt::format("{} → {}", VerdictName(old->verdict), VerdictName(region.verdict)),
              region.verdict});
  }
}

void Board::Remember(Transition transition) {
  state_.transitions.push_front(std::move(transition));
  if (state_.transitions.size() > BoardState::kTransitions) state_.transitions.pop_back();
}

}  // namespace derp::probe
