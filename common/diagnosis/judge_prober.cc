#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "common/diagnosis/catalogue.h"
#include "common/diagnosis/judge_parts.h"
#include "common/diagnosis/judgement.h"

namespace derp::diagnosis {

namespace {

using Family = AddressFamily;

// A refusal is an answer: the way to the host works.
bool Answers(const NodeReport& node) {
  return std::any_of(node.targets.begin(), node.targets.end(), [&node](const FamilyTarget& target) {
    const Family family = target.family;
    if (Works(node, Stage::kTcp, family) || Has(node, "tcp.refused", family)) return true;
    return Ran(node, Stage::kStun, family) && !Has(node, "stun.no_reply", family);
  });
}

bool Tried(const NodeReport& node) {
  if (Has(node, "dns.timeout")) return true;
  return std::any_of(node.targets.begin(), node.targets.end(), [&node](const FamilyTarget& target) {
    return Ran(node, Stage::kTcp, target.family) || Ran(node, Stage::kStun, target.family);
  });
}

void JudgeOffline(RunReport& report) {
  std::vector<const NodeReport*> tried;
  for (const NodeReport& node : report.nodes) {
    if (Tried(node)) tried.push_back(&node);
  }
  const std::size_t hosts = Hosts(tried).size();
  if (hosts < 2 ||
      std::any_of(
          tried.begin(), tried.end(), [](const NodeReport* node) { return Answers(*node); })) {
    return;
  }
  Finding finding = MakeFinding("prober.offline");
  finding.headline = "nothing can be said about any relay from here";
  finding.fact = fmt::format("none of {} hosts answers by TCP or STUN", hosts);
  finding.advice = "check this machine's network, then run again";
  finding.data["hosts"] = static_cast<std::int64_t>(hosts);
  report.findings.push_back(std::move(finding));
  for (NodeReport& node : report.nodes) {
    std::erase_if(node.findings, [](const Finding& each) { return each.stage != Stage::kMap; });
    for (StageResult& result : node.stages) {
      const bool fails = result.outcome == Outcome::kFail && result.stage != Stage::kMap;
      if (fails || (result.outcome == Outcome::kNotReached && result.after != Stage::kMap)) {
        Skip(&result, kOfflineReason);
      }
    }
  }
}

bool IsSilent(const NodeReport& node) {
  bool tcp = false;
  bool stun = false;
  for (const FamilyTarget& target : node.targets) {
    if (Ran(node, Stage::kTcp, target.family)) {
      if (!Has(node, "tcp.timeout", target.family)) return false;
      tcp = true;
    }
    if (Ran(node, Stage::kStun, target.family)) {
      if (!Has(node, "stun.no_reply", target.family)) return false;
      stun = true;
    }
  }
  return tcp && stun;
}

void JudgeUnreachable(NodeReport& node, bool alone) {
  if (!IsSilent(node)) return;
  Finding finding = MakeFinding("node.unreachable");
  finding.region = node.region;
  finding.region_id = node.region_id;
  finding.node = node.node;
  finding.headline = "answers neither TCP nor STUN";
  finding.advice = "start the machine, open its ports, or correct its addresses in the map";
  std::vector<std::string> facts;
  for (const Finding& each : node.findings) {
    if (each.code != "tcp.timeout" && each.code != "stun.no_reply") continue;
    facts.push_back(each.fact);
    if (each.code == "tcp.timeout") {
      finding.families.insert(finding.families.end(), each.families.begin(), each.families.end());
      if (!finding.where.empty()) finding.where += ", ";
      finding.where += each.where;
      for (const auto& [key, value] : each.data) finding.data.emplace(key, value);
    }
  }
  finding.fact = fmt::format("{}", fmt::join(facts, "; "));
  if (alone) finding.fact += "; with one host this cannot be told from a prober without network";
  Remove(node, "tcp.timeout");
  Remove(node, "stun.no_reply");
  for (const FamilyTarget& target : node.targets) {
    StageResult* tcp = StageOf(node, Stage::kTcp, target.family);
    if (tcp != nullptr && tcp->outcome == Outcome::kFail) tcp->code = finding.code;
    NotReached(StageOf(node, Stage::kStun, target.family), Stage::kTcp);
  }
  node.findings.push_back(std::move(finding));
}

// A stopped relay refuses both, and a way that ends at a router ends for both: one cause, one
// finding.
void JudgeRefused(NodeReport& node) {
  for (const FamilyTarget& target : node.targets) {
    const bool refused =
        Has(node, "tcp.refused", target.family) && Has(node, "stun.refused", target.family);
    const bool no_way = Has(node, "tcp.unreachable", target.family);
    if (!refused && !no_way) continue;
    if (no_way && Works(node, Stage::kStun, target.family)) continue;
    Remove(node, "stun.refused", target.family);
    Remove(node, "stun.no_reply", target.family);
    NotReached(StageOf(node, Stage::kStun, target.family), Stage::kTcp);
  }
}

std::string ReferenceFact(const UdpReference& reference) {
  return fmt::format("; the reference {} is silent too ({})", reference.name, reference.outcome);
}

void JudgeUdp(RunReport& report, const std::optional<UdpReference>& reference) {
  if (reference && reference->answered) return;  // UDP works: each silence is the relay's own
  std::vector<const NodeReport*> silent;
  for (const NodeReport& node : report.nodes) {
    bool tcp = false;
    bool stun_silent = false;
    for (const FamilyTarget& target : node.targets) {
      tcp = tcp || Works(node, Stage::kTcp, target.family);
      if (!Ran(node, Stage::kStun, target.family)) continue;
      if (!Has(node, "stun.no_reply", target.family)) return;  // UDP works
      stun_silent = true;
    }
    if (tcp && stun_silent) silent.push_back(&node);
  }
  const std::size_t hosts = Hosts(silent).size();
  if (hosts == 0) return;
  if (hosts == 1) {
    for (NodeReport& node : report.nodes) {
      for (Finding& finding : node.findings) {
        if (finding.code != "stun.no_reply") continue;
        finding.fact += "; with one host this cannot be told from UDP blocked at the prober";
        if (reference) finding.fact += ReferenceFact(*reference);
      }
    }
    return;
  }
  Finding finding = MakeFinding("prober.udp_blocked");
  finding.headline = "STUN cannot be judged from here";
  finding.fact = fmt::format(
      "no STUN answer from any of {} hosts whose TCP works; all of them may have it closed", hosts);
  if (reference) finding.fact += ReferenceFact(*reference);
  finding.advice = reference
                       ? "allow UDP for the prober, or name a reference that answers"
                       : "allow UDP for the prober; -udp-reference HOST:PORT tells which of the "
                         "two it is";
  finding.data["hosts"] = static_cast<std::int64_t>(hosts);
  report.findings.push_back(std::move(finding));
  for (NodeReport& node : report.nodes) {
    Remove(node, "stun.no_reply");
    for (const FamilyTarget& target : node.targets) {
      if (Ran(node, Stage::kStun, target.family)) {
        Skip(StageOf(node, Stage::kStun, target.family), kUdpBlockedReason);
      }
    }
  }
}

void JudgeRoutes(RunReport& report) {
  const auto add = [&report](std::string_view code, std::string_view reason,
                             std::string_view name) {
    int nodes = 0;
    for (const NodeReport& node : report.nodes) {
      nodes += std::any_of(node.stages.begin(), node.stages.end(),
                           [reason](const StageResult& r) { return r.reason == reason; })
                   ? 1
                   : 0;
    }
    if (nodes == 0) return;
    Finding finding = MakeFinding(code);
    finding.headline = fmt::format("{} was not measured", name);
    finding.fact = fmt::format("this machine has no route for {}; {} {} it", name, nodes,
                               nodes == 1 ? "node has" : "nodes have");
    finding.advice = fmt::format("probe from a machine with {} as well", name);
    finding.data["nodes"] = std::int64_t{nodes};
    report.findings.push_back(std::move(finding));
  };
  add("prober.no_ipv4", kNoIpv4Reason, "IPv4");
  add("prober.no_ipv6", kNoIpv6Reason, "IPv6");
}

// Of at least three hosts one alone sees another address of the prober.
void JudgeMapped(RunReport& report, Family family) {
  std::map<IpAddress, std::vector<NodeReport*>> seen;
  std::set<IpAddress> hosts;
  for (NodeReport& node : report.nodes) {
    const FamilyTarget* target = node.Target(family);
    if (target == nullptr || !target->stun || !target->stun_mapped) continue;
    if (!hosts.insert(target->stun->ip).second) continue;
    seen[target->stun_mapped->ip].push_back(&node);
  }
  if (hosts.size() < 3 || seen.size() != 2) return;
  for (const auto& [address, nodes] : seen) {
    if (nodes.size() != 1 || address.IsPrivate() || address.IsLoopback()) continue;
    NodeReport& node = *nodes.front();
    const StageResult* stun = node.Find(Stage::kStun, family);
    if (stun != nullptr && !stun->code.empty()) continue;  // one stage, one code
    Finding finding = MakeFinding("stun.mapped_differs");
    finding.region = node.region;
    finding.region_id = node.region_id;
    finding.node = node.node;
    finding.families = {family};
    finding.headline = "sees another address of the prober than the others";
    finding.fact = fmt::format("it reports {}, {} other hosts agree on another", address.ToString(),
                               hosts.size() - 1);
    finding.advice = "nothing, if the ways to the relays differ on purpose";
    finding.data["mapped"] = address.ToString();
    node.findings.push_back(std::move(finding));
  }
}

}  // namespace

void JudgeProber(RunReport& report, const ProberState& prober) {
  std::vector<const NodeReport*> tried;
  for (const NodeReport& node : report.nodes) {
    if (Tried(node)) tried.push_back(&node);
  }
  const bool alone = Hosts(tried).size() < 2;
  JudgeRoutes(report);
  JudgeOffline(report);
  for (NodeReport& node : report.nodes) {
    JudgeUnreachable(node, alone);
    JudgeRefused(node);
  }
  JudgeUdp(report, prober.udp_reference);
  JudgeMapped(report, Family::kIpv4);
  JudgeMapped(report, Family::kIpv6);
  JudgeClock(report);
  JudgeInterception(report);
  JudgeCaptivePortal(report);
  JudgeMachine(report, prober);
}

}  // namespace derp::diagnosis
