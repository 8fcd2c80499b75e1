#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include <fmt/format.h>

#include "common/diagnosis/catalogue.h"
#include "common/diagnosis/judge_parts.h"
#include "common/diagnosis/judgement.h"
#include "common/diagnosis/units.h"

namespace derp::diagnosis {

namespace {

constexpr std::string_view kDateCodes[] = {"cert.expired", "cert.not_yet_valid"};

const Finding* Excusable(const NodeReport& node) {
  for (const Finding& finding : node.findings) {
    const auto value = finding.data.find(std::string(kExcusable));
    if (value != finding.data.end()) return &finding;
  }
  return nullptr;
}

struct Vote {
  Duration offset{};
  bool by_certificate = false;
  std::string host;
};

// One vote per host.
std::vector<Vote> Votes(const RunReport& report) {
  std::map<std::string, Vote> votes;
  for (const NodeReport& node : report.nodes) {
    if (!node.clock_offset) continue;
    Vote& vote = votes.try_emplace(HostOf(node), Vote{*node.clock_offset, false, HostOf(node)})
                     .first->second;
    vote.by_certificate = vote.by_certificate || Excusable(node) != nullptr;
  }
  std::vector<Vote> all;
  for (auto& [host, vote] : votes) all.push_back(std::move(vote));
  std::sort(all.begin(), all.end(),
            [](const Vote& a, const Vote& b) { return a.offset < b.offset; });
  return all;
}

bool IsWrong(const Vote& vote) {
  return vote.offset > kClockTolerance || vote.offset < -kClockTolerance;
}

// The most hosts that agree on another time than ours.
std::vector<Vote> Agreeing(const std::vector<Vote>& votes) {
  std::vector<Vote> best;
  for (std::size_t first = 0; first < votes.size(); ++first) {
    std::vector<Vote> group;
    for (std::size_t i = first; i < votes.size(); ++i) {
      if (votes[i].offset - votes[first].offset > kClockTolerance) break;
      if (IsWrong(votes[i])) group.push_back(votes[i]);
    }
    if (group.size() > best.size()) best = std::move(group);
  }
  return best;
}

// Two that agree, or one and a certificate, and fewer that think as we do.
bool Establishes(const std::vector<Vote>& group, const std::vector<Vote>& votes) {
  const auto with_us =
      std::count_if(votes.begin(), votes.end(), [](const Vote& vote) { return !IsWrong(vote); });
  if (group.empty() || static_cast<std::ptrdiff_t>(group.size()) <= with_us) return false;
  return group.size() > 1 || group.front().by_certificate;
}

std::string Far(Duration offset) {
  const Duration far = offset < Duration::zero() ? -offset : offset;
  const auto hours = std::chrono::floor<std::chrono::hours>(far).count();
  if (hours >= 48) return fmt::format("{} days", hours / 24);
  if (hours >= 2) return fmt::format("{} hours", hours);
  return fmt::format("{} min", std::chrono::floor<std::chrono::minutes>(far).count());
}

void Say(const std::vector<Vote>& group, RunReport& report) {
  const Duration offset = group[group.size() / 2].offset;
  Finding finding = MakeFinding("prober.clock");
  finding.headline = "this machine's clock is wrong";
  finding.fact = fmt::format("{} {} the Date of {}{}", Far(offset),
                             offset > Duration::zero() ? "behind" : "ahead of",
                             Count(group.size(), "relay", "relays"),
                             group.size() == 1 ? ", at whose time its certificate is valid" : "");
  finding.advice = "set the clock and keep it right (NTP)";
  finding.data["offset_s"] = std::chrono::floor<std::chrono::seconds>(offset).count();
  finding.data["relays"] = static_cast<std::int64_t>(group.size());
  report.findings.push_back(std::move(finding));
}

void Excuse(NodeReport& node) {
  std::erase_if(node.findings, [&node](const Finding& finding) {
    if (!finding.data.contains(std::string(kExcusable))) return false;
    for (const AddressFamily family : finding.families) {
      StageResult* cert = StageOf(node, Stage::kCert, family);
      if (cert == nullptr) continue;
      cert->outcome = Outcome::kOk;
      cert->code.clear();
    }
    return true;
  });
}

// The certificate is as bad as it looks: what was measured behind it does not count.
void Uphold(NodeReport& node) {
  bool any_works = false;
  std::set<AddressFamily> bad;
  for (const Finding& finding : node.findings) {
    if (!finding.data.contains(std::string(kExcusable))) continue;
    bad.insert(finding.families.begin(), finding.families.end());
  }
  for (const FamilyTarget& target : node.targets) {
    if (!bad.contains(target.family)) {
      any_works = any_works || Works(node, Stage::kDerp, target.family);
      continue;
    }
    for (const Stage stage : {Stage::kHttp, Stage::kDerp}) {
      NotReached(StageOf(node, stage, target.family), Stage::kCert);
    }
  }
  if (any_works) return;
  std::erase_if(node.findings, [](const Finding& finding) {
    const bool behind = finding.stage >= Stage::kHttp && finding.stage <= Stage::kMesh;
    return behind || finding.stage == Stage::kLatency || finding.stage == Stage::kWs ||
           finding.code == "cert.meta_missing" || finding.code == "cert.meta_differs";
  });
  for (const Stage stage : {Stage::kRelay, Stage::kLatency, Stage::kWs}) {
    NotReached(StageOf(node, stage, {}), Stage::kCert);
  }
}

}  // namespace

void JudgeClock(RunReport& report) {
  const std::vector<Vote> votes = Votes(report);
  const std::vector<Vote> group = Agreeing(votes);
  const bool established = Establishes(group, votes);
  if (established) Say(group, report);
  for (NodeReport& node : report.nodes) {
    if (Excusable(node) == nullptr) continue;
    const bool agrees = std::any_of(group.begin(), group.end(), [&node](const Vote& vote) {
      return vote.host == HostOf(node);
    });
    if (established && agrees) {
      Excuse(node);
    } else {
      Uphold(node);
    }
  }
}

}  // namespace derp::diagnosis
