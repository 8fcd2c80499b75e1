#include "derpprobe/report/json_report.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <nlohmann/json.hpp>

#include "common/base/text.h"
#include "common/cli/version.h"

namespace derp::probe {
namespace {

using diagnosis::Finding;
using diagnosis::MeshDirection;
using diagnosis::NodeReport;
using diagnosis::Outcome;
using diagnosis::RunReport;
using diagnosis::Stage;
using diagnosis::StageResult;
using diagnosis::Verdict;
using Json = nlohmann::ordered_json;

// Milliseconds, to the microsecond.
double Millis(Duration duration) {
  return std::round(std::chrono::duration<double, std::micro>(duration).count()) / 1000;
}

Json Millis(const std::optional<Duration>& duration) {
  return duration ? Json(Millis(*duration)) : Json(nullptr);
}

Json Time(const std::optional<WallTime>& time) {
  return time ? Json(FormatRfc3339(*time)) : Json(nullptr);
}

// Null stands for "none" where an empty text would look like a name.
Json Text(std::string_view text) {
  return text.empty() ? Json(nullptr) : Json(PrintablePeerText(text));
}

Json Family(const std::optional<AddressFamily>& family) {
  return family ? Json(FamilyName(*family)) : Json(nullptr);
}

Json Address(const std::optional<SocketAddress>& address) {
  return address ? Json(address->ToString()) : Json(nullptr);
}

bool Ran(Outcome outcome) {
  return outcome != Outcome::kSkipped && outcome != Outcome::kNotReached;
}

Json StageObject(const StageResult& result) {
  Json out = {{"stage", StageName(result.stage)},
              {"family", Family(result.family)},
              {"outcome", OutcomeName(result.outcome)},
              {"duration_ms", nullptr}};
  const bool measured = Ran(result.outcome) && result.duration > Duration::zero();
  if (measured) out["duration_ms"] = Millis(result.duration);
  if (!result.code.empty()) out["code"] = result.code;
  if (!result.reason.empty()) out["reason"] = result.reason;
  if (result.after) out["after"] = StageName(*result.after);
  return out;
}

Json TargetObject(const diagnosis::FamilyTarget& target) {
  return {
      {"family", FamilyName(target.family)},    {"derp_address", Address(target.derp)},
      {"stun_address", Address(target.stun)},   {"tcp_rtt_ms", Millis(target.tcp_rtt)},
      {"stun_rtt_ms", Millis(target.stun_rtt)}, {"mapped_address", Address(target.stun_mapped)}};
}

Json NodeObject(const NodeReport& node) {
  Json out = {{"region", Text(node.region)},
              {"region_id", node.region_id},
              {"node", Text(node.node)},
              {"host", Text(node.host)},
              {"port", node.derp_port},
              {"verdict", VerdictName(node.verdict)},
              {"duration_ms", Millis(node.took)},
              {"stages", Json::array()},
              {"targets", Json::array()},
              {"relay_family", Family(node.relay_family)},
              {"relay_rtt_ms", Millis(node.relay_rtt)},
              {"stun_rtt_ms", Millis(node.StunRtt())},
              {"cert_days_left", nullptr},
              {"cert_not_after", Time(node.cert_not_after)},
              {"clock_offset_ms", Millis(node.clock_offset)},
              {"server_key", Text(node.server_key)}};
  if (node.cert_days_left) out["cert_days_left"] = *node.cert_days_left;
  for (const StageResult& result : node.stages) out["stages"].push_back(StageObject(result));
  for (const auto& target : node.targets) out["targets"].push_back(TargetObject(target));
  return out;
}

Json DataObject(const std::map<std::string, diagnosis::DataValue>& data) {
  Json out = Json::object();
  for (const auto& [name, value] : data) {
    std::visit([&out, &name = name](const auto& held) { out[name] = held; }, value);
  }
  return out;
}

Json FindingObject(const Finding& finding, const std::optional<FindingHistory>& history) {
  Json out = {{"code", finding.code},
              {"severity", SeverityName(finding.severity)},
              {"stage", StageName(finding.stage)},
              {"region", Text(finding.region)},
              {"region_id", nullptr},
              {"node", Text(finding.node)},
              {"peers", Json::array()},
              {"families", Json::array()},
              {"headline", finding.headline},
              {"where", finding.where.empty() ? Json(nullptr) : Json(finding.where)},
              {"fact", finding.fact},
              {"advice", finding.advice},
              {"not_reached", Json::array()},
              {"since", nullptr},
              {"rounds", nullptr},
              {"data", DataObject(finding.data)}};
  if (!finding.region.empty()) out["region_id"] = finding.region_id;
  for (const std::string& peer : finding.peers) out["peers"].push_back(PrintablePeerText(peer));
  for (const AddressFamily family : finding.families) {
    out["families"].push_back(FamilyName(family));
  }
  for (const Stage stage : finding.not_reached) out["not_reached"].push_back(StageName(stage));
  if (history) {
    out["since"] = FormatRfc3339(history->since);
    out["rounds"] = history->rounds;
  }
  return out;
}

// Two nodes of a region between which packets were, or should have been, sent.
Json DirectionObject(const NodeReport& from, const NodeReport& to, const MeshDirection* measured) {
  Json out = {{"region", Text(from.region)}, {"region_id", from.region_id},
              {"from", Text(from.node)},     {"to", Text(to.node)},
              {"outcome", nullptr},          {"rtt_ms", nullptr},
              {"first_ms", nullptr},         {"sent", nullptr},
              {"received", nullptr}};
  if (measured != nullptr) {
    out["outcome"] = OutcomeName(measured->outcome);
    out["rtt_ms"] = Millis(measured->rtt);
    out["first_ms"] = Millis(measured->first);
    out["sent"] = measured->sent;
    out["received"] = measured->received;
    if (!measured->code.empty()) out["code"] = measured->code;
    return out;
  }
  // One end never logged in: its mesh stage says why.
  for (const NodeReport* end : {&from, &to}) {
    const StageResult* stage = end->Find(Stage::kMesh, {});
    if (stage == nullptr || Ran(stage->outcome)) continue;
    out["outcome"] = OutcomeName(stage->outcome);
    if (!stage->reason.empty()) out["reason"] = stage->reason;
    if (stage->after) out["after"] = StageName(*stage->after);
    if (stage->outcome == Outcome::kNotReached) break;
  }
  if (out["outcome"].is_null()) out["outcome"] = OutcomeName(Outcome::kNotReached);
  return out;
}

bool AskedForMesh(const NodeReport& node) {
  const StageResult* stage = node.Find(Stage::kMesh, {});
  return !node.stun_only && stage != nullptr && stage->outcome != Outcome::kSkipped;
}

Json MeshArray(const RunReport& report) {
  std::map<std::int64_t, std::vector<const NodeReport*>> members;
  for (const NodeReport& node : report.nodes) {
    if (!node.stun_only) members[node.region_id].push_back(&node);
  }
  using Pair = std::pair<std::string_view, std::string_view>;
  std::map<std::int64_t, std::map<Pair, const MeshDirection*>> measured;
  for (const auto& mesh : report.meshes) {
    for (const MeshDirection& direction : mesh.directions) {
      measured[mesh.region_id][{direction.from, direction.to}] = &direction;
    }
  }
  Json out = Json::array();
  for (const auto& region : report.regions) {
    const auto& nodes = members[region.region_id];
    for (const NodeReport* from : nodes) {
      for (const NodeReport* to : nodes) {
        if (from == to || (!AskedForMesh(*from) && !AskedForMesh(*to))) continue;
        const auto& known = measured[region.region_id];
        const auto found = known.find({from->node, to->node});
        out.push_back(DirectionObject(*from, *to, found == known.end() ? nullptr : found->second));
      }
    }
  }
  return out;
}

template <typename Pair>
Json PairHead(const Pair& pair) {
  return {{"region", Text(pair.region)},
          {"region_id", pair.region_id},
          {"from", Text(pair.from)},
          {"to", Text(pair.to)},
          {"outcome", OutcomeName(pair.outcome)}};
}

template <typename Pair>
void AddPairEnd(const Pair& pair, Json& out) {
  out["error"] = Text(pair.error);
  if (!pair.code.empty()) out["code"] = pair.code;
}

Json TransferArray(const RunReport& report) {
  Json all = Json::array();
  for (const auto& transfer : report.transfers) {
    Json out = PairHead(transfer);
    out["over_tun"] = transfer.over_tun;
    out["size_bytes"] = transfer.size;
    out["received_bytes"] = transfer.received;
    out["transfer_ms"] = Millis(transfer.transfer);
    out["duration_ms"] = Millis(transfer.took);
    out["bits_per_second"] =
        transfer.bits_per_second ? Json(std::round(*transfer.bits_per_second)) : Json(nullptr);
    AddPairEnd(transfer, out);
    all.push_back(std::move(out));
  }
  return all;
}

Json QueueArray(const RunReport& report) {
  Json all = Json::array();
  for (const auto& queue : report.queues) {
    Json out = PairHead(queue);
    out["received"] = queue.received;
    out["lost"] = queue.lost;
    out["duration_ms"] = Millis(queue.took);
    out["p50_ms"] = Millis(queue.p50);
    out["p99_ms"] = Millis(queue.p99);
    out["max_ms"] = Millis(queue.most);
    AddPairEnd(queue, out);
    all.push_back(std::move(out));
  }
  return all;
}

Json MapObject(const ReportFacts& facts) {
  Json sources = Json::array();
  for (const ReportedSource& source : facts.sources) {
    Json out = {{"url", PrintablePeerText(source.url)},
                {"fetched", Time(source.fetched)},
                {"age_s", nullptr},
                {"error", Text(source.failure)}};
    if (source.fetched) {
      const auto age = std::chrono::floor<std::chrono::seconds>(facts.time - *source.fetched);
      out["age_s"] = std::max<std::int64_t>(0, age.count());
    }
    sources.push_back(std::move(out));
  }
  return {
      {"sources", std::move(sources)}, {"regions", facts.map_regions}, {"nodes", facts.map_nodes}};
}

// The worst of the nodes; nothing to judge is unknown.
Verdict Overall(const RunReport& report) {
  Verdict worst = report.nodes.empty() ? Verdict::kUnknown : Verdict::kUsable;
  for (const NodeReport& node : report.nodes) {
    if (Badness(node.verdict) > Badness(worst)) worst = node.verdict;
  }
  return worst;
}

Json CountsObject(const diagnosis::Counts& counts) {
  return {{"usable", counts.usable},
          {"impaired", counts.impaired},
          {"unusable", counts.unusable},
          {"unknown", counts.unknown},
          {"errors", counts.errors},
          {"warnings", counts.warnings},
          {"infos", counts.infos},
          {"mesh_working", counts.mesh_working},
          {"mesh_directions", counts.mesh_directions}};
}

Json RegionArray(const RunReport& report) {
  Json out = Json::array();
  for (const auto& region : report.regions) {
    out.push_back({{"region", Text(region.region)},
                   {"region_id", region.region_id},
                   {"name", Text(region.name)},
                   {"verdict", VerdictName(region.verdict)}});
  }
  return out;
}

Json Head(std::string_view schema, const ReportFacts& facts) {
  return {{"schema", schema},
          {"tool_version", cli::Version()},
          {"time", FormatRfc3339(facts.time)},
          {"vantage", Text(facts.vantage)}};
}

// What every document says before its nodes.
void AddSummary(const RunReport& report, const ReportFacts& facts, Json& out) {
  out["map"] = MapObject(facts);
  out["verdict"] = VerdictName(Overall(report));
  if (facts.exit) out["exit"] = *facts.exit;
  out["counts"] = CountsObject(report.counts);
  out["regions"] = RegionArray(report);
}

void AddPairs(const RunReport& report, Json& out) {
  out["mesh"] = MeshArray(report);
  out["bandwidth"] = TransferArray(report);
  out["queue"] = QueueArray(report);
}

Json NodeArray(const RunReport& report) {
  Json out = Json::array();
  for (const NodeReport& node : report.nodes) out.push_back(NodeObject(node));
  return out;
}

Json PastObject(const Past* past) {
  if (past == nullptr) return nullptr;
  Json out = {{"availability_ratio", nullptr},
              {"observed_s", std::chrono::floor<std::chrono::seconds>(past->observed).count()}};
  if (past->availability) out["availability_ratio"] = *past->availability;
  return out;
}

// What other machines sent may be no UTF-8; it is shown, never fatal.
std::string Dump(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string OnceJson(const RunReport& report, const ReportFacts& facts) {
  Json out = Head("derpprobe.once/1", facts);
  out["duration_ms"] = Millis(facts.took);
  AddSummary(report, facts, out);
  out["nodes"] = NodeArray(report);
  AddPairs(report, out);
  out["findings"] = Json::array();
  for (const Finding& finding : report.findings) {
    out["findings"].push_back(FindingObject(finding, std::nullopt));
  }
  return Dump(out, 2);
}

std::string OnceJsonLines(const RunReport& report, const ReportFacts& facts) {
  using Place = std::pair<std::int64_t, std::string>;
  std::map<Place, Json> of_nodes;
  for (const NodeReport& node : report.nodes) {
    of_nodes[{node.region_id, node.node}] = Json::array();
  }
  Json others = Json::array();
  for (const Finding& finding : report.findings) {
    const auto found = of_nodes.find({finding.region_id, finding.node});
    Json& list = found == of_nodes.end() ? others : found->second;
    list.push_back(FindingObject(finding, std::nullopt));
  }
  std::string text;
  for (const NodeReport& node : report.nodes) {
    Json line = Head("derpprobe.node/1", facts);
    line.update(NodeObject(node));
    line["findings"] = of_nodes[{node.region_id, node.node}];
    text += Dump(line, -1);
  }
  Json run = Head("derpprobe.run/1", facts);
  run["duration_ms"] = Millis(facts.took);
  AddSummary(report, facts, run);
  AddPairs(report, run);
  run["findings"] = std::move(others);
  return text + Dump(run, -1);
}

std::string StatusJson(const RunReport& report, const ReportFacts& facts,
                       const ServiceFacts& service) {
  Json out = Head("derpprobe.status/1", facts);
  out["last_result"] = Time(service.last_result);
  out["interval_ms"] = Millis(service.interval);
  out["nodes_done"] = service.nodes_done;
  AddSummary(report, facts, out);
  for (std::size_t i = 0; i < report.regions.size(); ++i) {
    out["regions"][i]["past"] =
        PastObject(service.region_past ? service.region_past(report.regions[i]) : nullptr);
  }
  out["nodes"] = NodeArray(report);
  for (std::size_t i = 0; i < report.nodes.size(); ++i) {
    out["nodes"][i]["past"] =
        PastObject(service.node_past ? service.node_past(report.nodes[i]) : nullptr);
  }
  AddPairs(report, out);
  out["findings"] = Json::array();
  for (const Finding& finding : report.findings) {
    out["findings"].push_back(
        FindingObject(finding, service.history ? service.history(finding) : std::nullopt));
  }
  out["transitions"] = Json::array();
  for (const ReportedTransition& transition : service.transitions) {
    out["transitions"].push_back({{"at", FormatRfc3339(transition.at)},
                                  {"place", Text(transition.place)},
                                  {"text", PrintablePeerText(transition.text)},
                                  {"state", VerdictName(transition.state)}});
  }
  return Dump(out, 2);
}

}  // namespace derp::probe
