#include <algorithm>
#include <array>
#include <functional>

#include <fmt/format.h>

#include "common/base/text.h"
#include "common/diagnosis/catalogue.h"
#include "common/diagnosis/judgement.h"
#include "common/diagnosis/units.h"

namespace derp::diagnosis {

namespace {

constexpr double kMostLost = 0.01;
constexpr std::size_t kPairsInFact = 3;
// The codes of each stage in the order in which they win (rule 6).
constexpr std::array<std::string_view, 2> kBandwidthCodes = {"bandwidth.failed", "bandwidth.low"};
constexpr std::array<std::string_view, 3> kQueueCodes = {"queue.failed", "queue.delay",
                                                         "queue.loss"};

const NodeReport* FindNode(const RunReport& report, std::int64_t region, std::string_view name) {
  for (const NodeReport& node : report.nodes) {
    if (node.region_id == region && node.node == name) return &node;
  }
  return nullptr;
}

// Why packets could not pass from one node to another at all, whatever their number.
std::optional<Stage> Cause(const RunReport& report, std::int64_t region, const std::string& from,
                           const std::string& to) {
  for (const std::string& name : {from, to}) {
    const NodeReport* node = FindNode(report, region, name);
    if (node == nullptr) continue;
    if (const auto stage = StoppedAt(*node)) return stage;
  }
  for (const MeshReport& mesh : report.meshes) {
    const MeshDirection* direction = mesh.region_id == region ? mesh.Find(from, to) : nullptr;
    if (direction != nullptr && direction->outcome == Outcome::kFail) return Stage::kMesh;
  }
  return std::nullopt;
}

std::optional<std::string> Untested(const RunReport& report, std::int64_t region,
                                    const std::string& from, const std::string& to) {
  for (const std::string& name : {from, to}) {
    const NodeReport* node = FindNode(report, region, name);
    if (node == nullptr) continue;
    if (auto reason = UntestedReason(*node)) return reason;
  }
  return std::nullopt;
}

// What one pair told, whichever of the two stages it belongs to.
struct PairWord {
  std::string from;
  std::string to;
  std::int64_t region_id = 0;
  Outcome outcome = Outcome::kOk;
  std::string code;
  std::optional<Stage> after;  // not reached
  std::string reason;          // skipped
  std::string fact;
  Duration took{};
};

// Sets outcome and code of a pair's report, and gives its word.
template <typename Report>
PairWord Word(const RunReport& run, Report& report, const std::function<void(PairWord&)>& judge) {
  PairWord word;
  word.from = report.from;
  word.to = report.to;
  word.region_id = report.region_id;
  word.took = report.took;
  if (!report.skipped.empty()) {
    word.outcome = Outcome::kSkipped;
    word.reason = report.skipped;
    word.code = report.code;
  } else if (const auto cause = Cause(run, report.region_id, report.from, report.to)) {
    word.outcome = Outcome::kNotReached;
    word.after = cause;
  } else if (auto reason = Untested(run, report.region_id, report.from, report.to)) {
    word.outcome = Outcome::kSkipped;
    word.reason = std::move(*reason);
  } else {
    judge(word);
  }
  report.outcome = word.outcome;
  report.code = word.code;
  return word;
}

void Say(PairWord& word, std::string_view code, std::string fact) {
  word.code = code;
  word.outcome = MakeFinding(code).severity == Severity::kError ? Outcome::kFail : Outcome::kWarn;
  word.fact = std::move(fact);
}

std::string Megabits(double bits_per_second) {
  return fmt::format("{:.3g} Mbit/s", bits_per_second / 1e6);
}

void JudgeTransfer(const TransferReport& transfer, const PairsAsked& asked, PairWord& word) {
  if (!transfer.error.empty()) {
    Say(word, "bandwidth.failed",
        fmt::format("{} of {} bytes in {}: {}", transfer.received, transfer.size,
                    ShortDuration(transfer.took), PrintablePeerText(transfer.error)));
  } else if (asked.bw_min > 0 && transfer.bits_per_second &&
             *transfer.bits_per_second < static_cast<double>(asked.bw_min)) {
    Say(word, "bandwidth.low",
        fmt::format("{}, asked for are {}", Megabits(*transfer.bits_per_second),
                    Megabits(static_cast<double>(asked.bw_min))));
  }
}

void JudgeQueue(const QueueReport& queue, const PairsAsked& asked, PairWord& word) {
  const std::uint64_t sent = queue.received + queue.lost;
  const double lost = sent == 0 ? 0 : static_cast<double>(queue.lost) / static_cast<double>(sent);
  if (!queue.error.empty()) {
    Say(word, "queue.failed", PrintablePeerText(queue.error));
  } else if (asked.qd_max > Duration::zero() && queue.p99 && *queue.p99 > asked.qd_max) {
    Say(word, "queue.delay",
        fmt::format("the 99th percentile is {}, the median {}; asked for are {}",
                    Milliseconds(*queue.p99), Milliseconds(queue.p50.value_or(*queue.p99)),
                    Milliseconds(asked.qd_max)));
  } else if (lost > kMostLost) {
    Say(word, "queue.loss",
        fmt::format("{} of {} packets lost ({:.1f} %)", queue.lost, sent, lost * 100));
  } else if (sent == 0) {
    word.outcome = Outcome::kSkipped;
    word.reason = "no packet yet";
  }
}

// The words for a reader of a finding.
struct Wording {
  std::string_view headline;  // "{} → {}" comes before
  std::string_view advice;
};

Wording WordingOf(std::string_view code) {
  if (code == "bandwidth.failed") {
    return {"does not carry a large transfer", "look at the relays' limits and drop counters"};
  }
  if (code == "bandwidth.low") {
    return {"is slower than asked for", "look at the line and the relays' limits"};
  }
  if (code == "queue.failed") {
    return {"does not keep a steady stream", "look at the relays' logs and limits"};
  }
  if (code == "queue.delay") {
    return {"lets packets wait", "look at the relays' load"};
  }
  return {"loses packets", "look at the relays' drop counters and at the line"};
}

std::string Names(const std::vector<const PairWord*>& pairs) {
  std::vector<std::string> names;
  for (const PairWord* pair : pairs) names.push_back(pair->to);
  return fmt::format("{}", fmt::join(names, ", "));
}

// One finding for a sender: the code that wins, with the receivers it concerns.
Finding SenderFinding(const NodeReport& node, std::string_view code,
                      const std::vector<const PairWord*>& pairs) {
  const Wording wording = WordingOf(code);
  Finding finding = MakeFinding(code);
  finding.region = node.region;
  finding.region_id = node.region_id;
  finding.node = node.node;
  finding.headline = fmt::format("{} → {} {}", node.node, Names(pairs), wording.headline);
  finding.advice = wording.advice;
  for (const PairWord* pair : pairs) {
    if (pair->to != node.node) finding.peers.push_back(pair->to);
  }
  for (std::size_t i = 0; i < std::min(pairs.size(), kPairsInFact); ++i) {
    if (i > 0) finding.fact += "; ";
    if (pairs.size() > 1) finding.fact += fmt::format("to {}: ", pairs[i]->to);
    finding.fact += pairs[i]->fact;
  }
  if (pairs.size() > kPairsInFact) {
    finding.fact += fmt::format("; and {} more", pairs.size() - kPairsInFact);
  }
  finding.data["pairs"] = static_cast<std::int64_t>(pairs.size());
  return finding;
}

int Rank(Outcome outcome) {
  constexpr std::array kOrder = {Outcome::kSkipped, Outcome::kNotReached, Outcome::kOk,
                                 Outcome::kWarn, Outcome::kFail};
  return static_cast<int>(std::find(kOrder.begin(), kOrder.end(), outcome) - kOrder.begin());
}

// The sender's stage, and its finding if it has one.
template <std::size_t count>
void RecordSender(NodeReport& node, Stage stage, const std::vector<PairWord>& words,
                  const std::array<std::string_view, count>& codes) {
  StageResult result{stage, {}, Outcome::kSkipped, {}, {}, "not measured yet", {}};
  if (node.stun_only) result.reason = "STUNOnly";
  if (const auto after = StoppedAt(node)) {
    result = {stage, {}, Outcome::kNotReached, {}, {}, {}, after};
  } else if (auto reason = UntestedReason(node)) {
    result.reason = std::move(*reason);
  }
  std::vector<const PairWord*> own;
  for (const PairWord& word : words) {
    if (word.region_id != node.region_id || word.from != node.node) continue;
    own.push_back(&word);
    if (Rank(word.outcome) < Rank(result.outcome)) continue;
    result.outcome = word.outcome;
    result.reason = word.reason;
    result.after = word.after;
  }
  for (const PairWord* word : own) {
    const bool ran = Rank(word->outcome) >= Rank(Outcome::kOk);
    if (ran) result.duration = std::max(result.duration, word->took);
  }
  for (const std::string_view code : codes) {
    std::vector<const PairWord*> concerned;
    for (const PairWord* word : own) {
      if (word->code == code) concerned.push_back(word);
    }
    if (concerned.empty()) continue;
    if (result.code.empty()) {
      result.code = code;
      node.findings.push_back(SenderFinding(node, code, concerned));
    } else {
      node.findings.back().data["also"] = fmt::format("{} to {}", code, Names(concerned));
    }
  }
  node.stages.push_back(std::move(result));
}

// The prober's own trouble, said once.
void NoteTun(RunReport& report) {
  for (const TransferReport& transfer : report.transfers) {
    if (transfer.code != "prober.tun") continue;
    report.findings.push_back(MakeFinding(
        "prober.tun", "bandwidth over TUN cannot be measured from here", transfer.skipped,
        "give the prober CAP_NET_ADMIN and /dev/net/tun, or leave -bw-tun-ipv4-addr "
        "out"));
    return;
  }
}

}  // namespace

std::optional<Stage> StoppedAt(const NodeReport& node) {
  const StageResult* relay = node.Find(Stage::kRelay, {});
  if (relay != nullptr && relay->outcome == Outcome::kFail && relay->code != "relay.idle_cut") {
    return Stage::kRelay;
  }
  if (relay != nullptr && relay->outcome == Outcome::kNotReached) return relay->after;
  if (relay != nullptr && relay->outcome != Outcome::kSkipped) return std::nullopt;
  // Nobody looked further than the certificate: a family that got so far serves.
  for (const Stage stage : {Stage::kMap, Stage::kDns, Stage::kTcp, Stage::kTls, Stage::kCert}) {
    bool serves = false;
    bool fails = false;
    for (const StageResult& result : node.stages) {
      if (result.stage != stage) continue;
      const CatalogueEntry* entry = FindEntry(result.code);
      const bool stops =
          result.outcome == Outcome::kFail && (entry == nullptr || !HiddenStages(*entry).empty());
      fails = fails || stops;
      serves = serves || result.outcome == Outcome::kOk || result.outcome == Outcome::kWarn ||
               (result.outcome == Outcome::kFail && !stops);
    }
    if (fails && !serves) return stage;
  }
  return std::nullopt;
}

std::optional<std::string> UntestedReason(const NodeReport& node) {
  const StageResult* relay = node.Find(Stage::kRelay, {});
  if (relay == nullptr || relay->outcome != Outcome::kSkipped) return std::nullopt;
  if (relay->reason == kNotAskedReason) return std::nullopt;
  return relay->reason;
}

void JudgePairs(RunReport& report, const PairsAsked& asked) {
  std::vector<PairWord> transfers;
  for (TransferReport& transfer : report.transfers) {
    transfers.push_back(
        Word(report, transfer, [&](PairWord& word) { JudgeTransfer(transfer, asked, word); }));
  }
  std::vector<PairWord> queues;
  for (QueueReport& queue : report.queues) {
    queues.push_back(Word(report, queue, [&](PairWord& word) { JudgeQueue(queue, asked, word); }));
  }
  NoteTun(report);
  for (NodeReport& node : report.nodes) {
    if (asked.bandwidth) RecordSender(node, Stage::kBandwidth, transfers, kBandwidthCodes);
    if (asked.queue) RecordSender(node, Stage::kQueue, queues, kQueueCodes);
  }
}

}  // namespace derp::diagnosis
