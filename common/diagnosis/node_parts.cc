#include "common/diagnosis/node_parts.h"

#include "common/diagnosis/catalogue.h"
#include "common/diagnosis/judgement.h"
#include "common/diagnosis/side_walk.h"

namespace derp::diagnosis {

namespace {

void NoteDisabled(NodeParts& node, AddressFamily family) {
  Finding note = MakeFinding("stun.disabled");
  note.headline = "clients do not measure it by UDP";
  note.fact = "the map says STUNPort -1";
  note.advice = "nothing, if that is meant";
  node.recorder.Note(std::move(note), family);
}

}  // namespace

void Describe(NodeParts& node) {
  const WalkTask& task = node.task;
  NodeReport& report = node.report;
  report.region = task.region;
  report.region_id = task.region_id;
  report.region_name = task.region_name;
  report.node = task.node.name;
  report.host = task.node.host_name;
  report.derp_port = task.node.EffectiveDerpPort();
  report.stun_only = task.node.stun_only;
  report.single_in_region = task.single_in_region;
}

std::string Port80Reason(const WalkTask& task) {
  if (!task.asked.side) return std::string(kNotAskedReason);
  return task.node.can_port80 ? "" : "map has no CanPort80";
}

std::optional<IpAddress> Port80Address(const std::vector<FamilyWalk>& families) {
  const FamilyWalk* best = nullptr;
  const auto is_better = [](const FamilyWalk& a, const FamilyWalk& b) {
    if (a.tcp.fd.valid() != b.tcp.fd.valid()) return a.tcp.fd.valid();
    return a.tcp.fd.valid() && a.tcp.duration < b.tcp.duration;
  };
  for (const FamilyWalk& family : families) {
    if (family.plan.addresses.empty()) continue;
    if (best == nullptr || is_better(family, *best)) best = &family;
  }
  if (best == nullptr) return std::nullopt;
  return best->tcp.fd.valid() ? best->tcp.address.ip : best->plan.addresses.front();
}

void RecordPort80(NodeParts& node) {
  if (!node.port80) {
    node.recorder.Skip(Stage::kPort80, {}, node.port80_reason);
    return;
  }
  // The relay's own answer may tell the time; that of a portal does not.
  if (node.port80->echoed && !node.report.clock_offset) {
    node.report.clock_offset = node.port80->clock_offset;
  }
  if (auto finding = JudgePort80(*node.port80)) {
    node.recorder.Decide(Stage::kPort80, {}, node.port80->duration, std::move(*finding));
  } else {
    node.recorder.Ok(Stage::kPort80, {}, node.port80->duration);
  }
}

void NothingReached(NodeParts& node, Stage after) {
  for (const AddressFamily family : {AddressFamily::kIpv4, AddressFamily::kIpv6}) {
    NotReachedFrom(Stage::kTcp, family, after, node.recorder);
  }
  node.recorder.NotReached(Stage::kRelay, {}, after);
  node.recorder.NotReached(Stage::kStun, {}, after);
  const std::string reason = Port80Reason(node.task);
  if (reason.empty()) {
    node.recorder.NotReached(Stage::kPort80, {}, after);
  } else {
    node.recorder.Skip(Stage::kPort80, {}, reason);
  }
  SideNotReached(node.task.asked, after, node.recorder);
}

void RecordStun(NodeParts& node) {
  for (std::size_t i = 0; i < node.families.size(); ++i) {
    const FamilyPlan& plan = node.families[i].plan;
    if (plan.addresses.empty()) {
      node.recorder.Skip(Stage::kStun, plan.family, plan.skip_reason);
    } else if (!node.task.asked.stun) {
      node.recorder.Skip(Stage::kStun, plan.family, kNotAskedReason);
    } else if (!node.stun[i]) {
      node.recorder.Skip(Stage::kStun, plan.family, "STUNPort -1");
      NoteDisabled(node, plan.family);
    } else {
      const StunOutcome& outcome = *node.stun[i];
      FamilyTarget& target = node.report.targets[i];
      target.stun = outcome.target;
      target.stun_rtt = Median(outcome.rtts);
      if (!outcome.rtts.empty()) target.stun_first = outcome.rtts.front();
      target.stun_mapped = outcome.mapped;
      target.stun_sent = outcome.sent;
      target.stun_rtts = outcome.rtts;
      if (auto finding = JudgeStun(outcome)) {
        node.recorder.Decide(Stage::kStun, plan.family, outcome.duration, std::move(*finding));
      } else {
        node.recorder.Ok(Stage::kStun, plan.family, outcome.duration);
      }
    }
  }
}

void RecordTargets(NodeParts& node) {
  for (const FamilyWalk& family : node.families) {
    FamilyTarget target;
    target.family = family.plan.family;
    if (!family.plan.addresses.empty()) {
      const bool connected = family.tcp.fd.valid() || family.tcp.error;
      target.derp = connected ? family.tcp.address
                              : SocketAddress{family.plan.addresses.front(), node.report.derp_port};
      if (family.tcp.fd.valid()) target.tcp_rtt = family.tcp.duration;
    }
    node.report.targets.push_back(std::move(target));
  }
}

}  // namespace derp::diagnosis
