#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "common/base/text.h"
#include "common/diagnosis/catalogue.h"
#include "common/diagnosis/connection_end.h"
#include "common/diagnosis/judgement.h"
#include "common/diagnosis/units.h"

namespace derp::diagnosis {

namespace {

using Names = std::vector<std::string>;

// One region's directions under judgement. Findings go to the nodes, or to the report when they are
// about the region as a whole.
class MeshJudge {
 public:
  MeshJudge(RunReport& report, MeshReport& mesh) : report_(report), mesh_(mesh) {
    for (const NodeReport& node : report.nodes) {
      const bool member =
          std::any_of(mesh.directions.begin(), mesh.directions.end(),
                      [&node](const MeshDirection& d) { return d.from == node.node; });
      if (node.region_id == mesh.region_id && member) members_.push_back(node.node);
    }
  }

  // Returns the nodes that are cut off from all others.
  std::set<std::string> Run() {
    if (!RegionIsDark()) {
      FindCutOff();
      for (const std::string& from : members_) JudgeSender(from);
    }
    JudgeQuality();
    return cut_off_;
  }

 private:
  Finding Make(std::string_view code, std::string_view node, Names peers) const {
    Finding finding = MakeFinding(code);
    finding.region = mesh_.region;
    finding.region_id = mesh_.region_id;
    finding.node = node;
    finding.peers = std::move(peers);
    return finding;
  }

  NodeReport* NodeOf(std::string_view name) {
    for (NodeReport& node : report_.nodes) {
      if (node.region_id == mesh_.region_id && node.node == name) return &node;
    }
    return nullptr;
  }

  void Mark(std::string_view from, std::string_view to, Outcome outcome, std::string_view code) {
    for (MeshDirection& direction : mesh_.directions) {
      if (direction.from != from || direction.to != to) continue;
      direction.outcome = outcome;
      direction.code = code;
    }
  }

  void Attach(Finding finding) {
    NodeReport* node = NodeOf(finding.node);
    if (node != nullptr) {
      node->findings.push_back(std::move(finding));
    } else {
      report_.findings.push_back(std::move(finding));
    }
  }

  // "0 of 40 packets in 10 s"
  std::string Tries(std::string_view from, std::string_view to) const {
    const MeshDirection* direction = mesh_.Find(from, to);
    if (direction == nullptr) return {};
    return fmt::format("0 of {} packets in {}", direction->sent, ShortDuration(direction->waited));
  }

  // Among three or more, no direction works: one finding for the region.
  bool RegionIsDark() {
    if (members_.size() < 3) return false;
    const bool any = std::any_of(mesh_.directions.begin(), mesh_.directions.end(),
                                 [](const MeshDirection& d) { return d.first.has_value(); });
    if (any) return false;
    Finding finding = Make("mesh.not_meshed", "", members_);
    finding.headline = fmt::format("none of {} nodes reaches another", members_.size());
    finding.fact = fmt::format("{} in every direction", Tries(members_[0], members_[1]));
    finding.advice = "give all relays of the region the same mesh key and each other's names";
    for (MeshDirection& direction : mesh_.directions) {
      Mark(direction.from, direction.to, Outcome::kFail, finding.code);
    }
    Attach(std::move(finding));
    return true;
  }

  bool IsCutOff(const std::string& name) const {
    return std::none_of(members_.begin(), members_.end(), [&](const std::string& other) {
      return other != name && (mesh_.Works(name, other) || mesh_.Works(other, name));
    });
  }

  void FindCutOff() {
    if (members_.size() < 3) return;
    for (const std::string& name : members_) {
      if (!IsCutOff(name)) continue;
      cut_off_.insert(name);
      Names peers = members_;
      std::erase(peers, name);
      Finding finding = Make("mesh.not_meshed", name, peers);
      finding.headline = fmt::format("{} is cut off from the other nodes", name);
      finding.fact = fmt::format("{} to and from each of {}", Tries(name, peers.front()),
                                 fmt::join(peers, ", "));
      finding.advice =
          fmt::format("check {}'s mesh key and -mesh-with, and that it reaches the others", name);
      for (const std::string& peer : peers) {
        Mark(name, peer, Outcome::kFail, finding.code);
        Mark(peer, name, Outcome::kFail, finding.code);
      }
      Attach(std::move(finding));
    }
  }

  void JudgeSender(const std::string& from) {
    if (cut_off_.contains(from)) return;
    Names strangers;
    Names deaf;
    for (const std::string& to : members_) {
      if (to == from || cut_off_.contains(to) || mesh_.Works(from, to)) continue;
      const bool back = mesh_.Works(to, from);
      const bool first = std::find(members_.begin(), members_.end(), from) <
                         std::find(members_.begin(), members_.end(), to);
      if (back) {
        deaf.push_back(to);
      } else if (first) {
        strangers.push_back(to);
      }
    }
    if (!strangers.empty()) AttachNotMeshed(from, strangers);
    if (!deaf.empty()) AttachOneWay(from, deaf);
  }

  void AttachNotMeshed(const std::string& from, const Names& peers) {
    Finding finding = Make("mesh.not_meshed", from, peers);
    finding.headline =
        fmt::format("{} and {} do not know each other", from, fmt::join(peers, ", "));
    finding.fact = fmt::format("{} each way", Tries(from, peers.front()));
    finding.advice = "give both relays the same mesh key and each other's names in -mesh-with";
    for (const std::string& peer : peers) {
      Mark(from, peer, Outcome::kFail, finding.code);
      Mark(peer, from, Outcome::kFail, finding.code);
    }
    Attach(std::move(finding));
  }

  void AttachOneWay(const std::string& from, const Names& peers) {
    Finding finding = Make("mesh.one_way", from, peers);
    finding.headline = fmt::format("{} → {} delivers nothing", from, fmt::join(peers, ", "));
    finding.fact = Tries(from, peers.front());
    for (const std::string& peer : peers) {
      const MeshDirection* back = mesh_.Find(peer, from);
      if (back != nullptr && back->rtt) {
        finding.fact += fmt::format("; {} → {} {}", peer, from, Milliseconds(*back->rtt));
      }
      Mark(from, peer, Outcome::kFail, finding.code);
    }
    finding.advice =
        fmt::format("check {}'s -mesh-with entry for {}", from, fmt::join(peers, ", "));
    Attach(std::move(finding));
  }

  // One finding per pair, whichever directions suffer.
  void JudgeQuality() {
    for (std::size_t i = 0; i < members_.size(); ++i) {
      for (std::size_t j = i + 1; j < members_.size(); ++j) {
        JudgeLoss(members_[i], members_[j]);
        JudgeSlow(members_[i], members_[j]);
      }
    }
  }

  void JudgeLoss(const std::string& a, const std::string& b) {
    std::string fact;
    std::string sender;
    std::string receiver;
    for (const auto& [from, to] : {std::pair(a, b), std::pair(b, a)}) {
      const MeshDirection* direction = mesh_.Find(from, to);
      if (direction == nullptr || !direction->first) continue;
      if (direction->received >= direction->sent) continue;
      if (sender.empty()) {
        sender = from;
        receiver = to;
      }
      if (!fact.empty()) fact += "; ";
      fact += fmt::format("{} → {} lost {} of {} packets", from, to,
                          direction->sent - direction->received, direction->sent);
      Mark(from, to, Outcome::kWarn, "mesh.loss");
    }
    if (sender.empty()) return;
    Finding finding = Make("mesh.loss", sender, {receiver});
    finding.headline = fmt::format("packets between {} and {} get lost", sender, receiver);
    finding.fact = fact;
    finding.advice = "look at the line between the two relays and at their load";
    Attach(std::move(finding));
  }

  void JudgeSlow(const std::string& a, const std::string& b) {
    std::string fact;
    std::string sender;
    std::string receiver;
    for (const auto& [from, to] : {std::pair(a, b), std::pair(b, a)}) {
      const MeshDirection* direction = mesh_.Find(from, to);
      if (direction == nullptr || !direction->late) continue;
      if (sender.empty()) {
        sender = from;
        receiver = to;
      }
      if (!fact.empty()) fact += "; ";
      fact += fmt::format("{} → {}: the first packet arrived after {} of trying", from, to,
                          ShortDuration(direction->waited));
      if (direction->outcome == Outcome::kOk) Mark(from, to, Outcome::kWarn, "mesh.slow");
    }
    if (sender.empty()) return;
    Finding finding = Make("mesh.slow", sender, {receiver});
    finding.headline = fmt::format("{} and {} learn of each other late", sender, receiver);
    finding.fact = fact;
    finding.advice = "look at load and distance of the two relays";
    Attach(std::move(finding));
  }

  RunReport& report_;
  MeshReport& mesh_;
  Names members_;
  std::set<std::string> cut_off_;
};

StageResult Result(Outcome outcome, std::string reason = {}, std::optional<Stage> after = {}) {
  return {Stage::kMesh, {}, outcome, {}, {}, std::move(reason), after};
}

// Failing directions count against the sender, a pair of strangers against both; of a node that is
// cut off only against that node.
StageResult FromDirections(const NodeReport& node, const MeshReport& mesh,
                           const std::set<std::string>& cut_off) {
  StageResult result = Result(Outcome::kSkipped, "no other node of the region logged in");
  for (const MeshDirection& direction : mesh.directions) {
    if (direction.from != node.node) continue;
    if (result.outcome == Outcome::kSkipped) result = Result(Outcome::kOk);
    result.duration = std::max(result.duration, direction.waited);
    if (cut_off.contains(direction.to) && !cut_off.contains(node.node)) continue;
    const bool worse = direction.outcome == Outcome::kFail ||
                       (direction.outcome == Outcome::kWarn && result.outcome == Outcome::kOk);
    if (!worse || result.outcome == Outcome::kFail) continue;
    result.outcome = direction.outcome;
    result.code = direction.code;
  }
  return result;
}

StageResult MeshStage(const NodeReport& node, const MeshReport* mesh, bool asked,
                      const std::set<std::string>& cut_off) {
  const StageResult* relay = node.Find(Stage::kRelay, {});
  if (!asked) return Result(Outcome::kSkipped, "not asked for");
  if (relay == nullptr) return Result(Outcome::kSkipped, "relay not measured");
  if (relay->outcome == Outcome::kSkipped) return Result(Outcome::kSkipped, relay->reason);
  if (relay->outcome == Outcome::kNotReached) {
    return Result(Outcome::kNotReached, {}, relay->after);
  }
  if (relay->outcome == Outcome::kFail) return Result(Outcome::kNotReached, {}, Stage::kRelay);
  if (node.single_in_region) return Result(Outcome::kSkipped, "one node in the region");
  if (mesh == nullptr) return Result(Outcome::kSkipped, "no other node of the region logged in");
  return FromDirections(node, *mesh, cut_off);
}

// A connection that ended under the mesh's packets is the relay stage's fault.
void JudgeClosed(RunReport& report, const MeshReport& mesh) {
  for (const MeshReport::Closed& closed : mesh.closed) {
    for (NodeReport& node : report.nodes) {
      if (node.region_id != mesh.region_id || node.node != closed.node) continue;
      Finding finding = ClosedFinding(closed.end, closed.after);
      finding.region = node.region;
      finding.region_id = node.region_id;
      finding.node = node.node;
      for (StageResult& result : node.stages) {
        if (result.stage != Stage::kRelay) continue;
        result.outcome = Outcome::kFail;
        result.code = finding.code;
      }
      node.findings.push_back(std::move(finding));
    }
  }
}

}  // namespace

void JudgeMesh(RunReport& report, bool asked) {
  std::map<std::int64_t, std::set<std::string>> cut_off;
  for (MeshReport& mesh : report.meshes) {
    JudgeClosed(report, mesh);
    cut_off[mesh.region_id] = MeshJudge(report, mesh).Run();
  }
  for (NodeReport& node : report.nodes) {
    if (node.Find(Stage::kMesh, {}) != nullptr)
      continue;  // the walk knew why it cannot be measured
    const MeshReport* mesh = nullptr;
    for (const MeshReport& each : report.meshes) {
      if (each.region_id == node.region_id) mesh = &each;
    }
    node.stages.push_back(MeshStage(node, mesh, asked, cut_off[node.region_id]));
  }
  for (const MeshReport& mesh : report.meshes) {
    for (const MeshDirection& direction : mesh.directions) {
      ++report.counts.mesh_directions;
      report.counts.mesh_working += direction.first ? 1 : 0;
    }
  }
}

}  // namespace derp::diagnosis
