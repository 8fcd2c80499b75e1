#include "derpprobe/report/run_metrics.h"

#include <set>

#include <fmt/format.h>

#include "common/cli/version.h"

namespace derp::probe {
namespace {

using diagnosis::NodeReport;
using diagnosis::Outcome;
using diagnosis::StageResult;
using diagnosis::Verdict;
using metrics::Family;
using metrics::Kind;
using metrics::Labels;

double Seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

// 1 ok, 0.5 warn, 0 fail; nothing for what did not run.
std::optional<double> Value(Outcome outcome) {
  switch (outcome) {
    case Outcome::kOk:
      return 1;
    case Outcome::kWarn:
      return 0.5;
    case Outcome::kFail:
      return 0;
    case Outcome::kSkipped:
    case Outcome::kNotReached:
      return std::nullopt;
  }
  return std::nullopt;
}

Labels NodeLabels(const NodeReport& node) {
  return {{"node", node.node},
          {"region", node.region},
          {"region_id", fmt::format("{}", node.region_id)}};
}

Labels StageLabels(const NodeReport& node, const StageResult& result) {
  return {{"family", result.family ? std::string(FamilyName(*result.family)) : ""},
          {"node", node.node},
          {"region", node.region},
          {"region_id", fmt::format("{}", node.region_id)},
          {"stage", std::string(StageName(result.stage))}};
}

}  // namespace

void AddRunMetrics(const diagnosis::RunReport& report, std::vector<Family>& families) {
  Family result{"derpprobe_stage_result",
                Kind::kGauge,
                "1 ok, 0.5 warn, 0 fail; absent when skipped or not reached.",
                {}};
  Family duration{"derpprobe_stage_duration_seconds",
                  Kind::kGauge,
                  "Time the stage took in the last walk.",
                  {}};
  Family usable{"derpprobe_node_usable",
                Kind::kGauge,
                "1 when a client could use the node, 0 when not; absent when unknown.",
                {}};
  Family not_after{"derpprobe_tls_cert_not_after_secs",
                   Kind::kGauge,
                   "Unix time at which the node's certificate ends.",
                   {}};
  Family meta{"derpprobe_tls_meta_cert",
              Kind::kGauge,
              "1, labelled with the protocol version of the relay's meta certificate.",
              {}};
  for (const NodeReport& node : report.nodes) {
    for (const StageResult& stage : node.stages) {
      const auto value = Value(stage.outcome);
      if (!value) continue;
      result.samples.push_back({StageLabels(node, stage), *value, {}});
      if (stage.duration <= Duration::zero()) continue;  // the map's own fault takes no time
      duration.samples.push_back({StageLabels(node, stage), Seconds(stage.duration), {}});
    }
    if (node.verdict != Verdict::kUnknown) {
      const bool serves = node.verdict != Verdict::kUnusable;
      usable.samples.push_back({NodeLabels(node), serves ? 1.0 : 0.0, {}});
    }
    if (node.cert_not_after) {
      not_after.samples.push_back(
          {NodeLabels(node), static_cast<double>(UnixSeconds(*node.cert_not_after)), {}});
    }
    if (node.meta_version) {
      Labels labels = NodeLabels(node);
      labels.emplace_back("version", fmt::format("{}", *node.meta_version));
      meta.samples.push_back({std::move(labels), 1, {}});
    }
  }
  Family finding{"derpprobe_finding", Kind::kGauge, "1 while the finding stands.", {}};
  std::set<Labels> seen;  // Two findings may differ in their peers only.
  for (const diagnosis::Finding& standing : report.findings) {
    Labels labels = {{"code", standing.code},
                     {"node", standing.node},
                     {"region", standing.region},
                     {"region_id", fmt::format("{}", standing.region_id)},
                     {"severity", std::string(SeverityName(standing.severity))}};
    if (seen.insert(labels).second) finding.samples.push_back({std::move(labels), 1, {}});
  }
  Family build{"derpprobe_build_info",
               Kind::kGauge,
               "1, labelled with the version.",
               {{{{"version", cli::Version()}}, 1, {}}}};
  for (Family* family : {&result, &duration, &usable, &not_after, &meta, &finding, &build}) {
    families.push_back(std::move(*family));
  }
}

}  // namespace derp::probe
